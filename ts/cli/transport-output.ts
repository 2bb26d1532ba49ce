import { join } from 'node:path';
import type { NdArray } from '../core/array.js';
import { throwIfAborted } from '../core/options.js';
import type { DepthComparison, DepthRun } from '../dae/index.js';
import { writeNpz, writeTextAtomic } from '../io/index.js';
import { principalComponents } from '../linalg/index.js';
import { transportReport } from '../report/index.js';
import type { Cloud } from './cloud-input.js';
import type { ColumnsSummary } from './columns.js';
import { commandLine, versions } from './provenance.js';
import { packageVersion } from './version.js';
import { isFloat64Array } from '../core/realm.js';

/** One run without its arrays. An entropy of −∞, which JSON cannot hold, is null. */
export type RunSummary = Omit<DepthRun, 'positions' | 'snapshots' | 'entropy'> & { entropy: number | null };

/** What summary.json holds. */
export interface TransportSummary extends Omit<DepthComparison, 'runs' | 'start'> {
  input: string;
  version: string;
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
  signal: AbortSignal,
): Promise<void> {
  const positions: Record<string, NdArray | { data: Int32Array; shape: number[] }> = { start: cloud.points };
  const snapshots: Record<string, NdArray> = {};
  for (const { depth, positions: moved, snapshots: kept } of comparison.runs) {
    positions[`depth_${depth}`] = moved;
    snapshots[`depth_${depth}_times`] = { data: Float64Array.from(kept.times), shape: [kept.times.length] };
    snapshots[`depth_${depth}`] = stack(kept.positions);
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
  await writeNpz(join(folder, 'snapshots.npz'), snapshots);
  throwIfAborted(signal);

  const { mean, axes, explained } = await principalComponents(cloud.points, {
    seed: comparison.seed,
    signal,
  });
  const report = await transportReport(comparison, {
    input,
    points: cloud.points,
    principal: { mean, axes, explained },
    labels: cloud.labels,
    imageShape: cloud.imageShape,
    command: commandLine(),
    versions: versions(),
  });
  await writeTextAtomic(join(folder, 'report.html'), report);
  await writeTextAtomic(
    join(folder, 'summary.json'),
    `${JSON.stringify(summarise(input, comparison, cloud), null, 2)}\n`,
  );
}

/** Snapshots as one array, k × n × d. */
function stack(clouds: readonly NdArray[]): NdArray {
  const [n, d] = clouds[0].shape;
  const data = isFloat64Array(clouds[0].data)
    ? new Float64Array(clouds.length * n * d)
    : new Float32Array(clouds.length * n * d);
  clouds.forEach((cloud, i) => data.set(cloud.data, i * n * d));
  return { data, shape: [clouds.length, n, d] };
}
