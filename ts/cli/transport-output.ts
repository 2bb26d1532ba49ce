import { join } from 'node:path';
import type { NdArray } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import type { DepthComparison, DepthRun } from '../dae/index.js';
import { writeTextAtomic } from '../io/index.js';
import { principalComponents } from '../linalg/index.js';
import type { PrincipalPlane } from '../report/cloud.js';
import { neighbourMap } from '../report/neighbour-map.js';
import type { Motion } from '../report/transport-page.js';
import type { Cloud } from './cloud-input.js';
import type { ColumnsSummary } from './columns.js';
import { commandLine, versions } from './provenance.js';
import { keptPoints } from './snapshots.js';
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

/** Writes the report, and the summary last. `motion` is what the page shows of runs whose positions are gone. */
export async function writeReport(
  folder: string,
  input: string,
  cloud: Pick<Cloud, 'points' | 'labels' | 'imageShape'>,
  comparison: DepthComparison,
  {
    principal,
    motion,
    signal,
    summary,
  }: { principal?: PrincipalPlane; motion?: Motion; signal: AbortSignal; summary: object },
): Promise<void> {
  // Of all ranks the first alone makes the report.
  const alone: CallOptions = comparison.backend === 'mpi' ? { backend: 'native' } : {};
  const call = { seed: comparison.seed, signal, ...alone };
  const plane = principal ?? (await principalComponents(cloud.points, call));
  const after = comparison.runs.at(-1)?.positions;
  const neighbours = await neighbourMap(cloud.points, plane, { ...call, after });
  const { transportPage } = await import('../report/transport-page.js');
  const report = await transportPage(
    comparison,
    {
      input,
      neighbours,
      points: cloud.points,
      principal: plane,
      labels: cloud.labels,
      imageShape: cloud.imageShape,
      command: commandLine(),
      versions: versions(),
    },
    motion,
  );
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
