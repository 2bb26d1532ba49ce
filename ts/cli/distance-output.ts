import { join } from 'node:path';
import type { NdArray } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import { takeRows } from '../core/rows.js';
import { ensureOutputFolder, writeTextAtomic } from '../io/index.js';
import { principalComponents } from '../linalg/index.js';
import { type ClassDistance, type DistanceReportContext, distanceReport } from '../report/distance.js';
import { joined, type CloudPair, type PairedCloud } from './cloud-pair.js';
import { commandLine, versions } from './provenance.js';

interface Part {
  name: string;
  points: NdArray;
}

/** The points of every class that has some, or all points where there are no labels. */
function partsOf({ labels }: PairedCloud, points: NdArray): Part[] {
  if (!labels) return [{ name: 'all', points }];
  return labels.names.flatMap((name, number) => {
    const rows: number[] = [];
    labels.values.forEach((value, row) => {
      if (value === number) rows.push(row);
    });
    return rows.length > 0 ? [{ name, points: takeRows(points, rows) }] : [];
  });
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
  measure: (x: NdArray, y: NdArray) => Promise<number>,
): Promise<ClassDistance[]> {
  if (!a.labels && !b.labels) return [];
  const [left, right] = [partsOf(a, points[0]), partsOf(b, points[1])];
  if (left.length * right.length > MOST_PAIRS) return [];
  const found: ClassDistance[] = [];
  for (const x of left)
    for (const y of right) {
      const distance = await measure(x.points, y.points);
      found.push({ a: x.name, b: y.name, n: x.points.shape[0], m: y.points.shape[0], distance });
    }
  return found;
}

/** Writes report.html and summary.json, which comes last: where it is, the rest is whole. */
export async function writeDistanceResults(
  folder: string,
  points: readonly [NdArray, NdArray],
  inputs: readonly [string, string],
  summary: object & Omit<DistanceReportContext, 'a' | 'b' | 'plane' | 'command' | 'versions'>,
  { signal, seed }: CallOptions,
): Promise<void> {
  const { plan, classes, quantity, distance, standardError, method, details, notes } = summary;
  await ensureOutputFolder(folder);
  const plane = await principalComponents(joined(points), { seed, signal });
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
