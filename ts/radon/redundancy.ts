import { type NdArray, allocate, dtypeOf } from '../core/array.js';

/** Whether angles go all round `period`: no gap is a quarter of it, but for coarse angles that are all so far apart. */
export function goAround(angles: Float64Array, period: number): boolean {
  const gaps = gapsOf(angles, period).sort();
  const largest = gaps[gaps.length - 1];
  return largest < period / 4 || largest < 2 * gaps[gaps.length >> 1];
}

/** Distances between neighbours among the angles modulo `period`, equal ones left out. They sum to it. */
function gapsOf(angles: Float64Array, period: number): Float64Array {
  const turned = angles.map((angle) => angle - period * Math.floor(angle / period)).sort();
  const gaps = turned.map((angle, i) => (i + 1 < turned.length ? turned[i + 1] : turned[0] + period) - angle);
  return gaps.filter((gap) => gap > 1e-9 * period);
}

/** What a row of detectors sees to either side of the axis: the places of its ends, and how far the image reaches. */
export interface RowReach {
  /** Of the row's edges, first below last: coordinates, or angles in a fan. */
  first: number;
  last: number;
  spacing: number;
  /** The image lies within ±image. */
  image: number;
}

/** Whether the row sees the image to the end on one side of the axis and not on the other: half acquisition. */
export function isOneSided({ first, last, spacing, image }: RowReach): boolean {
  const [shorter, longer] = [Math.min(-first, last), Math.max(-first, last)];
  return shorter < image * (1 - 1e-9) && longer - shorter > 1.5 * spacing;
}

/**
 * The share of each place in a line that a full turn measures from both sides, at p and at −p: 1/2 where the row is
 * centred. Where it is not, 1 beyond its shorter side, whose lines are measured once, and between them a smooth
 * ½ (1 + sin(π p / 2 shorter)): shares of p and −p sum to 1, and that of the row's shorter end is 0, so that the filter
 * meets no edge there.
 *
 * Source: G. Wang, X-ray micro-CT with a displaced detector array, Med. Phys. 29 (2002), 1634–1636.
 */
export function shareOfLine(row: RowReach): (place: number) => number {
  if (!isOneSided(row)) return () => 0.5;
  const { first, last } = row;
  const sign = last > -first ? 1 : -1;
  const shorter = Math.min(-first, last);
  return (place) => {
    const along = sign * place;
    if (shorter <= 0 || along >= shorter) return 1;
    return along <= -shorter ? 0 : 0.5 * (1 + Math.sin((Math.PI * along) / (2 * shorter)));
  };
}

/**
 * A weighed sinogram with zeros for the detectors that a one-sided row lacks on its shorter side: the filter spreads values
 * there, and they belong to pixels.
 */
export function completed(
  { data, shape: [angles, count] }: NdArray,
  missing: { before: number; after: number },
): NdArray {
  const width = missing.before + count + missing.after;
  const out = allocate(dtypeOf({ data }), angles * width, 'a completed sinogram');
  for (let a = 0; a < angles; a++)
    out.set(data.subarray(a * count, (a + 1) * count), a * width + missing.before);
  return { data: out, shape: [angles, width] };
}

/** How many detectors a one-sided row lacks, in coordinates in which they are equally far apart. */
export function missingDetectors(row: RowReach): { before: number; after: number } {
  if (!isOneSided(row)) return { before: 0, after: 0 };
  const count = (edge: number) => Math.max(0, Math.ceil((row.image - edge) / row.spacing));
  return -row.first < row.last
    ? { before: count(-row.first), after: 0 }
    : { before: 0, after: count(row.last) };
}
