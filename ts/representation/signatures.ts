import { ARRAY, CALL, type Argument, list, options, FLAG, NUMBER } from '../core/rules.js';
import type { centredKernelAlignment } from './alignment.js';
import type { effectiveRank } from './effective-rank.js';
import type { fisherRatio } from './fisher-ratio.js';
import type { linearProbe } from './linear-probe.js';
import type { nearestNeighbourAccuracy } from './neighbour-accuracy.js';
import type { separability } from './separability.js';
import type { silhouette } from './silhouette.js';

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  centredKernelAlignment: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof centredKernelAlignment, 2>>()({ ...CALL, debiased: FLAG }, true),
  },
  effectiveRank: { points: ARRAY, options: options<Argument<typeof effectiveRank, 1>>()({ ...CALL }, true) },
  fisherRatio: {
    points: ARRAY,
    labels: list(),
    options: options<Argument<typeof fisherRatio, 2>>()({ ...CALL }, true),
  },
  linearProbe: {
    points: ARRAY,
    labels: list(),
    options: options<Argument<typeof linearProbe, 2>>()({ ...CALL, folds: NUMBER, ridge: 1 }, true),
  },
  nearestNeighbourAccuracy: {
    points: ARRAY,
    labels: list(),
    options: options<Argument<typeof nearestNeighbourAccuracy, 2>>()({ ...CALL, k: NUMBER }, true),
  },
  separability: {
    points: ARRAY,
    labels: list(),
    options: options<Argument<typeof separability, 2>>()({ ...CALL }, true),
  },
  silhouette: {
    points: ARRAY,
    labels: list(),
    options: options<Argument<typeof silhouette, 2>>()({ ...CALL }, true),
  },
};
