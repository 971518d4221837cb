/**
 * Typed arrays over the bytes of a trait.
 *
 * Bytes come as a DataView into a larger message at any offset. They are
 * little-endian, as every platform that runs a browser today is.
 */

/** Whatever carries bytes; a trait that was never set may be null. */
export type Bytes = DataView | ArrayBuffer | Uint8Array | null | undefined;

interface TypedArrayConstructor<T> {
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

function view<T>(bytes: Bytes, type: TypedArrayConstructor<T>): T {
  const size = type.BYTES_PER_ELEMENT;
  if (!bytes) {
    return new type(new ArrayBuffer(0), 0, 0);
  }
  const isView = ArrayBuffer.isView(bytes);
  const buffer = (isView ? bytes.buffer : bytes) as ArrayBuffer;
  const offset = isView ? bytes.byteOffset : 0;
  const length = Math.floor(bytes.byteLength / size);
  if (offset % size === 0) {
    return new type(buffer, offset, length);
  }
  return new type(buffer.slice(offset, offset + length * size), 0, length);
}

export const float32 = (bytes: Bytes): Float32Array => view(bytes, Float32Array);
export const int32 = (bytes: Bytes): Int32Array => view(bytes, Int32Array);
export const uint32 = (bytes: Bytes): Uint32Array => view(bytes, Uint32Array);
export const uint8 = (bytes: Bytes): Uint8Array => view(bytes, Uint8Array);
