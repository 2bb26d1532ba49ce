import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NdArray } from '../core/array.js';
import { type CallOptions, throwIfAborted } from '../core/options.js';
import type { DepthComparison, DepthRun } from '../dae/index.js';
import { writeNpz, writeTextAtomic } from '../io/index.js';
import { principalComponents } from '../linalg/index.js';
import { transportReport } from '../report/index.js';
import { neighbourMap } from '../report/neighbour-map.js';
import type { Cloud } from './cloud-input.js';
import type { ColumnsSummary } from './columns.js';
import { commandLine, versions } from './provenance.js';
import { type SnapshotPlan, keptPoints } from './snapshots.js';
import { packageVersion } from './version.js';
import { isFloat64Array } from '../core/realm.js';

/** One run without its arrays. An entropy of −∞, which JSON cannot hold, is null. */
export type RunSummary = Omit<DepthRun, 'positions' | 'snapshots' | 'entropy'> & { entropy: number | null };

/** What summary.json holds. */
export interface TransportSummary extends Omit<DepthComparison, 'runs' | 'start'> {
  input: string;
  version: string;
  /** How many ranks the points were spread over, where they were. */
  ranks?: number;
  columns: ColumnsSummary;
  notes: string[];
  start: { entropy: number | null; accuracy: number | null };
  runs: RunSummary[];
}

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The numbers of a comparison, as summary.json has them. */
export function summarise(
  input: string,
  comparison: DepthComparison,
  { columns, notes }: Cloud,
): TransportSummary {
  const { runs, start, ...facts } = comparison;
  return {
    input,
    version: packageVersion(),
    columns,
    ...facts,
    notes,
    start: { entropy: finiteOrNull(start.entropy), accuracy: start.accuracy },
    runs: runs.map(({ positions, snapshots, entropy, ...numbers }) => ({
      ...numbers,
      entropy: finiteOrNull(entropy),
    })),
  };
}

/** Writes everything a run leaves behind, the summary last: where it is, the rest is whole. */
export async function writeResults(
  folder: string,
  input: string,
  cloud: Cloud,
  comparison: DepthComparison,
  { signal, snapshots: plan }: { signal: AbortSignal; snapshots: SnapshotPlan },
): Promise<void> {
  const positions: Record<string, NdArray | { data: Int32Array; shape: number[] }> = { start: cloud.points };
  const snapshots: Record<string, NdArray | { data: Int32Array; shape: number[] }> = {};
  for (const { depth, positions: moved, snapshots: kept } of comparison.runs) {
    positions[`depth_${depth}`] = moved;
    if (plan.every === 0) continue;
    snapshots[`depth_${depth}_times`] = { data: Float64Array.from(kept.times), shape: [kept.times.length] };
    snapshots[`depth_${depth}`] = stack(kept.positions, plan.every);
  }
  if (cloud.scaling) {
    const { centre, scale } = cloud.scaling;
    Object.assign(positions, {
      centre: { data: centre, shape: [centre.length] },
      scale: { data: scale, shape: [scale.length] },
    });
  }
  if (cloud.labels) positions.labels = { data: cloud.labels.values, shape: [cloud.labels.values.length] };
  await writeNpz(join(folder, 'positions.npz'), positions);
  throwIfAborted(signal);
  if (plan.every > 1) {
    const rows = Int32Array.from({ length: keptPoints(comparison.n, plan.every) }, (_, i) => i * plan.every);
    snapshots.rows = { data: rows, shape: [rows.length] };
  }
  const file = join(folder, 'snapshots.npz');
  // Those of an earlier run would be taken for this one's.
  if (plan.every === 0) await rm(file, { force: true });
  else await writeNpz(file, snapshots);
  throwIfAborted(signal);

  await writeReport(folder, input, cloud, comparison, {
    signal,
    summary: summarise(input, comparison, cloud),
  });
}

/** Writes the report, and the summary last. */
export async function writeReport(
  folder: string,
  input: string,
  cloud: Pick<Cloud, 'points' | 'labels' | 'imageShape'>,
  comparison: DepthComparison,
  { signal, summary }: { signal: AbortSignal; summary: object },
): Promise<void> {
  // Of all ranks the first alone makes the report.
  const alone: CallOptions = comparison.backend === 'mpi' ? { backend: 'native' } : {};
  const call = { seed: comparison.seed, signal, ...alone };
  const { mean, axes, explained } = await principalComponents(cloud.points, call);
  const neighbours = await neighbourMap(
    cloud.points,
    { mean, axes, explained },
    { ...call, after: comparison.runs.at(-1)?.positions },
  );
  const report = await transportReport(comparison, {
    input,
    neighbours,
    points: cloud.points,
    principal: { mean, axes, explained },
    labels: cloud.labels,
    imageShape: cloud.imageShape,
    command: commandLine(),
    versions: versions(),
  });
  await writeTextAtomic(join(folder, 'report.html'), report);
  await writeTextAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
}

/** Snapshots as one array, k × n × d, of every so many points, from the row `begin` on. */
export function stack(clouds: readonly NdArray[], every: number, begin = 0): NdArray {
  const d = clouds[0].shape[1];
  const n = keptPoints(Math.max(0, clouds[0].shape[0] - begin), every);
  const data = isFloat64Array(clouds[0].data)
    ? new Float64Array(clouds.length * n * d)
    : new Float32Array(clouds.length * n * d);
  clouds.forEach(({ data: from }, i) => {
    if (every === 1) data.set(from, i * n * d);
    else
      for (let row = 0; row < n; row++)
        data.set(from.subarray((begin + row * every) * d, (begin + row * every + 1) * d), (i * n + row) * d);
  });
  return { data, shape: [clouds.length, n, d] };
}
