import type { NdArray } from '../core/array.js';
import type { Depth, DepthRun } from '../dae/depth-comparison.js';
import { COLOURS, type Theme } from './charts.js';
import { type ClassLabels, inOrder } from './cloud.js';
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
 * Examples of the points as images, run by run: of each only these are kept, fewer images and times the larger they are and
 * the more runs there are.
 */
export class ImageFrames {
  readonly #d: number;
  readonly #shape: readonly [number, number];
  readonly #labels: ClassLabels | undefined;
  readonly #rows: number[];
  readonly #times: number;
  readonly #runs: { depth: Depth; frames: Frames }[] = [];

  private constructor(
    [n, d]: readonly number[],
    shape: readonly [number, number],
    labels: ClassLabels | undefined,
    runs: number,
    count: number,
  ) {
    this.#d = d;
    this.#shape = shape;
    this.#labels = labels;
    this.#rows = exampleRows(n, count, labels?.values);
    this.#times = Math.max(2, Math.floor(MAXIMUM_PIXELS / (d * runs * this.#rows.length)));
  }

  /**
   * Images of `shape` (rows, columns) for so many runs of n × d points. Null where the points do not have as many coordinates
   * as the shape has pixels, or not even two images would fit.
   */
  static of(
    points: readonly number[],
    shape: readonly [number, number],
    labels: ClassLabels | undefined,
    runs: number,
  ): ImageFrames | null {
    const [, d] = points;
    const count = Math.min(MAXIMUM_IMAGES, Math.floor(MAXIMUM_PIXELS / (2 * d * runs)));
    return shape[0] * shape[1] !== d || count < 2
      ? null
      : new ImageFrames(points, shape, labels, runs, count);
  }

  add({ depth, snapshots: { times, positions } }: Pick<DepthRun, 'depth' | 'snapshots'>): void {
    const end = times[times.length - 1];
    const all = {
      times: times.map((t) => (end > 0 ? t / end : 0)),
      rows: positions.map((cloud) => take(cloud, this.#rows, this.#d)),
    };
    this.#runs.push({ depth, frames: thinFrames(all, this.#times) });
  }

  /** All runs that were added, in the order of these depths. */
  pack(depths: readonly Depth[]): ImageExamples {
    const frames = inOrder(this.#runs, depths).map((run) => run.frames);
    const range = frameRange(frames);
    const labels = this.#labels;
    return {
      rows: this.#shape[0],
      columns: this.#shape[1],
      samples: this.#rows.map((row) => ({ row, label: labels ? labels.names[labels.values[row]] : null })),
      colours: {
        light: [COLOURS.light.surface, COLOURS.light.ink],
        dark: [COLOURS.dark.surface, COLOURS.dark.ink],
      },
      runs: frames.map((run) => ({ frames: packFrames(run, [range], 255) })),
    };
  }
}

/** Examples of runs that are all there, as {@link ImageFrames} has them. */
export function imageExamples(
  runs: readonly Pick<DepthRun, 'depth' | 'snapshots'>[],
  points: NdArray,
  shape: readonly [number, number],
  labels: ClassLabels | undefined,
): ImageExamples | null {
  const images = ImageFrames.of(points.shape, shape, labels, runs.length);
  for (const run of runs) images?.add(run);
  return images?.pack(runs.map(({ depth }) => depth)) ?? null;
}

function take({ data }: NdArray, chosen: readonly number[], d: number): Float64Array {
  const out = new Float64Array(chosen.length * d);
  chosen.forEach((row, i) => out.set(data.subarray(row * d, (row + 1) * d), i * d));
  return out;
}
