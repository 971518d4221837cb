/** Canvases of items that are images. */
import { element } from "../../dom/element";
import type { ImageShape } from "../../lib/images";

/** Put pixels on a canvas, which keeps the image's own size and is scaled by CSS. */
export function paintImage(
  canvas: HTMLCanvasElement,
  shape: ImageShape,
  ...images: Uint8ClampedArray<ArrayBuffer>[]
): void {
  canvas.width = shape.width;
  canvas.height = shape.height * images.length;
  const context = canvas.getContext("2d");
  for (const [i, pixels] of images.entries()) {
    context?.putImageData(new ImageData(pixels, shape.width, shape.height), 0, i * shape.height);
  }
}

/** A canvas with a caption beneath. */
export function figure(caption: string): {
  node: HTMLElement;
  canvas: HTMLCanvasElement;
  caption: HTMLElement;
} {
  const canvas = element("canvas", "ae-image");
  const text = element("figcaption", "", {}, caption);
  return { node: element("figure", "ae-figure", {}, canvas, text), canvas, caption: text };
}
