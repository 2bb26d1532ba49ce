import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { FloatData } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import { type AddonPlace, addonPlaces } from './locate.js';
import { processorsForThisProcess } from './processors.js';

/** What the addon says of itself. */
export interface AddonInfo {
  blasCore: string;
  blas: string;
  simd: string;
  threads: number;
  compiler: string;
}

type Arguments = Record<string, FloatData | Int32Array | number | boolean | undefined>;
/** Undefined where the work was small enough to be done at once. */
type Finished = Promise<undefined> | undefined;

/** What a processor does at most on all threads, of elements of one type: what kernels are held against. */
export interface ProcessorPeaks {
  multiplyAddsPerSecond: number;
  exponentialsPerSecond: number;
  /** Read from memory. */
  bytesPerSecond: number;
}

/** The functions of bindings/addon.hpp. */
export interface Addon {
  score(problem: Arguments): Finished;
  addScorePart(problem: Arguments): Finished;
  writeScoreSums(problem: Arguments): Finished;
  nearestNeighbours(problem: Arguments): Finished;
  addNeighbourPart(problem: Arguments): Finished;
  distanceSums(problem: Arguments): Finished;
  countWithin(problem: Arguments): Finished;
  matmul(problem: Arguments): Finished;
  signedSums(problem: Arguments): Finished;
  covariance(problem: Arguments): Finished;
  centredRows(problem: Arguments): Finished;
  groupMoments(problem: Arguments): Finished;
  symmetricEigen(problem: Arguments): Finished;
  solvePositiveDefinite(problem: Arguments): Finished;
  trainNetwork(problem: Arguments): Finished;
  networkLoss(problem: Arguments): Finished;
  projectBeam(problem: Arguments): Finished;
  backprojectBeam(problem: Arguments): Finished;
  filterRows(problem: Arguments): Finished;
  binProjections(problem: Arguments): Finished;
  projectionExtents(problem: Arguments): Finished;
  ridgeSum(problem: Arguments): Finished;
  activate(problem: Arguments): Finished;
  convolveProjections(problem: Arguments): Finished;
  finiteRadon(problem: Arguments): Finished;
  softmin(problem: Arguments): Finished;
  addSoftminPart(problem: Arguments): Finished;
  planRows(problem: Arguments): Finished;
  planCosts(problem: Arguments): Finished;
  matrixPlanCosts(problem: Arguments): Finished;
  matrixSoftmin(problem: Arguments): Finished;
  projectHyperplanes(problem: Arguments): Finished;
  backprojectHyperplanes(problem: Arguments): Finished;
  integrateLines(problem: Arguments): Finished;
  backprojectLineIntegrals(problem: Arguments): Finished;
  projectXray(problem: Arguments): Finished;
  backprojectXray(problem: Arguments): Finished;
  backprojectFan(problem: Arguments): Finished;
  posteriorCovarianceProduct(problem: Arguments): Finished;
  addCovariancePart(problem: Arguments): Finished;
  normals(problem: Arguments): Finished;
  lowerTriangularProduct(problem: Arguments): Finished;
  pairCosts(problem: Arguments): Finished;
  assignment(problem: Arguments): Finished;
  networkSimplex(problem: Arguments): Finished;
  slicedDistances(problem: Arguments): Finished;
  linearCombination(problem: { out: FloatData; coefficients: Float64Array; arrays: FloatData[] }): void;
  squaredRowLengths(problem: Arguments): void;
  scaledError(problem: {
    coefficients: Float64Array;
    arrays: FloatData[];
    a: FloatData;
    b: FloatData;
    rows: number;
    columns: number;
    relative: number;
    absolute: number;
    out: Float64Array;
  }): void;
  firstNonFinite(data: FloatData): number;
  info(): AddonInfo;
  setThreads(count: number): void;
  /** Keeps kernels from better instruction sets than this. Returns what was expected where there is none such. */
  setSimd(name: string): string | undefined;
  gemmRate(problem: { float64: boolean; size: number; threads: number; repetitions: number }): number;
  /** What the processor does at most on all threads. It blocks for a tenth of a second. */
  peaks(problem: { float64: boolean }): ProcessorPeaks;
}

/**
 * The OpenBLAS kernels to ask for. OpenBLAS takes its AVX2 kernels on processors with AVX-512 that are newer than it
 * is; its AVX-512 kernels are then about twice as fast. Undefined: its own choice stands.
 */
export function preferredBlasCore(cpuinfo: string): string | undefined {
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1].split(/\s+/) ?? [];
  const needed = ['avx512f', 'avx512dq', 'avx512bw', 'avx512vl', 'avx512cd'];
  return needed.every((flag) => flags.includes(flag)) ? 'SkylakeX' : undefined;
}

