/** Geometry of the network drawing. */

export interface Layer {
  readonly name: string;
  readonly size: number;
  readonly activation: string;
  /** How many of its units are in use; all where it is missing. */
  readonly active?: number;
}

export interface Column {
  readonly layer: Layer;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The part of the height that is in use. */
  readonly filled: number;
  readonly isCode: boolean;
}

export interface NetworkLayout {
  readonly columns: readonly Column[];
  /** Polygon points of the connections between neighbouring layers. */
  readonly bands: readonly string[];
  /** Whether there is room for a line of text under each layer. */
  readonly roomy: boolean;
}

const COLUMN_WIDTH = 10;
const SMALLEST = 7;
/** A label of five figures needs this much. */
const ROOM_FOR_TEXT = 31;
/** The longest names of activations need this much, at the ends of the drawing too. */
const LONGEST_NAME = 36;
/** A letter of such a name, at most. */
const LETTER = 5;

/** Lay the layers out in `width` × `height`; a column grows with the logarithm of its size. */
export function layoutNetwork(
  layers: readonly Layer[],
  width: number,
  height: number,
): NetworkLayout {
  const largest = Math.max(2, ...layers.map((l) => l.size));
  const pitch = layers.length > 1 ? (width - LONGEST_NAME) / (layers.length - 1) : 0;
  const columns = layers.map((layer, i): Column => {
    const share = Math.log(Math.max(layer.size, 1)) / Math.log(largest);
    const tall = SMALLEST + (height - SMALLEST) * share;
    const used = (layer.active ?? layer.size) / Math.max(layer.size, 1);
    return {
      layer,
      x: LONGEST_NAME / 2 + i * pitch - COLUMN_WIDTH / 2,
      y: (height - tall) / 2,
      width: COLUMN_WIDTH,
      height: tall,
      filled: tall * Math.min(used, 1),
      isCode: layer.name === "code",
    };
  });
  return {
    columns,
    bands: columns.slice(1).map((c, i) => band(columns[i] as Column, c)),
    roomy: pitch >= ROOM_FOR_TEXT,
  };
}

function band(left: Column, right: Column): string {
  const x0 = left.x + left.width;
  const points = [
    [x0, left.y],
    [right.x, right.y],
    [right.x, right.y + right.height],
    [x0, left.y + left.height],
  ];
  return points
    .map(([x, y]) => `${(x as number).toFixed(1)},${(y as number).toFixed(1)}`)
    .join(" ");
}

/** Whether column `i` has room for its activation beside those of its neighbours. */
export function hasRoom(columns: readonly Column[], i: number): boolean {
  const letters = (c?: Column): number => activationText(c?.layer.activation ?? "").length;
  return [columns[i - 1], columns[i + 1]].every((beside) => {
    const apart = Math.abs((beside?.x ?? Infinity) - (columns[i]?.x ?? 0));
    return ((letters(columns[i]) + letters(beside)) / 2) * LETTER <= apart;
  });
}

/** The name of an activation, in few letters. */
export function activationText(activation: string): string {
  return activation === "leaky_relu" ? "leaky" : activation;
}
