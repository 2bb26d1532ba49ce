import type { NdArray } from '../core/array.js';
import type { DepthRun } from '../dae/depth-comparison.js';
import { COLOURS, type Theme } from './charts.js';
import type { ClassLabels } from './cloud.js';
import { frameRange, packFrames, thinFrames, type Frames, type PackedFrames } from './frames.js';
import { exampleRows } from './sampling.js';

/** A few points seen as images, along the way of every run, as a page carries them. */
export interface ImageExamples {
  rows: number;
  columns: number;
  samples: { row: number; label: string | null }[];
  /** Colours of the smallest and of the largest value, as #rrggbb, in each look. */
  colours: Record<Theme, readonly [string, string]>;
  /** The images themselves: 8 bits a pixel, 0 for the smallest value among them and 255 for the largest. */
  runs: { frames: PackedFrames }[];
}

/** Images that are shown where they are small enough. */
const MAXIMUM_IMAGES = 20;
/** Pixels that a page carries at most, over all runs, times and images. */
const MAXIMUM_PIXELS = 500_000;

/**
 * Examples of the points as images of `shape` (rows, columns), fewer images and times the larger they are. Null where the
 * points do not have as many coordinates as the shape has pixels, or not even two images would fit.
 */
export function imageExamples(
  runs: readonly Pick<DepthRun, 'snapshots'>[],
  points: NdArray,
  shape: readonly [number, number],
  labels: ClassLabels | undefined,
): ImageExamples | null {
  const [n, d] = points.shape;
  const [rows, columns] = shape;
  const ends = 2 * d * runs.length;
  const count = Math.min(MAXIMUM_IMAGES, Math.floor(MAXIMUM_PIXELS / ends));
  if (rows * columns !== d || count < 2) return null;
  const chosen = exampleRows(n, count, labels?.values);
  const times = Math.max(2, Math.floor((2 * MAXIMUM_PIXELS) / (ends * chosen.length)));
  const frames = runs.map(({ snapshots }): Frames => {
    const end = snapshots.times[snapshots.times.length - 1];
    const all = {
      times: snapshots.times.map((t) => (end > 0 ? t / end : 0)),
      rows: snapshots.positions.map((cloud) => take(cloud, chosen, d)),
    };
    return thinFrames(all, times);
  });
  const range = frameRange(frames);
  return {
    rows,
    columns,
    samples: chosen.map((row) => ({ row, label: labels ? labels.names[labels.values[row]] : null })),
    colours: {
      light: [COLOURS.light.surface, COLOURS.light.ink],
      dark: [COLOURS.dark.surface, COLOURS.dark.ink],
    },
    runs: frames.map((run) => ({ frames: packFrames(run, [range], 255) })),
  };
}

function take({ data }: NdArray, chosen: readonly number[], d: number): Float64Array {
  const out = new Float64Array(chosen.length * d);
  chosen.forEach((row, i) => out.set(data.subarray(row * d, (row + 1) * d), i * d));
  return out;
}
