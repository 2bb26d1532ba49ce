import { type DType, type NdArray, allocate } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { type CallOptions, partOf } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import {
  type SampleEstimate,
  fisherInformation,
  gaussianEntropy,
  kernelEntropy,
  maximumLikelihoodDimension,
  nearestNeighbourEntropy,
  twoNearestNeighbourDimension,
} from '../entropy/index.js';
import type { EstimateRow } from '../report/entropy-findings.js';

/** One number of the table; null where the points do not allow it, with the reason. −∞, which JSON cannot hold, is null too. */
export type Row = EstimateRow;

interface Estimator {
  estimator: string;
  quantity: string;
  /** The quantity as the head of a column. */
  short: string;
  unit: string;
  slow?: boolean;
  estimate: (points: NdArray, options: CallOptions) => Promise<SampleEstimate>;
}

/** What is estimated of every cloud, entropies by the k-th neighbour. */
export function estimators(k: number): Estimator[] {
  return [
    {
      estimator: 'nearestNeighbourEntropy',
      quantity: `entropy, nearest neighbours (k = ${k})`,
      short: 'entropy',
      unit: 'nats',
      estimate: (points, options) => nearestNeighbourEntropy(points, { ...options, k }),
    },
    {
      estimator: 'kernelEntropy',
      quantity: 'entropy, kernel density',
      short: 'by kernels',
      unit: 'nats',
      slow: true,
      estimate: kernelEntropy,
    },
    {
      estimator: 'gaussianEntropy',
      quantity: 'entropy, Gaussian of that covariance',
      short: 'of Gaussian',
      unit: 'nats',
      estimate: gaussianEntropy,
    },
    {
      estimator: 'fisherInformation',
      quantity: 'Fisher information',
      short: 'Fisher',
      unit: '1/length²',
      slow: true,
      estimate: fisherInformation,
    },
    {
      estimator: 'twoNearestNeighbourDimension',
      quantity: 'intrinsic dimension, two neighbours',
      short: 'dimension',
      unit: '',
      estimate: twoNearestNeighbourDimension,
    },
    {
      estimator: 'maximumLikelihoodDimension',
      quantity: 'intrinsic dimension, maximum likelihood',
      short: 'by likelihood',
      unit: '',
      estimate: maximumLikelihoodDimension,
    },
  ];
}

const COINCIDE =
  'more than k points coincide: the entropy is −∞. If the numbers were rounded, add noise of the rounding’s width first, as `jitter` of the library does';

/** The estimates that the points allow, and of the others the reason. */
export async function estimatesOf(
  points: NdArray,
  { k, kernel }: { k: number; kernel: boolean },
  options: CallOptions,
  isSpread: boolean,
): Promise<Row[]> {
  const chosen = estimators(k).filter(({ slow }) => kernel || !slow);
  const rows: Row[] = [];
  for (const [i, { estimator, quantity, unit, estimate }] of chosen.entries()) {
    const run = partOf(options, i / chosen.length, (i + 1) / chosen.length);
    try {
      const { value, standardError } = await estimate(points, run);
      const finite = (number: number) => (Number.isFinite(number) ? number : null);
      const reason = Number.isFinite(value) ? undefined : COINCIDE;
      rows.push({
        estimator,
        quantity,
        unit,
        value: finite(value),
        standardError: finite(standardError),
        ...(reason && { reason }),
      });
    } catch (error) {
      // Too few points, or flat ones, rule out some estimators and not others.
      const spared = ['DEGENERATE_CLOUD', 'EMPTY_CLOUD', 'INVALID_ARGUMENT'];
      if (isSpread) spared.push('UNSUPPORTED');
      if (!(error instanceof RidgeflowError) || !spared.includes(error.code)) throw error;
      rows.push({ estimator, quantity, unit, value: null, standardError: null, reason: error.message });
    }
  }
  return rows;
}

/** The dimension with what the same estimator finds of as many points that fill all dimensions: a standard Gaussian. */
export async function withFilling(
  rows: Row[],
  { shape: [n, d] }: NdArray,
  options: CallOptions & { dtype: DType },
): Promise<Row[]> {
  const at = rows.findIndex(({ estimator }) => estimator === 'twoNearestNeighbourDimension');
  // Beyond chance there is nothing to explain where no dimension is missing.
  if (d === 1 || !((rows[at]?.value ?? d) < d)) return rows;
  const data = allocate(options.dtype, n * d, 'points to compare with');
  new RandomStream(options.seed, 'probe').fillNormal(data);
  const filling = await twoNearestNeighbourDimension({ data, shape: [n, d] }, options);
  return rows.with(at, { ...rows[at], filling });
}
