import {
  listOf,
  ARRAY,
  ARRAY_OPTIONAL,
  CALL,
  FLAG,
  LIST,
  NUMBER,
  TEXT,
  ifObject,
  list,
  object,
  options,
  type Argument,
} from '../core/rules.js';
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

/** Potentials, or a plan, which has them. */
const POTENTIALS = object(['f', 'g'], true);

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  circleTransport: {
    options: options<Argument<typeof circleTransport, 2>>()(
      { p: NUMBER, period: NUMBER, signal: 1, weightsA: 1, weightsB: 1 },
      true,
    ),
  },
  displacementInterpolation: { a: ARRAY, b: ARRAY, plan: object(['rows', 'columns', 'masses']) },
  exactTransport: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof exactTransport, 2>>()(
      { ...CALL, cost: TEXT, memoryLimit: NUMBER, method: TEXT, weightsA: 1, weightsB: 1 },
      true,
    ),
  },
  exactTransportMatrix: {
    costs: ARRAY,
    options: options<Argument<typeof exactTransportMatrix, 1>>()(
      { ...CALL, memoryLimit: NUMBER, method: TEXT, weightsA: 1, weightsB: 1 },
      true,
    ),
  },
  fixedSupportBarycentre: {
    sites: ARRAY,
    measures: list(),
    options: options<Argument<typeof fixedSupportBarycentre, 2>>()({
      ...CALL,
      cost: TEXT,
      debiased: FLAG,
      epsilon: NUMBER,
      maximumIterations: NUMBER,
      reference: TEXT,
      tolerance: NUMBER,
      weights: 1,
    }),
  },
  frechetDistance: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof frechetDistance, 2>>()({ ...CALL }, true),
  },
  freeSupportBarycentre: {
    clouds: listOf(ARRAY),
    options: options<Argument<typeof freeSupportBarycentre, 1>>()(
      {
        ...CALL,
        epsilon: NUMBER,
        initial: ifObject(ARRAY_OPTIONAL),
        maximumIterations: NUMBER,
        pointWeights: LIST,
        tolerance: NUMBER,
        weights: 1,
      },
      true,
    ),
  },
  gaussianBarycentre: {
    gaussians: list(),
    options: options<Argument<typeof gaussianBarycentre, 1>>()(
      { ...CALL, maximumIterations: NUMBER, tolerance: NUMBER, weights: 1 },
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
      { p: NUMBER, signal: 1, weightsA: 1, weightsB: 1 },
      true,
    ),
  },
  maxSlicedWasserstein: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof maxSlicedWasserstein, 2>>()(
      { ...CALL, directions: NUMBER, maximumIterations: NUMBER, p: NUMBER, weightsA: 1, weightsB: 1 },
      true,
    ),
  },
  sinkhorn: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof sinkhorn, 2>>()({
      ...CALL,
      cost: TEXT,
      epsilon: NUMBER,
      epsilonScaling: 1,
      initial: POTENTIALS,
      marginalPenalty: NUMBER,
      maximumIterations: NUMBER,
      requireConvergence: FLAG,
      tolerance: NUMBER,
      weightsA: 1,
      weightsB: 1,
    }),
  },
  sinkhornDivergence: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof sinkhornDivergence, 2>>()({
      ...CALL,
      cost: TEXT,
      epsilon: NUMBER,
      epsilonScaling: 1,
      gradient: FLAG,
      initial: POTENTIALS,
      marginalPenalty: NUMBER,
      maximumIterations: NUMBER,
      requireConvergence: FLAG,
      tolerance: NUMBER,
      weightsA: 1,
      weightsB: 1,
    }),
  },
  sinkhornMatrix: {
    costs: ARRAY,
    options: options<Argument<typeof sinkhornMatrix, 1>>()({
      ...CALL,
      epsilon: NUMBER,
      epsilonScaling: 1,
      initial: POTENTIALS,
      marginalPenalty: NUMBER,
      maximumIterations: NUMBER,
      requireConvergence: FLAG,
      tolerance: NUMBER,
      weightsA: 1,
      weightsB: 1,
    }),
  },
  slicedWasserstein: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof slicedWasserstein, 2>>()(
      { ...CALL, directions: ifObject(ARRAY_OPTIONAL), p: NUMBER, weightsA: 1, weightsB: 1 },
      true,
    ),
  },
};
