import { type FloatData, type NdArray, dtypeOf } from '../core/array.js';
import { takeRows } from '../core/rows.js';
import type { DepthComparison } from '../dae/index.js';
import type { ShareKernels } from '../kernel/contract/shares.js';
import type { Cloud } from './cloud-input.js';

/** Numbers that a report's sample may have, of all clouds in it: 256 MB of float32. */
const NUMBERS = 2 ** 26;
/** The report shows 10 000 points, and measures nothing: more than these it need not choose from. */
const ROWS = 20_000;

/** Every so many rows of a cloud that is spread over ranks. */
export class RowSample {
  readonly #shares: ShareKernels;
  readonly #rows: Int32Array;
  /** Every so many rows are taken, from the first on. */
  readonly every: number;

  private constructor(shares: ShareKernels, every: number, rows: Int32Array) {
    this.#shares = shares;
    this.every = every;
    this.#rows = rows;
  }

  /** A sample of no more than so many rows, or by default of as many as a report needs. */
  static async of(shares: ShareKernels, own: number, numbersInRow: number): Promise<RowSample> {
    const { first, total } = await shares.shareOf(own);
    const most = Math.max(1, Math.min(ROWS, Math.floor(NUMBERS / numbersInRow)));
    const every = Math.ceil(total / most);
    const begin = (every - (first % every)) % every;
    const count = Math.max(0, Math.ceil((own - begin) / every));
    return new RowSample(
      shares,
      every,
      Int32Array.from({ length: count }, (_, i) => begin + i * every),
    );
  }

  /** The sample of a cloud of which these are this rank's rows. All ranks get it. */
  async points(own: NdArray): Promise<NdArray> {
    const [, d] = own.shape;
    const parts = await this.#shares.everyPart(takeRows(own, this.#rows).data);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const data: FloatData = dtypeOf(own) === 'float64' ? new Float64Array(length) : new Float32Array(length);
    let at = 0;
    for (const part of parts) {
      data.set(part, at);
      at += part.length;
    }
    return { data, shape: [length / d, d] };
  }

  /** The same of one value for each row. */
  async values(own: Int32Array): Promise<Int32Array> {
    const parts = await this.#shares.everyPart(this.#rows.map((row) => own[row]));
    return Int32Array.from(parts.flatMap((part) => [...part]));
  }
}

/** A sample of a cloud that is spread over ranks, and of its classes. */
export async function sampleOfCloud(
  { points, labels }: Pick<Cloud, 'points' | 'labels'>,
  shares: ShareKernels,
): Promise<Pick<Cloud, 'points' | 'labels'>> {
  const sample = await RowSample.of(shares, points.shape[0], points.shape[1]);
  return {
    points: await sample.points(points),
    labels: labels && { names: labels.names, values: await sample.values(labels.values) },
  };
}

/** What a report needs of a comparison whose points are spread over ranks: of a sample of them. */
export async function sampleOf(
  { points, labels }: Cloud,
  comparison: DepthComparison,
  shares: ShareKernels,
): Promise<{
  points: NdArray;
  labels?: { values: Int32Array; names: string[] };
  comparison: DepthComparison;
}> {
  const clouds = comparison.runs.reduce((sum, { snapshots }) => sum + 1 + snapshots.times.length, 1);
  const sample = await RowSample.of(shares, points.shape[0], clouds * points.shape[1]);
  const runs: DepthComparison['runs'] = [];
  for (const run of comparison.runs) {
    const { times, positions: along } = run.snapshots;
    const positions = await sample.points(run.positions);
    const kept: NdArray[] = [];
    for (const cloud of along) kept.push(await sample.points(cloud));
    runs.push({ ...run, positions, snapshots: { times, positions: kept } });
  }
  return {
    points: await sample.points(points),
    labels: labels && { names: labels.names, values: await sample.values(labels.values) },
    comparison: { ...comparison, runs },
  };
}
