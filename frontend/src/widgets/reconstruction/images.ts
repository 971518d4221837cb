/** Canvases of items that are images. */
import { element } from "../../dom/element";
import type { ImageShape } from "../../lib/images";

/** Put images on a canvas, one beneath the other, which is scaled by CSS. */
export function paintImage(
  canvas: HTMLCanvasElement,
  shape: ImageShape,
  ...images: Uint8ClampedArray<ArrayBuffer>[]
): void {
  canvas.width = shape.width;
  // So far apart that two of them never read as one.
  const step = shape.height + Math.max(1, Math.round(shape.height / 10));
  canvas.height = step * (images.length - 1) + shape.height;
  const context = canvas.getContext("2d");
  for (const [i, pixels] of images.entries()) {
    context?.putImageData(new ImageData(pixels, shape.width, shape.height), 0, i * step);
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
