import { expect, test } from "vitest";
import { float32, int32, uint8, uint32 } from "../../src/lib/bytes";

test("bytes at an odd offset of a message are read all the same", () => {
  const buffer = new ArrayBuffer(13);
  new DataView(buffer).setFloat32(5, 1.5, true);
  new DataView(buffer).setFloat32(9, -2, true);
  expect([...float32(new DataView(buffer, 5, 8))]).toEqual([1.5, -2]);
});

test("aligned bytes are not copied", () => {
  const source = Int32Array.of(7, -1, 3);
  expect(int32(new DataView(source.buffer, 4)).buffer).toBe(source.buffer);
  expect([...int32(new DataView(source.buffer, 4))]).toEqual([-1, 3]);
});

test("a trait that was never set is empty", () => {
  expect(uint32(null).length).toBe(0);
  expect(uint8(undefined).length).toBe(0);
});

test("a torn last value is left out", () => {
  expect(uint32(new DataView(new ArrayBuffer(7))).length).toBe(1);
});
