import {
  ARRAY,
  CALL,
  FLAG,
  LIST,
  NUMBER,
  TEXT,
  list,
  listOf,
  object,
  options,
  type Argument,
} from '../core/rules.js';
import type { empirical } from './empirical.js';
import type { gaussian, gaussianMixture } from './gaussian.js';
import type { checkerboard, circles, gaussianGrid, sCurve, swissRoll, twoMoons } from './sample-sets.js';
import type { score } from './score.js';
import type { smoothed } from './smoothed.js';
import type { standardise } from './standardise.js';

/** A {@link Measure}, the library's or the caller's. */
export const MEASURE = object([
  'dimension',
  'collapseTime',
  'sample()',
  'evaluate()',
  'hessianVector()',
  'heat()',
  'entropy()',
  'fisherInformation()',
  'mean()',
  'covariance()',
]);

/** A Gaussian mixture that the library made. */
export const MIXTURE = object([
  'dimension',
  'components',
  'weights',
  'means',
  'componentCovariance()',
  'heat()',
]);

/** What is wanted of a score. */
export const WANT = options<Argument<typeof score, 2>['want']>()(
  { divergence: FLAG, logDensity: FLAG, mean: FLAG },
  true,
);

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  checkerboard: {
    options: options<Argument<typeof checkerboard, 1>>()(
      { dtype: 1, noise: NUMBER, seed: 1, size: NUMBER, squares: NUMBER },
      true,
    ),
  },
  circles: {
    options: options<Argument<typeof circles, 1>>()(
      { dtype: 1, factor: NUMBER, noise: NUMBER, seed: 1 },
      true,
    ),
  },
  empirical: {
    parameters: options<Argument<typeof empirical, 0>>()({
      labels: 1,
      points: 1,
      tolerance: NUMBER,
      weights: 1,
    }),
  },
  gaussian: {
    parameters: options<Argument<typeof gaussian, 0>>()({
      covariance: 1,
      mean: 1,
      standardDeviations: 1,
      variance: 1,
    }),
  },
  gaussianGrid: {
    options: options<Argument<typeof gaussianGrid, 1>>()(
      { dtype: 1, noise: NUMBER, seed: 1, side: NUMBER, spacing: NUMBER },
      true,
    ),
  },
  gaussianMixture: {
    parameters: options<Argument<typeof gaussianMixture, 0>>()({
      covariances: 1,
      means: 1,
      tolerance: NUMBER,
      variances: 1,
      weights: 1,
    }),
  },
  sCurve: { options: options<Argument<typeof sCurve, 1>>()({ dtype: 1, noise: NUMBER, seed: 1 }, true) },
  score: {
    queries: ARRAY,
    centres: ARRAY,
    options: options<Argument<typeof score, 2>>()({
      ...CALL,
      excludeSelf: FLAG,
      tolerance: NUMBER,
      variance: NUMBER,
      want: WANT,
      weights: LIST,
    }),
  },
  smoothed: {
    parameters: options<Argument<typeof smoothed, 0>>()({
      labels: 1,
      points: 1,
      tolerance: NUMBER,
      variance: NUMBER,
      weights: 1,
    }),
  },
  standardise: {
    points: ARRAY,
    options: options<Argument<typeof standardise, 1>>()({ groups: listOf(list(), true), method: TEXT }, true),
  },
  swissRoll: {
    options: options<Argument<typeof swissRoll, 1>>()({ dtype: 1, noise: NUMBER, seed: 1 }, true),
  },
  twoMoons: { options: options<Argument<typeof twoMoons, 1>>()({ dtype: 1, noise: NUMBER, seed: 1 }, true) },
};
