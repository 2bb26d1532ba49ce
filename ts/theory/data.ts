import { join } from 'node:path';
import { packageRoot } from '../core/package-root.js';
import { RandomStream } from '../core/random.js';
import { readCloud } from '../io/index.js';
import type { ClaimData, ClaimOptions } from './claim.js';

/** The reader's data or the digits that come with the package; at most `most` points of it, chosen by the seed. */
export async function realData({ data, seed, signal }: ClaimOptions, most: number): Promise<ClaimData> {
  const whole = data ?? (await digits(signal));
  const [n, d] = whole.points.shape;
  if (n <= most) return whole;
  const rows = new RandomStream(seed, 'subsample').choose(n, most).sort();
  const chosen = whole.points.data.slice(0, most * d);
  rows.forEach((row, i) => chosen.set(whole.points.data.subarray(row * d, (row + 1) * d), i * d));
  return {
    name: whole.name,
    points: { data: chosen, shape: [most, d] },
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
