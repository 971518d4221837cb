/** Points by WebGL2: one draw call, positions eased on the graphics card. */
import type { Size } from "../../lib/camera";
import type { DrawOptions, PointRenderer } from "./points";
import { FRAGMENT_SHADER, VERTEX_SHADER } from "./shaders";

const UNIFORMS = ["view", "t", "size", "edge", "layer", "fade"] as const;
type Uniform = (typeof UNIFORMS)[number];

/** Which points a pass draws: all, those outside the selection, or those in it. */
const ALL = 0;
const OUTSIDE = 1;
const INSIDE = 2;

export class GlPoints implements PointRenderer {
  readonly canvas = document.createElement("canvas");
  private readonly gl: WebGL2RenderingContext;
  private buffers!: Record<"from" | "to" | "style", WebGLBuffer>;
  private uniforms!: Record<Uniform, WebGLUniformLocation | null>;
  private ratio = 1;
  private count = 0;
  private kept: { from: Float32Array; to: Float32Array; style: Uint8Array } | null = null;

  /**
   * @param restored called when a lost context is back and must be drawn again
   * @throws Error if the browser has no WebGL2
   */
  constructor(private readonly restored: () => void) {
    const gl = this.canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
    if (!gl) throw new Error("WebGL2 is not available");
    this.gl = gl;
    this.canvas.addEventListener("webglcontextlost", this.onLost);
    this.canvas.addEventListener("webglcontextrestored", this.onRestored);
    this.build();
  }

  resize(size: Size, ratio: number): void {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(size.width * ratio));
    this.canvas.height = Math.max(1, Math.round(size.height * ratio));
  }

  setPositions(from: Float32Array, to: Float32Array): void {
    this.count = to.length / 2;
    this.kept = { from, to, style: this.kept?.style ?? new Uint8Array(0) };
    this.upload("to", to);
    // At rest both ends are the same: one upload a frame is enough.
    this.bind("from", from === to ? "to" : "from");
    if (from !== to) this.upload("from", from);
  }

  setStyle(style: Uint8Array): void {
    if (this.kept) this.kept.style = style;
    this.upload("style", style);
  }

  draw({ box, t, diameter, dim, dark }: DrawOptions): void {
    const { gl, uniforms } = this;
    if (gl.isContextLost()) return;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.count === 0) return;
    gl.uniform4f(uniforms.view, box.x0, box.y0, 2 / (box.x1 - box.x0), 2 / (box.y1 - box.y0));
    gl.uniform1f(uniforms.t, t);
    gl.uniform1f(uniforms.size, diameter * this.ratio);
    gl.uniform1f(uniforms.edge, dark ? 0.3 : 0.58);
    for (const layer of dim ? [OUTSIDE, INSIDE] : [ALL]) {
      gl.uniform1i(uniforms.layer, layer);
      gl.uniform1f(uniforms.fade, layer === OUTSIDE ? 0.3 : 0.94);
      gl.drawArrays(gl.POINTS, 0, this.count);
    }
  }

  destroy(): void {
    this.canvas.removeEventListener("webglcontextlost", this.onLost);
    this.canvas.removeEventListener("webglcontextrestored", this.onRestored);
    // Browsers keep some sixteen contexts: give this one back at once.
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  private readonly onLost = (event: Event): void => event.preventDefault();

  private readonly onRestored = (): void => {
    this.build();
    if (this.kept) {
      const { from, to, style } = this.kept;
      this.setPositions(from, to);
      this.setStyle(style);
    }
    this.restored();
  };

  private build(): void {
    const { gl } = this;
    const program = link(gl);
    gl.useProgram(program);
    this.uniforms = Object.fromEntries(
      UNIFORMS.map((name) => [name, gl.getUniformLocation(program, `u_${name}`)]),
    ) as Record<Uniform, WebGLUniformLocation | null>;
    this.buffers = { from: gl.createBuffer(), to: gl.createBuffer(), style: gl.createBuffer() };
    this.bind("from", "from");
    this.bind("to", "to");
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers.style);
    gl.enableVertexAttribArray(2);
    gl.vertexAttribIPointer(2, 4, gl.UNSIGNED_BYTE, 0, 0);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** Let attribute 0 (`from`) or 1 (`to`) read the positions in `buffer`. */
  private bind(attribute: "from" | "to", buffer: "from" | "to"): void {
    const { gl } = this;
    const location = attribute === "from" ? 0 : 1;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[buffer]);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, 2, gl.FLOAT, false, 0, 0);
  }

  private upload(buffer: "from" | "to" | "style", data: Float32Array | Uint8Array): void {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[buffer]);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX_SHADER],
    [gl.FRAGMENT_SHADER, FRAGMENT_SHADER],
  ] as const) {
    const shader = gl.createShader(type) as WebGLShader;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`The scatter's shaders do not link: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}
