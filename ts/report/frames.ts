/** Positions of something along the way, one row of numbers per time; times are fractions of the whole, 0 to 1. */
export interface Frames {
  times: number[];
  rows: Float64Array[];
}

/** {@link Frames} as a page carries them: base64 of little-endian unsigned integers, level q meaning low + q·(high − low)/levels. */
export interface PackedFrames {
  times: number[];
  base64: string;
}

/** Integers that quantised values are kept in, by their number of levels above zero. */
export type Levels = 255 | 65535;

/**
 * The times that a picture needs: those in between are left out as long as straight lines between the kept ones pass
 * within `tolerance` of every number left out. The first and the last are kept. O(frames² · numbers) at worst.
 */
export function keyFrames(frames: Frames, tolerance: number): Frames {
  const { times, rows } = frames;
  const kept = [0];
  let end = 2;
  while (end < times.length) {
    if (isStraight(frames, kept[kept.length - 1], end, tolerance)) end++;
    else {
      kept.push(end - 1);
      end++;
    }
  }
  if (times.length > 1) kept.push(times.length - 1);
  return { times: kept.map((i) => times[i]), rows: kept.map((i) => rows[i]) };
}

/** At most `count` ≥ 2 of the frames, the first and the last among them, evenly spread over their numbers. */
export function thinFrames(frames: Frames, count: number): Frames {
  const { times, rows } = frames;
  if (times.length <= count) return frames;
  const kept = Array.from({ length: count }, (_, i) => Math.round((i * (times.length - 1)) / (count - 1)));
  return { times: kept.map((i) => times[i]), rows: kept.map((i) => rows[i]) };
}

/**
 * Quantises frames whose numbers repeat the ranges [low, high] in turn (two ranges: x and y by turns). Error: half a
 * level. What lies outside is moved to the nearest end.
 */
export function packFrames(
  frames: Frames,
  ranges: readonly (readonly [number, number])[],
  levels: Levels,
): PackedFrames {
  const size = frames.rows[0].length;
  const bytes = levels === 255 ? 1 : 2;
  const buffer = Buffer.alloc(frames.rows.length * size * bytes);
  frames.rows.forEach((row, frame) => {
    for (let i = 0; i < size; i++) {
      const [low, high] = ranges[i % ranges.length];
      const fraction = high > low ? (row[i] - low) / (high - low) : 0;
      const level = Math.round(levels * Math.min(1, Math.max(0, fraction)));
      const offset = (frame * size + i) * bytes;
      if (bytes === 1) buffer.writeUInt8(level, offset);
      else buffer.writeUInt16LE(level, offset);
    }
  });
  return { times: frames.times, base64: buffer.toString('base64') };
}

/** Base64 of little-endian unsigned integers below 65 536. */
export function packIntegers(values: ArrayLike<number>): string {
  const buffer = Buffer.alloc(2 * values.length);
  for (let i = 0; i < values.length; i++) buffer.writeUInt16LE(values[i], 2 * i);
  return buffer.toString('base64');
}

/** Smallest and largest of every `step`-th number of all frames, beginning with `offset`. */
export function frameRange(all: readonly Frames[], offset = 0, step = 1): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const { rows } of all) {
    for (const row of rows) {
      for (let i = offset; i < row.length; i += step) {
        if (row[i] < low) low = row[i];
        if (row[i] > high) high = row[i];
      }
    }
  }
  return [low, high];
}

function isStraight({ times, rows }: Frames, from: number, to: number, tolerance: number): boolean {
  for (let k = from + 1; k < to; k++) {
    const blend = (times[k] - times[from]) / (times[to] - times[from]);
    for (let i = 0; i < rows[k].length; i++) {
      const straight = rows[from][i] + blend * (rows[to][i] - rows[from][i]);
      if (Math.abs(rows[k][i] - straight) > tolerance) return false;
    }
  }
  return true;
}
