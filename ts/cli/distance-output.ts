import { join } from 'node:path';
import type { NdArray } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import { takeRows } from '../core/rows.js';
import type { ShareKernels } from '../kernel/contract/shares.js';
import { ensureOutputFolder, writeTextAtomic } from '../io/index.js';
import { principalComponents } from '../linalg/index.js';
import { type ClassDistance, type DistanceReportContext, distanceReport } from '../report/distance.js';
import { joined, type CloudPair, type PairedCloud } from './cloud-pair.js';
import { sampleOfCloud } from './cloud-sample.js';
import { commandLine, versions } from './provenance.js';

interface Part {
  name: string;
  points: NdArray;
  /** How many there are on all ranks. */
  n: number;
}

/** The points of every class that has some, or all points where there are no labels. */
async function partsOf({ labels }: PairedCloud, points: NdArray, shares: ShareKernels): Promise<Part[]> {
  const parts = labels
    ? labels.names.map((name, number) => {
        const rows: number[] = [];
        labels.values.forEach((value, row) => {
          if (value === number) rows.push(row);
        });
        return { name, points: takeRows(points, rows) };
      })
    : [{ name: 'all', points }];
  const counts = await shares.sumOverRanks(parts.map((part) => part.points.shape[0]));
  return parts.map((part, k) => ({ ...part, n: counts[k] })).filter(({ n }) => n > 0);
}

/** Most pairs of classes that are measured. */
const MOST_PAIRS = 400;

/**
 * The distances between the classes of two clouds: of every class of one to every class of the other, or to the whole of
 * one without labels. None where neither has labels, or where the classes are too many to be looked at.
 */
export async function classDistances(
  [a, b]: CloudPair['clouds'],
  points: readonly NdArray[],
  shares: ShareKernels,
  measure: (pair: NdArray[], counts: readonly [number, number]) => Promise<number>,
): Promise<ClassDistance[]> {
  if (!a.labels && !b.labels) return [];
  const [left, right] = [await partsOf(a, points[0], shares), await partsOf(b, points[1], shares)];
  if (left.length * right.length > MOST_PAIRS) return [];
  const found: ClassDistance[] = [];
  for (const x of left)
    for (const y of right) {
      const distance = await measure([x.points, y.points], [x.n, y.n]);
      found.push({ a: x.name, b: y.name, n: x.n, m: y.n, distance });
    }
  return found;
}

type WrittenSummary = object & Omit<DistanceReportContext, 'a' | 'b' | 'plane' | 'command' | 'versions'>;

/**
 * Writes report.html and summary.json, which comes last: where it is, the rest is whole. Over ranks the first does, from
 * samples of the clouds.
 */
export async function writeDistanceResults(
  folder: string,
  [a, b]: readonly [NdArray, NdArray],
  inputs: readonly [string, string],
  summary: WrittenSummary,
  { signal, shares }: { signal: AbortSignal; shares: ShareKernels },
): Promise<void> {
  const shown = async (points: NdArray) =>
    shares.ranks.size === 1 ? points : (await sampleOfCloud({ points }, shares)).points;
  const points = [await shown(a), await shown(b)] as const;
  // Of all ranks the first alone makes the report.
  const backend = shares.ranks.size === 1 ? undefined : 'native';
  const write = () => writeShown(folder, points, inputs, summary, { signal, seed: summary.seed, backend });
  await shares.doneByAll(shares.ranks.rank === 0 ? write() : Promise.resolve());
}

async function writeShown(
  folder: string,
  points: readonly [NdArray, NdArray],
  inputs: readonly [string, string],
  summary: WrittenSummary,
  { signal, seed, backend }: CallOptions,
): Promise<void> {
  const { plan, classes, quantity, distance, standardError, method, details, notes } = summary;
  await ensureOutputFolder(folder);
  const plane = await principalComponents(joined(points), { seed, signal, backend });
  const report = await distanceReport({
    a: { input: inputs[0], points: points[0] },
    b: { input: inputs[1], points: points[1] },
    ...{ plan, classes, quantity, distance, standardError, method, details, notes, plane },
    seed: summary.seed,
    command: commandLine(),
    versions: versions(),
  });
  await writeTextAtomic(join(folder, 'report.html'), report, { signal });
  const { plan: _, seed: __, ...numbers } = summary;
  await writeTextAtomic(join(folder, 'summary.json'), `${JSON.stringify(numbers, null, 2)}\n`, { signal });
}
