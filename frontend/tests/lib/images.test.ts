import { expect, test } from "vitest";
import {
  amplitude,
  imageShape,
  markFilled,
  residualRgba,
  sheetTile,
  toRgba,
} from "../../src/lib/images";
import { diverging } from "../../src/lib/palette";

test("shapes of images, and what is none", () => {
  expect(imageShape([8, 8])).toEqual({ height: 8, width: 8, channels: 1 });
  expect(imageShape([4, 5, 3])).toEqual({ height: 4, width: 5, channels: 3 });
  expect(imageShape([4, 5, 2])).toBeNull();
  expect(imageShape([])).toBeNull();
});

test("grey values go from black to white and are cut off there", () => {
  const shape = { height: 1, width: 3, channels: 1 };
  expect([...toRgba([0, 8, 99], shape, 0, 16)]).toEqual([
    0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255,
  ]);
});

test("colours and transparency keep their channels", () => {
  const colour = { height: 1, width: 1, channels: 3 };
  expect([...toRgba([1, 0, 0.2], colour, 0, 1)]).toEqual([255, 0, 51, 255]);
  const glass = { height: 1, width: 1, channels: 4 };
  expect([...toRgba([1, 0, 0, 0.2], glass, 0, 1)]).toEqual([255, 0, 0, 51]);
});

test("a constant image is black, not undefined", () => {
  expect([...toRgba([3], { height: 1, width: 1, channels: 1 }, 3, 3)]).toEqual([0, 0, 0, 255]);
});

test("residuals are symmetric about the paper's colour", () => {
  const shape = { height: 1, width: 3, channels: 1 };
  const rgba = residualRgba(Float32Array.of(-2, 0, 2), shape, 2, false);
  expect([...rgba.slice(0, 3)]).toEqual([...diverging(-1, false)]);
  expect([...rgba.slice(4, 7)]).toEqual([...diverging(0, false)]);
  expect([...rgba.slice(8, 11)]).toEqual([...diverging(1, false)]);
});

test("the residual of a colour image is the mean over its colours", () => {
  const shape = { height: 1, width: 1, channels: 3 };
  const rgba = residualRgba(Float32Array.of(3, 0, 0), shape, 2, true);
  expect([...rgba.slice(0, 3)]).toEqual([...diverging(0.5, true)]);
});

test("amplitude ignores what is not a number", () => {
  expect(amplitude(Float32Array.of(1, -3, Number.NaN))).toBe(3);
  expect(amplitude(new Float32Array(0))).toBe(0);
});

test("a sheet holds input and reconstruction of item after item", () => {
  const sheet = Uint8Array.from({ length: 12 }, (_, i) => i);
  const [input, output] = sheetTile(sheet, 3, 1);
  expect([[...input], [...output]]).toEqual([
    [6, 7, 8],
    [9, 10, 11],
  ]);
});

test("filled pixels are coloured, once for all their channels", () => {
  const grey = toRgba([0, 16], { height: 1, width: 2, channels: 1 }, 0, 16);
  expect([...markFilled(grey, { height: 1, width: 2, channels: 1 }, [1])]).toEqual([
    0, 0, 0, 255, 230, 188, 211, 255,
  ]);
  const colour = toRgba([0, 0, 0], { height: 1, width: 1, channels: 3 }, 0, 1);
  const marked = markFilled(colour, { height: 1, width: 1, channels: 3 }, [0, 2]);
  expect([...marked]).toEqual([102, 60, 84, 255]);
});

test("what is missing has no residual", () => {
  const shape = { height: 1, width: 1, channels: 1 };
  const rgba = residualRgba(Float32Array.of(Number.NaN), shape, 2, false);
  expect([...rgba.slice(0, 3)]).toEqual([...diverging(0, false)]);
});
