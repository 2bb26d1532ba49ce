import { elementCount } from '../core/array.js';
import type { Depth } from '../dae/index.js';
import type { Cloud } from './cloud-input.js';

/** Snapshots of each run, and what those of one may take while it is made. */
export const SNAPSHOTS = 16;
const SNAPSHOT_BYTES = 2 ** 28;

/** Which points of every snapshot are written. */
export interface SnapshotPlan {
  /** Every so many of the points, from the first on; 0 for none. */
  every: number;
  /** What is to be said of it beforehand. */
  note?: string;
}

/** How many of n points are kept. */
export function keptPoints(n: number, every: number): number {
  return Math.ceil(n / every);
}

/** How much of the snapshots is kept, so that they take no more than `snapshotsLimit` megabytes before compression. */
export function planSnapshots(
  { points }: Pick<Cloud, 'points'>,
  {
    depths,
    snapshots,
    snapshotsLimit,
  }: { depths: readonly Depth[]; snapshots: number; snapshotsLimit: number },
): SnapshotPlan {
  if (snapshots === 0) return { every: 0 };
  // The start, and at most one for each layer.
  const frames = depths.reduce<number>(
    (sum, depth) => sum + 1 + (depth === 'continuous' ? snapshots : Math.min(depth, snapshots)),
    0,
  );
  const megabytes = (frames * elementCount(points.shape) * points.data.BYTES_PER_ELEMENT) / 1e6;
  const every = Math.max(1, Math.ceil(megabytes / snapshotsLimit));
  const round = (size: number) => Number(size.toPrecision(2));
  if (every === 1)
    return {
      every,
      note:
        megabytes < 1
          ? undefined
          : `Snapshots of all points take ${round(megabytes)} MB before compression; --snapshots 0 keeps none`,
    };
  return {
    every,
    note:
      `Snapshots of all points would take ${round(megabytes)} MB before compression: one point in ${every} is kept ` +
      `(${round(megabytes / every)} MB; --snapshots-limit ${Math.ceil(megabytes)} keeps all, --snapshots 0 none)`,
  };
}

/** As many snapshots of a run as fit into the memory that they may take, at least that of its end. */
export function fittingSnapshots({ data }: { data: { byteLength: number } }): number {
  return Math.max(1, Math.min(SNAPSHOTS, Math.floor(SNAPSHOT_BYTES / data.byteLength)));
}
