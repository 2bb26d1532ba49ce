import type { Kernels } from '../contract.js';
import { loadAddon } from '../native/addon.js';
import { loadNative } from '../native/index.js';
import { linearKernels as nativeLinearKernels } from '../native/linear.js';
import { randomKernels } from '../native/random.js';
import { loadMpiAddon } from './addon.js';
import { linearKernels } from './linear.js';
import { momentKernels } from './moments.js';
import { neighbourKernels } from './neighbours.js';
import { posteriorKernels } from './posterior.js';
import { scoreKernels } from './score.js';
import { shareKernels } from './shares.js';
import { slicedKernels } from './sliced.js';
import { trainingKernels } from './training.js';
import { transportKernels } from './transport.js';
import { notOverRanks } from '../whole.js';
import { World } from './world.js';

/**
 * The native kernels in many processes of MPI. Every matrix of points that a kernel is given is this rank's share of the rows
 * of a cloud, as queries and centres alike: the sums are those of the whole, the results those of this rank's rows. Small
 * matrices, as axes and factors, are the same on all ranks. Row numbers count through the whole cloud. A single rank has
 * every native kernel; among several what does not run is UNSUPPORTED.
 *
 * @throws BACKEND_UNAVAILABLE where one of the addons is not there.
 */
export async function loadMpi(): Promise<Kernels> {
  const native = loadNative();
  const addon = loadAddon();
  const world = await World.start(loadMpiAddon());
  if (world.size === 1) return { ...native, name: 'mpi', ranks: world.ranks };
  return {
    ...unsupported(native),
    name: 'mpi',
    dtypes: native.dtypes,
    // Random numbers are those of a stream at the places that the caller names.
    ...randomKernels(addon),
    ...linearKernels(world, nativeLinearKernels(addon)),
    ...shareKernels(world),
    ...scoreKernels(world, addon),
    ...posteriorKernels(world, addon, native),
    ...neighbourKernels(world, addon, native),
    ...momentKernels(world, native),
    ...transportKernels(world, addon, native),
    ...slicedKernels(world, native),
    ...trainingKernels(world, addon),
  };
}

/** Kernels that only say that they do not run. */
function unsupported(native: Kernels): Kernels {
  const refusals = Object.entries(native).map(([name, member]: [string, unknown]) => [
    name,
    typeof member === 'function'
      ? () => Promise.reject(notOverRanks(`The kernel ${name} does not run`))
      : member,
  ]);
  return Object.fromEntries(refusals) as Kernels;
}
