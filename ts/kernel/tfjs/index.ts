import { ALONE } from '../alone.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import type { Kernels } from '../contract.js';
import { distanceSums } from './distances.js';
import { ENGINES, loadEngine, type Engine, type EngineName } from './engine.js';
import { finiteRadon } from './finite-radon.js';
import {
  firstNonFinite,
  linearCombination,
  lowerTriangularProduct,
  matmul,
  scaledError,
  signedSums,
  solvePositiveDefinite,
  squaredRowLengths,
  symmetricEigen,
} from './linear.js';
import { centredRows, covariance, groupMoments } from './moments.js';
import { countWithin, largestDifferences } from './differences.js';
import { nearestNeighbours } from './neighbours.js';
import { binProjections, projectionExtents } from './projections.js';
import { backprojectBeam, filterRows, projectBeam } from './radon.js';
import { convolveProjections } from './convolve-projections.js';
import { activate, ridgeSum } from './ridgelet.js';
import { backprojectHyperplanes, projectHyperplanes } from './radon-hyperplanes.js';
import {
  backprojectFan,
  backprojectLineIntegrals,
  backprojectXray,
  integrateLines,
  projectXray,
} from './radon-lines.js';
import { posteriorCovarianceProduct } from './posterior.js';
import { normals } from './random.js';
import { score } from './score.js';
import { networkLoss, trainNetwork } from './training.js';
import { transportKernels } from './transport.js';
import { isError } from '../../core/realm.js';

/**
 * The kernels on TensorFlow.js, in float32: on the engine asked for, or with `tfjs` on the first that loads of
 * tfjs-node (where the user has installed it), wasm and cpu. TensorFlow.js is not imported before this is called.
 * Computation is on the main thread; it gives way to the event loop every 20 ms.
 *
 * @throws RidgeflowError BACKEND_UNAVAILABLE, with the reason for each engine tried, where none loads.
 */
export async function loadTfjs(engine: 'tfjs' | EngineName): Promise<Kernels> {
  const candidates: readonly EngineName[] = engine === 'tfjs' ? ENGINES : [engine];
  if (!candidates.every((name) => ENGINES.includes(name))) {
    throw invalidArgument('engine', `'tfjs', ${ENGINES.map((name) => `'${name}'`).join(' or ')}`, engine);
  }
  const reasons: Record<string, string> = {};
  for (const name of candidates) {
    try {
      return kernelsOn(await loadEngine(name));
    } catch (cause) {
      reasons[name] = reasonOf(cause);
    }
  }
  const attempts = Object.entries(reasons).map(([name, reason]) => `${name}: ${reason}`);
  throw new RidgeflowError(
    'BACKEND_UNAVAILABLE',
    `Cannot load the ${engine} backend (${attempts.join('; ')}). ${remedy(engine)}`,
    { details: { engine, reasons } },
  );
}

function remedy(engine: 'tfjs' | EngineName): string {
  return engine === 'tfjs-node'
    ? "Install it with `npm install @tensorflow/tfjs-node`, or ask for backend 'tfjs', which takes the best engine there is"
    : 'Its packages come with this one: reinstall it with its dependencies';
}

function reasonOf(cause: unknown): string {
  if (!isError(cause)) return String(cause);
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return 'its package is not installed';
  return cause.message.split('\n', 1)[0];
}

function kernelsOn(engine: Engine): Kernels {
  return {
    name: engine.name,
    dtypes: ['float32'],
    ...ALONE,
    score: (problem, run) => score(engine, problem, run),
    nearestNeighbours: (problem, run) =>
      problem.norm === 'maximum' ? largestDifferences(problem, run) : nearestNeighbours(engine, problem, run),
    countWithin,
    matmul: (problem, run) => matmul(engine, problem, run),
    distanceSums,
    covariance,
    centredRows,
    groupMoments,
    symmetricEigen,
    signedSums,
    solvePositiveDefinite,
    lowerTriangularProduct,
    squaredRowLengths,
    scaledError,
    normals,
    posteriorCovarianceProduct,
    projectBeam,
    backprojectBeam,
    filterRows,
    binProjections: (problem, run) => binProjections(engine, problem, run),
    projectionExtents: (problem, run) => projectionExtents(engine, problem, run),
    ridgeSum: (problem, run) => ridgeSum(engine, problem, run),
    activate,
    convolveProjections,
    finiteRadon,
    projectHyperplanes,
    backprojectHyperplanes,
    integrateLines,
    backprojectLineIntegrals,
    projectXray,
    backprojectXray,
    backprojectFan,
    linearCombination,
    firstNonFinite,
    trainNetwork: (problem, run) => trainNetwork(engine, problem, run),
    networkLoss: (problem, run) => networkLoss(engine, problem, run),
    ...transportKernels(engine),
  };
}
