import { checkPoints, type NdArray } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { RandomStream } from '../core/random.js';
import type { Depth, DepthRun } from '../dae/depth-comparison.js';
import { depthPhrase, depthTick } from './format.js';
import { frameRange, keyFrames, packFrames, packIntegers, type Frames, type PackedFrames } from './frames.js';
import { sampleRows } from './sampling.js';

/** The plane, or for d = 1 the line, that points are seen in. */
export interface PrincipalPlane {
  /** Mean of the cloud, d values. */
  mean: ArrayLike<number>;
  /** Orthonormal axes as rows, k × d, k ≥ 2 (k ≥ 1 where d = 1); the first two are used. */
  axes: ArrayLike<number>;
  /** Fraction of the cloud's variance along each axis, 0 to 1. */
  explained: ArrayLike<number>;
}

/** Class of every point, as a number into `names`. */
export interface ClassLabels {
  values: Int32Array;
  names: readonly string[];
}

/** A moving cloud as a page carries it. */
export interface CloudData {
  /** Row numbers of the points shown. */
  rows: number[];
  /** Base64 of the class of every point shown, or null. */
  classes: string | null;
  classNames: readonly string[];
  /** Whether the second coordinate means something; for d = 1 it is random, so that points can be told apart. */
  flat: boolean;
  x: [number, number];
  y: [number, number];
  runs: { tick: string; phrase: string; layers: number | null; frames: PackedFrames }[];
}

/** Points that are shown at most; of larger clouds a page carries a sample. */
export const MAXIMUM_POINTS = 10_000;
/** Straight lines replace the flow where they pass within this fraction of the picture's size: under a pixel. */
const TOLERANCE = 1 / 700;

/**
 * The motion of a cloud in a plane, run by run: of each only the projected points are kept, so that no two runs need be in
 * memory. Of more than {@link MAXIMUM_POINTS} a sample is shown.
 */
export class CloudFrames {
  readonly rows: number[];
  readonly #n: number;
  readonly #plane: PrincipalPlane;
  readonly #labels: ClassLabels | undefined;
  readonly #jitter: Float64Array | undefined;
  readonly #runs: { depth: Depth; frames: Frames }[] = [];

  /** Throws INVALID_SHAPE and INVALID_ARGUMENT where plane and labels do not fit the cloud. */
  constructor(points: NdArray, plane: PrincipalPlane, labels: ClassLabels | undefined, seed: number) {
    const { n, d } = checkPoints(points, 'points');
    checkPlane(plane, d);
    if (labels) checkLabels(labels, n);
    this.rows = sampleRows(n, MAXIMUM_POINTS, seed);
    this.#n = n;
    this.#plane = plane;
    this.#labels = labels;
    this.#jitter = d === 1 ? spread(this.rows.length, seed) : undefined;
  }

  /**
   * Throws INVALID_SHAPE and INVALID_ARGUMENT where the run does not fit the cloud. O(points shown · snapshots · d) time.
   */
  add({ depth, snapshots: { times, positions } }: Pick<DepthRun, 'depth' | 'snapshots'>): void {
    if (times.length === 0 || times.length !== positions.length) {
      throw invalidArgument(`snapshots of depth ${depth}`, 'at least one time, and a cloud for each', times);
    }
    const end = times[times.length - 1];
    const dimension = this.#plane.mean.length;
    const rows = positions.map((cloud) => {
      checkPoints(cloud, `snapshots of depth ${depth}`, { minimum: this.#n, dimension });
      return project(cloud, this.rows, this.#plane, this.#jitter);
    });
    this.#runs.push({ depth, frames: { times: times.map((t) => (end > 0 ? t / end : 0)), rows } });
  }

  /** The frames that are needed to draw the motion of all runs that were added, in the order of these depths. */
  pack(depths: readonly Depth[]): CloudData {
    const runs = inOrder(this.#runs, depths);
    const projected = runs.map(({ frames }) => frames);
    const flat = this.#jitter !== undefined;
    const x = frameRange(projected, 0, 2);
    const y = frameRange(projected, 1, 2);
    const tolerance = TOLERANCE * Math.max(x[1] - x[0], flat ? 0 : y[1] - y[0]);
    const labels = this.#labels;
    return {
      rows: this.rows,
      classes: labels ? packIntegers(this.rows.map((row) => labels.values[row])) : null,
      classNames: labels?.names ?? [],
      flat,
      x,
      y,
      runs: runs.map(({ depth, frames }) => ({
        tick: depthTick(depth),
        phrase: depthPhrase(depth),
        layers: depth === 'continuous' ? null : depth,
        frames: packFrames(keyFrames(frames, tolerance), [x, y], 65535),
      })),
    };
  }
}

/** What was added of runs as they came, in the order of these depths. */
export function inOrder<T extends { depth: Depth }>(runs: readonly T[], depths: readonly Depth[]): T[] {
  return [...runs].sort((a, b) => depths.indexOf(a.depth) - depths.indexOf(b.depth));
}

/** The motion of runs that are all there, as {@link CloudFrames} has it. */
export function cloudData(
  runs: readonly Pick<DepthRun, 'depth' | 'snapshots'>[],
  points: NdArray,
  plane: PrincipalPlane,
  labels: ClassLabels | undefined,
  seed: number,
): CloudData {
  const frames = new CloudFrames(points, plane, labels, seed);
  for (const run of runs) frames.add(run);
  return frames.pack(runs.map(({ depth }) => depth));
}

/** Throws INVALID_ARGUMENT where a point has no class or a class no name, INVALID_SHAPE where the lengths differ. */
export function checkLabels({ values, names }: ClassLabels, n: number): void {
  if (values.length !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${n} values for labels but received ${values.length}`,
    );
  }
  const row = values.findIndex((value) => value < 0 || value >= names.length);
  if (row >= 0) {
    throw invalidArgument(
      `labels.values[${row}]`,
      `a class number from 0 to ${names.length - 1}`,
      values[row],
    );
  }
}

function checkPlane({ mean, axes, explained }: PrincipalPlane, d: number): void {
  const needed = d === 1 ? 1 : 2;
  if (mean.length !== d || axes.length < needed * d || explained.length < needed) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${d} means and ${needed} axes of ${d} values for principal but received ` +
        `${mean.length} means, ${axes.length} values of axes and ${explained.length} explained fractions`,
    );
  }
}

/** Random heights from −1 to 1. */
function spread(count: number, seed: number): Float64Array {
  const heights = new Float64Array(count);
  new RandomStream(seed, 'noise').fillUniform(heights);
  return heights.map((u) => 2 * u - 1);
}

/** x and y by turns, in float64; y is the jitter where there is only one axis. */
function project(
  cloud: NdArray,
  rows: readonly number[],
  { mean, axes }: PrincipalPlane,
  jitter: Float64Array | undefined,
): Float64Array {
  const d = mean.length;
  const out = new Float64Array(2 * rows.length);
  rows.forEach((row, i) => {
    let x = 0;
    let y = 0;
    for (let j = 0; j < d; j++) {
      const centred = cloud.data[row * d + j] - mean[j];
      x += centred * axes[j];
      if (!jitter) y += centred * axes[d + j];
    }
    out[2 * i] = x;
    out[2 * i + 1] = jitter ? jitter[i] : y;
  });
  return out;
}
