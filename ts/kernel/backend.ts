import type { DType } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { BACKEND_NAMES, type BackendName, type CallOptions } from '../core/options.js';
import type { Kernels } from './contract.js';
import { loadNative } from './native/index.js';
import { observed } from './observed.js';
import { comparableOptions, notOverRanks } from './whole.js';

const loads = new Map<BackendName, Promise<Kernels>>();
let fallback: Promise<Kernels> | undefined;

/** Loads one backend, once. Throws BACKEND_UNAVAILABLE with the reasons, or INVALID_ARGUMENT for an unknown name. */
export function loadBackend(name: BackendName): Promise<Kernels> {
  if (!BACKEND_NAMES.includes(name))
    throw invalidArgument('backend', `one of ${BACKEND_NAMES.join(', ')}`, name);
  let load = loads.get(name);
  if (!load) {
    // The engines of TensorFlow.js take long to import: only who needs them pays.
    load =
      name === 'native'
        ? (async () => observed(loadNative()))()
        : name === 'mpi'
          ? import('./mpi/index.js').then(async ({ loadMpi }) => observed(await loadMpi()))
          : import('./tfjs/index.js').then(async ({ loadTfjs }) => observed(await loadTfjs(name)));
    loads.set(name, load);
  }
  return load;
}

/** The backend that RIDGEFLOW_BACKEND names, if any. Throws INVALID_ARGUMENT for an unknown name. */
export function backendFromEnvironment(): BackendName | undefined {
  const name = process.env.RIDGEFLOW_BACKEND;
  if (name === undefined || name === '') return undefined;
  if (!(BACKEND_NAMES as readonly string[]).includes(name))
    throw invalidArgument('RIDGEFLOW_BACKEND', `one of ${BACKEND_NAMES.join(', ')}`, name);
  return name as BackendName;
}

/**
 * The kernels a call runs on: the option `backend`, else RIDGEFLOW_BACKEND, else native, else tfjs (said once on
 * standard error). Throws UNSUPPORTED where the backend does not compute in `dtype`, or where rows are spread over ranks and
 * the caller does not say that its sums are those of all ranks.
 *
 * @param rows `spread` of a call whose mathematics asks the backend (contract/shares.ts) for what concerns the whole cloud: its
 *   options are compared over the ranks; `own` of one that treats each row by itself, so that a rank needs no other.
 */
export async function kernelsFor(
  options: CallOptions,
  dtype?: DType,
  rows?: 'spread' | 'own',
): Promise<Kernels> {
  const kernels = await chosenKernels(options, dtype);
  if (kernels.ranks.size === 1) return kernels;
  if (rows === 'spread') {
    await kernels.checkSame(comparableOptions(options));
    return kernels;
  }
  if (rows === 'own') return loadBackend('native');
  throw notOverRanks('This call does not run');
}

/** Whether a call of these options runs over ranks that each hold some rows. */
export async function runsOverRanks(options: CallOptions): Promise<boolean> {
  return (await chosenKernels(options)).ranks.size > 1;
}

async function chosenKernels(options: CallOptions, dtype?: DType): Promise<Kernels> {
  const name = options.backend ?? backendFromEnvironment();
  const kernels = await (name === undefined ? nativeOrFallback() : loadBackend(name));
  if (dtype !== undefined && !kernels.dtypes.includes(dtype)) {
    throw new RidgeflowError(
      'UNSUPPORTED',
      `The backend ${kernels.name} has no ${dtype}: use the native backend, or dtype ${kernels.dtypes.join(' or ')}`,
      { details: { backend: kernels.name, dtype } },
    );
  }
  return kernels;
}

async function nativeOrFallback(): Promise<Kernels> {
  if (fallback) return fallback;
  try {
    return await loadBackend('native');
  } catch (error) {
    if (!(error instanceof RidgeflowError) || error.code !== 'BACKEND_UNAVAILABLE') throw error;
    fallback ??= loadBackend('tfjs').then((kernels) => {
      process.stderr.write(
        `ridgeflow: using ${kernels.name}, which is slow. ${error.message}. See: ridgeflow doctor\n`,
      );
      return kernels;
    });
    return fallback;
  }
}

/** Every backend within one process that loads on this machine, native first. Slow: it imports every engine. */
export async function availableBackends(): Promise<Kernels[]> {
  const settled = await Promise.allSettled(
    ['native', 'tfjs-node', 'tfjs-wasm', 'tfjs-cpu'].map((name) => loadBackend(name as BackendName)),
  );
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
