import { ALONE } from '../alone.js';
import type { Kernels } from '../contract.js';
import { loadAddon } from './addon.js';
import { distanceKernels } from './distances.js';
import { finiteRadonKernels } from './finite-radon.js';
import { linearKernels } from './linear.js';
import { momentKernels } from './moments.js';
import { neighbourKernels } from './neighbours.js';
import { radonKernels } from './radon.js';
import { ridgeletKernels } from './ridgelet.js';
import { radonGeometryKernels } from './radon-geometry.js';
import { posteriorKernels } from './posterior.js';
import { randomKernels } from './random.js';
import { scoreKernels } from './score.js';
import { trainingKernels } from './training.js';
import { transportKernels } from './transport.js';

/** The C++ kernels. Throws BACKEND_UNAVAILABLE where the addon cannot be loaded. */
export function loadNative(): Kernels {
  const addon = loadAddon();
  return {
    name: 'native',
    dtypes: ['float32', 'float64'],
    ...ALONE,
    ...scoreKernels(addon),
    ...posteriorKernels(addon),
    ...randomKernels(addon),
    ...neighbourKernels(addon),
    ...distanceKernels(addon),
    ...linearKernels(addon),
    ...momentKernels(addon),
    ...radonKernels(addon),
    ...ridgeletKernels(addon),
    ...finiteRadonKernels(addon),
    ...trainingKernels(addon),
    ...transportKernels(addon),
    ...radonGeometryKernels(addon),
  };
}
