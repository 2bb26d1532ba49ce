import { join } from 'node:path';
import { packageRoot } from '../core/package-root.js';
import { RandomStream } from '../core/random.js';
import { takeRows } from '../core/rows.js';
import { readCloud } from '../io/index.js';
import type { ClaimData, ClaimOptions } from './claim.js';

/** The reader's data or the digits that come with the package; at most `most` points of it, chosen by the seed. */
export async function realData({ data, seed, signal }: ClaimOptions, most: number): Promise<ClaimData> {
  const whole = data ?? (await digits(signal));
  const [n] = whole.points.shape;
  if (n <= most) return whole;
  const rows = new RandomStream(seed, 'subsample').choose(n, most).sort();
  return {
    name: whole.name,
    points: takeRows(whole.points, rows),
    labels: whole.labels && rows.map((row) => whole.labels![row]),
  };
}

async function digits(signal: AbortSignal | undefined): Promise<ClaimData> {
  const { points, labels } = await readCloud(join(packageRoot(), 'data', 'digits.csv.gz'), {
    labelColumn: -1,
    signal,
  });
  return { name: 'digits', points, labels: labels?.values };
}
