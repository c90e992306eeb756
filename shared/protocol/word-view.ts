/**
 * Bytes four at a time, whatever their alignment. V8 compiles `DataView` accesses to single instructions: copying the
 * 46 bytes of an OK takes a quarter of the time of a loop over bytes, less than the call into `TypedArray#set`.
 */

/**
 * All accesses say so: the order does not matter for copying, but has to be the same on both sides. Each module that
 * accesses views defines this constant anew: V8 does not know that an imported one is constant, and checks it at every
 * access (ADR 0014).
 */
const littleEndian = true;
const numberBytes = 8;

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Copies bytes between two views. Both ranges lie within them, and do not overlap. */
export function copyBytes(
  source: DataView,
  start: number,
  target: DataView,
  targetStart: number,
  lengthBytes: number,
): void {
  const wholeWordsEnd = lengthBytes & ~3;
  for (let index = 0; index < wholeWordsEnd; index += 4) {
    target.setInt32(targetStart + index, source.getInt32(start + index, littleEndian), littleEndian);
  }
  for (let index = wholeWordsEnd; index < lengthBytes; index += 1) {
    target.setUint8(targetStart + index, source.getUint8(start + index));
  }
}

/**
 * Copies 7-bit ASCII, eight bytes at a time: as numbers of 64 bits, none of which is a NaN then, whose bits JavaScript does
 * not promise to keep. Both ranges lie within their views, and do not overlap.
 */
export function copyAscii(
  source: DataView,
  start: number,
  target: DataView,
  targetStart: number,
  lengthBytes: number,
): void {
  if (lengthBytes < numberBytes) {
    copyBytes(source, start, target, targetStart, lengthBytes);
    return;
  }
  const last = lengthBytes - numberBytes;
  for (let index = 0; index < last; index += numberBytes) {
    target.setFloat64(targetStart + index, source.getFloat64(start + index, littleEndian), littleEndian);
  }
  // The last eight, of which some may have been copied already.
  target.setFloat64(targetStart + last, source.getFloat64(start + last, littleEndian), littleEndian);
}
