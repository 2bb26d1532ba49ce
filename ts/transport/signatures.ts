import { ARRAY, CALL, type Argument, list, object, options } from '../core/call.js';
import { MIXTURE } from '../measure/signatures.js';
import type { exactTransport, exactTransportMatrix } from './exact-transport.js';
import type { fixedSupportBarycentre } from './fixed-support-barycentre.js';
import type { frechetDistance } from './frechet-distance.js';
import type { freeSupportBarycentre } from './free-support-barycentre.js';
import type { gaussianMixtureWasserstein } from './gaussian-mixture-wasserstein.js';
import type { gaussianBarycentre, gaussianGeodesic, gaussianWasserstein } from './gaussian-wasserstein.js';
import type { circleTransport, lineTransport } from './line.js';
import type { maxSlicedWasserstein } from './max-sliced-wasserstein.js';
import type { sinkhornDivergence } from './sinkhorn-divergence.js';
import type { sinkhorn, sinkhornMatrix } from './sinkhorn.js';
import type { slicedWasserstein } from './sliced-wasserstein.js';

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  circleTransport: {
    options: options<Argument<typeof circleTransport, 2>>()(
      { p: 1, period: 1, signal: 1, weightsU: 1, weightsV: 1 },
      true,
    ),
  },
  displacementInterpolation: { a: ARRAY, b: ARRAY, plan: object(['rows', 'columns', 'masses']) },
  exactTransport: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof exactTransport, 2>>()(
      { ...CALL, cost: 1, memoryLimit: 1, method: 1, weightsA: 1, weightsB: 1 },
      true,
    ),
  },
  exactTransportMatrix: {
    costs: ARRAY,
    options: options<Argument<typeof exactTransportMatrix, 1>>()(
      { ...CALL, memoryLimit: 1, method: 1, weightsA: 1, weightsB: 1 },
      true,
    ),
  },
  fixedSupportBarycentre: {
    sites: ARRAY,
    measures: list(),
    options: options<Argument<typeof fixedSupportBarycentre, 2>>()({
      ...CALL,
      cost: 1,
      debiased: 1,
      epsilon: 1,
      maximumIterations: 1,
      reference: 1,
      tolerance: 1,
      weights: 1,
    }),
  },
  frechetDistance: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof frechetDistance, 2>>()({ ...CALL }, true),
  },
  freeSupportBarycentre: {
    clouds: list(),
    options: options<Argument<typeof freeSupportBarycentre, 1>>()(
      { ...CALL, epsilon: 1, initial: 1, maximumIterations: 1, pointWeights: 1, tolerance: 1, weights: 1 },
      true,
    ),
  },
  gaussianBarycentre: {
    gaussians: list(),
    options: options<Argument<typeof gaussianBarycentre, 1>>()(
      { ...CALL, maximumIterations: 1, tolerance: 1, weights: 1 },
      true,
    ),
  },
  gaussianGeodesic: {
    a: MIXTURE,
    b: MIXTURE,
    options: options<Argument<typeof gaussianGeodesic, 3>>()({ ...CALL }, true),
  },
  gaussianMixtureWasserstein: {
    a: MIXTURE,
    b: MIXTURE,
    options: options<Argument<typeof gaussianMixtureWasserstein, 2>>()({ ...CALL }, true),
  },
  gaussianWasserstein: {
    a: MIXTURE,
    b: MIXTURE,
    options: options<Argument<typeof gaussianWasserstein, 2>>()({ ...CALL }, true),
  },
  interpolateAlongMap: { x: ARRAY, image: ARRAY },
  lineTransport: {
    options: options<Argument<typeof lineTransport, 2>>()(
      { p: 1, signal: 1, weightsU: 1, weightsV: 1 },
      true,
    ),
  },
  maxSlicedWasserstein: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof maxSlicedWasserstein, 2>>()(
      { ...CALL, directions: 1, iterations: 1, p: 1, weightsA: 1, weightsB: 1 },
      true,
    ),
  },
  sinkhorn: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof sinkhorn, 2>>()({
      ...CALL,
      cost: 1,
      epsilon: 1,
      epsilonScaling: 1,
      initial: 1,
      marginalPenalty: 1,
      maximumIterations: 1,
      requireConvergence: 1,
      tolerance: 1,
      weightsA: 1,
      weightsB: 1,
    }),
  },
  sinkhornDivergence: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof sinkhornDivergence, 2>>()({
      ...CALL,
      cost: 1,
      epsilon: 1,
      epsilonScaling: 1,
      gradient: 1,
      initial: 1,
      marginalPenalty: 1,
      maximumIterations: 1,
      requireConvergence: 1,
      tolerance: 1,
      weightsA: 1,
      weightsB: 1,
    }),
  },
  sinkhornMatrix: {
    costs: ARRAY,
    options: options<Argument<typeof sinkhornMatrix, 1>>()({
      ...CALL,
      epsilon: 1,
      epsilonScaling: 1,
      initial: 1,
      marginalPenalty: 1,
      maximumIterations: 1,
      requireConvergence: 1,
      tolerance: 1,
      weightsA: 1,
      weightsB: 1,
    }),
  },
  slicedWasserstein: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof slicedWasserstein, 2>>()(
      { ...CALL, directions: 1, p: 1, weightsA: 1, weightsB: 1 },
      true,
    ),
  },
};