/**
 * The OpenBLAS kernels to ask for instead of those for SME, of any OpenBLAS: products by the armv9sme kernels of 0.3.34 are wrong
 * on QEMU's processor with SME, in float32 and float64, where those for SVE are right. Undefined: its own choice stands.
 */
export function blasCoreWithoutSme(cpuinfo: string): string | undefined {
  const features = /^Features\s*:(.*)$/m.exec(cpuinfo)?.[1].split(/\s+/) ?? [];
  if (!features.includes('sme')) return undefined;
  return features.includes('sve') ? 'NEOVERSEV1' : 'NEOVERSEN1';
}

/** The start of what Linux says of the processor; empty elsewhere. */
export function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8').slice(0, 1 << 16);
  } catch {
    return ''; // not Linux: OpenBLAS chooses
  }
}

/** Threads that kernels may use: RIDGEFLOW_THREADS, else as many as this process may run at once. */
function defaultThreads(): number {
  const given = process.env.RIDGEFLOW_THREADS;
  if (given === undefined || given === '') return processorsForThisProcess();
  const count = Number(given);
  if (!Number.isInteger(count) || count < 1 || count > 1024) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected a whole number from 1 to 1024 for RIDGEFLOW_THREADS but received "${given}"`,
    );
  }
  return count;
}

/** Keeps kernels from instruction sets better than RIDGEFLOW_SIMD, where it is given: `avx2`, `sse4`. */
function limitSimd(addon: Addon): void {
  const given = process.env.RIDGEFLOW_SIMD;
  if (given === undefined || given === '') return;
  const expected = addon.setSimd(given);
  if (expected !== undefined) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected ${expected} for RIDGEFLOW_SIMD but received "${given}"`,
    );
  }
}

/** Runs `body` with environment variables that are unset set to these values, and takes them away again. */
function withEnvironment<R>(variables: Record<string, string | undefined>, body: () => R): R {
  const added = Object.entries(variables).filter(
    ([name, value]) => value !== undefined && process.env[name] === undefined,
  );
  for (const [name, value] of added) process.env[name] = value;
  try {
    return body();
  } finally {
    for (const [name] of added) delete process.env[name];
  }
}

let loaded: Addon | RidgeflowError | undefined;
let origin: AddonPlace['origin'] | undefined;

/** Loads the addon, once. Throws BACKEND_UNAVAILABLE with the reason of every attempt. */
export function loadAddon(): Addon {
  if (loaded === undefined) loaded = tryToLoad();
  if (loaded instanceof RidgeflowError) throw loaded;
  return loaded;
}

/** Where the addon in use came from; undefined where none is. */
export function addonOrigin(): AddonPlace['origin'] | undefined {
  return origin;
}

/** What is in `details.attempts` of the error: one place where the addon could have been, and why it is not in use. */
export interface AddonAttempt {
  origin: AddonPlace['origin'];
  /** The file that is there and does not load. */
  path?: string;
  reason: string;
  /** Node's permission model lets no addon load. */
  disabled?: boolean;
}

function tryToLoad(): Addon | RidgeflowError {
  const attempts: AddonAttempt[] = [];
  for (const place of addonPlaces()) {
    if (place.path === undefined) {
      attempts.push({ origin: place.origin, reason: place.absent ?? 'not there' });
      continue;
    }
    try {
      const addon = loadFrom(place.path, place.origin);
      origin = place.origin;
      return addon;
    } catch (error) {
      if (error instanceof RidgeflowError) return error;
      const [problem] = (error as Error).message.split('\n');
      const disabled = (error as { code?: string }).code === 'ERR_DLOPEN_DISABLED';
      const reason = `${place.path}: ${problem}${disabled ? ' Start Node.js with --allow-addons' : ''}`;
      attempts.push({ origin: place.origin, path: place.path, reason, ...(disabled && { disabled }) });
    }
  }
  return new RidgeflowError(
    'BACKEND_UNAVAILABLE',
    `The native addon cannot be loaded: ${attempts.map(({ reason }) => reason).join('; ')}`,
    { details: { attempts } },
  );
}

function loadFrom(path: string, from: AddonPlace['origin']): Addon {
  const require = createRequire(import.meta.url);
  // OpenBLAS reads both once, while it loads. Its own threads would only get in the way of ours. The system's OpenBLAS
  // may be older than the processor; the one in a platform package knows it.
  const cpuinfo = readCpuInfo();
  const core =
    blasCoreWithoutSme(cpuinfo) ?? (from === 'platform package' ? undefined : preferredBlasCore(cpuinfo));
  const environment = { OPENBLAS_CORETYPE: core, OPENBLAS_NUM_THREADS: '1' };
  const addon = withEnvironment(environment, () => require(path) as Addon);
  addon.setThreads(defaultThreads());
  limitSimd(addon);
  return addon;
}
