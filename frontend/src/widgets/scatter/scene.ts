/** The points as typed arrays: where they are, how they look, which are selected. */
import { float32, int32, uint32 } from "../../lib/bytes";
import { EASE_LIMIT, Motion, mixArrays } from "../../lib/easing";
import { type Grouping, group, NO_GROUPS } from "../../lib/groups";
import { categoryColour, categoryShape, rampTable, robustRange } from "../../lib/palette";
import { SELECTED, VISIBLE } from "./points";
import type { ColourBy, ScatterModel } from "./traits";

const NO_POSITIONS = new Float32Array(0);

export class Scene {
  /** Where the points come from and where they go, x and y interleaved. */
  from: Float32Array = NO_POSITIONS;
  to: Float32Array = NO_POSITIONS;
  visible = new Uint8Array(0);
  style = new Uint8Array(0);
  grouping: Grouping = NO_GROUPS;
  colourBy: ColourBy = "none";
  range = { low: 0, high: 0, clipped: false };
  errors: Float32Array = NO_POSITIONS;
  selection = new Uint32Array(0);

  readonly motion = new Motion();

  constructor(private readonly model: ScatterModel) {}

  get count(): number {
    return this.to.length / 2;
  }

  /** Take over the frame in the model, from wherever the points are now. */
  readFrame(now: number, animate: boolean): void {
    const next = float32(this.model.get("positions"));
    const t = this.motion.progress(now);
    const ease = animate && next.length === this.to.length && this.count <= EASE_LIMIT;
    if (!ease) {
      this.from = next;
    } else if (t >= 1) {
      this.from = this.to;
    } else {
      const present = new Float32Array(next.length);
      mixArrays(this.from, this.to, t, present);
      this.from = present;
    }
    this.to = next;
    this.errors = float32(this.model.get("errors"));
    if (ease) this.motion.begin(now);
    else this.motion.end();
  }

  /** What the points can be coloured by; clusters are worked out once they are asked for. */
  choices(): ColourBy[] {
    const choices: ColourBy[] = [];
    if (this.given("labels")) choices.push("label");
    if (this.given("classes")) choices.push("class");
    choices.push("error", "cluster", "none");
    return choices;
  }

  /** Whether there is a value for each point. */
  private given(name: "labels" | "classes" | "errors" | "clusters"): boolean {
    const items = (this.model.get(name)?.byteLength ?? 0) / 4;
    return items > 0 && (this.count === 0 || items === this.count);
  }

  /** Work out groups, visibility and colours anew. */
  restyle(dark: boolean): void {
    this.colourBy = this.coloursShown();
    this.selection = uint32(this.model.get("selection")) as Uint32Array<ArrayBuffer>;
    this.grouping = this.regroup();
    this.visible = new Uint8Array(this.count).fill(1);
    this.style = new Uint8Array(4 * this.count);
    if (this.grouping.groups.length > 0) this.styleByGroup(dark);
    else if (this.colourBy === "error") this.styleByError(dark);
    else this.styleAlike(dark);
    for (const i of this.selection) {
      if (i < this.count) (this.style[4 * i + 3] as number) |= SELECTED;
    }
  }

  /** Where a point is drawn now. */
  at(i: number, now: number): [x: number, y: number] {
    const t = this.motion.progress(now);
    const mix = (k: number): number => {
      const a = this.from[k] as number;
      return a + ((this.to[k] as number) - a) * t;
    };
    return [mix(2 * i), mix(2 * i + 1)];
  }

  labelOf(i: number): string {
    const label = int32(this.model.get("labels"))[i];
    if (label === undefined) return "";
    return label < 0 ? "none" : (this.model.get("label_names")[label] ?? String(label));
  }

  /** What is wanted, or nothing as long as there are no values for it. */
  private coloursShown(): ColourBy {
    const wanted = this.model.get("color_by");
    const values = {
      label: "labels",
      class: "classes",
      error: "errors",
      cluster: "clusters",
    } as const;
    return wanted !== "none" && this.given(values[wanted]) ? wanted : "none";
  }

  private regroup(): Grouping {
    const hidden = new Set(this.model.get("hidden"));
    if (this.colourBy === "label" || this.colourBy === "class") {
      const names = this.model.get("label_names");
      const name = (c: number): string => names[c] ?? String(c);
      const values = this.colourBy === "label" ? "labels" : "classes";
      return group(int32(this.model.get(values)), name, this.colourBy, hidden);
    }
    if (this.colourBy === "cluster") {
      const name = (c: number): string => String(c + 1);
      return group(int32(this.model.get("clusters")), name, "cluster", hidden);
    }
    return NO_GROUPS;
  }

  private styleByGroup(dark: boolean): void {
    const { groups, of } = this.grouping;
    const looks = groups.map((g) => {
      const mark = categoryShape(g.colour) | (g.hidden ? 0 : VISIBLE);
      return [...categoryColour(g.colour, dark), mark] as const;
    });
    for (let i = 0; i < this.count; i++) {
      const look = looks[of[i] as number] as (typeof looks)[number];
      this.paint(i, look[0], look[1], look[2], look[3]);
      this.visible[i] = look[3] & VISIBLE;
    }
  }

  private styleByError(dark: boolean): void {
    const { errors } = this;
    const ramp = rampTable(dark);
    this.range = robustRange(errors);
    const { low, high } = this.range;
    const scale = high > low ? 255 / (high - low) : 0;
    for (let i = 0; i < this.count; i++) {
      const level = ((errors[i] as number) - low) * scale;
      const k = 3 * Math.round(Math.min(Math.max(level || 0, 0), 255));
      this.paint(i, ramp[k] as number, ramp[k + 1] as number, ramp[k + 2] as number, VISIBLE);
    }
  }

  private styleAlike(dark: boolean): void {
    const [red, green, blue] = categoryColour(dark ? 4 : 0, dark);
    for (let i = 0; i < this.count; i++) this.paint(i, red, green, blue, VISIBLE);
  }

  private paint(i: number, red: number, green: number, blue: number, mark: number): void {
    const k = 4 * i;
    this.style[k] = red;
    this.style[k + 1] = green;
    this.style[k + 2] = blue;
    this.style[k + 3] = mark;
  }
}
