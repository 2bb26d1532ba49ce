import type { DType } from '../core/array.js';
import type { DistanceKernels } from './contract/distances.js';
import type { FiniteRadonKernels } from './contract/finite-radon.js';
import type { LinearKernels } from './contract/linear.js';
import type { MomentKernels } from './contract/moments.js';
import type { NeighbourKernels } from './contract/neighbours.js';
import type { PosteriorKernels } from './contract/posterior.js';
import type { RadonKernels } from './contract/radon.js';
import type { RandomKernels } from './contract/random.js';
import type { RidgeletKernels } from './contract/ridgelet.js';
import type { RadonGeometryKernels } from './contract/radon-geometry.js';
import type { ShareKernels } from './contract/shares.js';
import type { ScoreKernels } from './contract/score.js';
import type { TrainingKernels } from './contract/training.js';
import type { TransportKernels } from './contract/transport.js';

export type { Matrix, RunControl } from './contract/control.js';
export type { LinearTerm, ScaledErrorProblem } from './contract/linear.js';
export type { NeighbourResult, Norm } from './contract/neighbours.js';
export type { ParallelBeamProblem, ProjectionBins } from './contract/radon.js';
export type { ConvolveProjectionsProblem, Nonlinearity, RidgeSumProblem } from './contract/ridgelet.js';
export type {
  CellShadows,
  FanProblem,
  HyperplaneProblem,
  LineProblem,
  RadonGeometryKernels,
  XrayProblem,
} from './contract/radon-geometry.js';
export type { PosteriorCovarianceProblem } from './contract/posterior.js';
export type { ScoreProblem, ScoreResult } from './contract/score.js';
export type { PairProblem, SlicedProblem } from './contract/transport.js';

/**
 * The primitives that are worth native speed. Each backend implements all of them; the mathematics in ts/ is written
 * once, on these. Arguments reach a kernel already checked: shapes agree, dtypes agree, values are finite, sizes are
 * positive. Nothing of size rows × rows is ever stored: memory is linear in the number of points.
 */
export interface Kernels
  extends
    ScoreKernels,
    ShareKernels,
    PosteriorKernels,
    NeighbourKernels,
    DistanceKernels,
    LinearKernels,
    MomentKernels,
    RadonKernels,
    RadonGeometryKernels,
    RandomKernels,
    RidgeletKernels,
    FiniteRadonKernels,
    TrainingKernels,
    TransportKernels {
  readonly name: 'native' | 'tfjs-node' | 'tfjs-wasm' | 'tfjs-cpu' | 'mpi';
  /** Element types that the backend computes in. */
  readonly dtypes: readonly DType[];
}
