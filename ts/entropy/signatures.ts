import {
  ARRAY,
  ARRAY_OPTIONAL,
  CALL,
  type Argument,
  list,
  object,
  options,
  NUMBER,
  TEXT,
} from '../core/rules.js';
import type { klDivergence, renyiDivergence } from './divergence.js';
import type { fisherInformation } from './fisher-information.js';
import type { gaussianEntropy } from './gaussian-entropy.js';
import type { maximumLikelihoodDimension, twoNearestNeighbourDimension } from './intrinsic-dimension.js';
import type { kernelEntropy } from './kernel-entropy.js';
import type { mutualInformation } from './mutual-information.js';
import type {
  entropyFromDistances,
  entropyOverRanks,
  nearestNeighbourEntropy,
} from './nearest-neighbour-entropy.js';
import type { nearestNeighbours } from './nearest-neighbours.js';
import type { jitter } from './rounding.js';

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  entropyFromDistances: {
    distances: list(),
    options: options<Argument<typeof entropyFromDistances, 1>>()({
      d: NUMBER,
      k: NUMBER,
      n: NUMBER,
      stride: NUMBER,
    }),
  },
  entropyOverRanks: {
    kernels: object(['name', 'linearCombination()']),
    distances: list(),
    options: options<Argument<typeof entropyOverRanks, 2>>()({ d: NUMBER, k: NUMBER, n: NUMBER }),
  },
  fisherInformation: {
    points: ARRAY,
    options: options<Argument<typeof fisherInformation, 1>>()({ ...CALL, bandwidth: NUMBER }, true),
  },
  gaussianEntropy: {
    points: ARRAY,
    options: options<Argument<typeof gaussianEntropy, 1>>()({ ...CALL }, true),
  },
  jitter: {
    points: ARRAY,
    options: options<Argument<typeof jitter, 1>>()({ dtype: 1, seed: 1, signal: 1, width: NUMBER }, true),
  },
  kernelEntropy: {
    points: ARRAY,
    options: options<Argument<typeof kernelEntropy, 1>>()({ ...CALL, bandwidth: NUMBER }, true),
  },
  klDivergence: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof klDivergence, 2>>()({ ...CALL, k: NUMBER }, true),
  },
  maximumLikelihoodDimension: {
    points: ARRAY,
    options: options<Argument<typeof maximumLikelihoodDimension, 1>>()({ ...CALL, k: NUMBER }, true),
  },
  mutualInformation: {
    x: ARRAY,
    y: ARRAY,
    options: options<Argument<typeof mutualInformation, 2>>()({ ...CALL, k: NUMBER }, true),
  },
  nearestNeighbourEntropy: {
    points: ARRAY,
    options: options<Argument<typeof nearestNeighbourEntropy, 1>>()({ ...CALL, k: NUMBER }, true),
  },
  nearestNeighbours: {
    queries: ARRAY,
    points: ARRAY_OPTIONAL,
    options: options<Argument<typeof nearestNeighbours, 2>>()({ ...CALL, k: NUMBER }),
  },
  renyiDivergence: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof renyiDivergence, 2>>()({ ...CALL, k: NUMBER, order: NUMBER }),
  },
  twoNearestNeighbourDimension: {
    points: ARRAY,
    options: options<Argument<typeof twoNearestNeighbourDimension, 1>>()(
      { ...CALL, discard: NUMBER, fit: TEXT },
      true,
    ),
  },
};
