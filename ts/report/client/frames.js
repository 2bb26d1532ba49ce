/* global atob */

/**
 * Frames of a motion, unpacked for drawing: `size` numbers at each time, as the levels they were quantised to.
 *
 * @typedef {{ times: number[], levels: Uint8Array | Uint16Array, size: number }} UnpackedFrames
 */

/**
 * Bytes of a base64 text.
 *
 * @param {string} base64
 */
export function decodeBytes(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

/**
 * Little-endian 16-bit integers of a base64 text.
 *
 * @param {string} base64
 */
export function decodeIntegers(base64) {
  return new Uint16Array(decodeBytes(base64).buffer);
}

/**
 * @param {import('../frames.js').PackedFrames} packed
 * @param {8 | 16} bits
 * @returns {UnpackedFrames}
 */
export function decodeFrames({ times, base64 }, bits) {
  const levels = bits === 8 ? decodeBytes(base64) : decodeIntegers(base64);
  return { times, levels, size: levels.length / times.length };
}

/**
 * The levels at a time between the first and the last, on straight lines between the frames around it.
 *
 * @param {UnpackedFrames} frames
 * @param {number} time
 * @param {Float64Array} out
 */
export function interpolate({ times, levels, size }, time, out) {
  let next = times.findIndex((t) => t >= time);
  if (next < 0) next = times.length - 1;
  const before = Math.max(0, next - 1);
  const gap = times[next] - times[before];
  const blend = gap > 0 ? Math.min(1, Math.max(0, (time - times[before]) / gap)) : 0;
  const from = before * size;
  const to = next * size;
  for (let i = 0; i < size; i++) out[i] = levels[from + i] + blend * (levels[to + i] - levels[from + i]);
  return out;
}
