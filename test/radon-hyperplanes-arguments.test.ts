import test from 'ava';
import { type NdArray, ndarray, zeros } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { loadBackend } from '../ts/kernel/backend.js';
import { loadAddon } from '../ts/kernel/native/addon.js';
import {
  type GridKernel,
  directionSet,
  hyperplaneProjector,
  inverseRadonTransform,
} from '../ts/radon/index.js';
import { sum } from './radon-helpers.js';

const KERNELS: readonly GridKernel[] = ['joseph', 'strip'];

const good = { directions: [[0, 0, 1]], shape: [4, 5, 6] };
const bad: [string, ErrorCode, object][] = [
  ['five dimensions', 'INVALID_SHAPE', { directions: [[1, 0, 0, 0, 0]], shape: [2, 2, 2, 2, 2] }],
  ['no dimension', 'INVALID_SHAPE', { shape: [] }],
  ['an empty axis', 'INVALID_SHAPE', { shape: [4, 0, 6] }],
  ['directions of another dimension', 'INVALID_SHAPE', { directions: [[0, 1]] }],
  ['no directions', 'INVALID_ARGUMENT', { directions: [] }],
  ['an empty array of directions', 'INVALID_ARGUMENT', { directions: zeros([0, 3]) }],
  ['directions missing', 'INVALID_ARGUMENT', { directions: undefined }],
  ['a direction of length 2', 'INVALID_ARGUMENT', { directions: [[0, 0, 2]] }],
  ['a direction with NaN', 'NON_FINITE', { directions: [[0, 0, NaN]] }],
  ['detectors that do not cover the grid', 'INVALID_SHAPE', { detector: { count: 3 } }],
  ['too many detectors', 'INVALID_SHAPE', { detector: { count: 2 ** 21 } }],
  ['a spacing of 0', 'INVALID_ARGUMENT', { detector: { spacing: 0 } }],
  ['a spacing of 5000 cells', 'INVALID_ARGUMENT', { detector: { spacing: 5000 } }],
  ['an infinite offset', 'INVALID_ARGUMENT', { detector: { offset: Infinity } }],
  ['a pixel size of 0', 'INVALID_ARGUMENT', { pixelSize: 0 }],
  ['an unknown kernel', 'INVALID_ARGUMENT', { kernel: 'cell' }],
  ['a grid beyond the memory', 'OUT_OF_MEMORY', { shape: [2 ** 13, 2 ** 13, 2 ** 13] }],
];
for (const [what, code, changes] of bad) {
  test(`hyperplaneProjector: ${what} is ${code}`, (t) => {
    const call = () => hyperplaneProjector({ ...good, ...changes });
    const error = t.throws(call, { instanceOf: RidgeflowError });
    t.is(error.code, code, error.message);
  });
}

test('calls of a projector: bad input', async (t) => {
  const projector = hyperplaneProjector(good);
  const code = async (call: Promise<unknown>) =>
    (await t.throwsAsync(call, { instanceOf: RidgeflowError })).code as string;
  t.is(await code(projector.project(zeros([4, 5, 7]))), 'INVALID_SHAPE');
  t.is(await code(projector.backproject(zeros([2, 9]))), 'INVALID_SHAPE');
  t.is(await code(projector.project(ndarray(new Float32Array(120).fill(NaN), [4, 5, 6]))), 'NON_FINITE');
  t.is(await code(projector.project(null as unknown as NdArray)), 'INVALID_ARGUMENT');
  t.throws(() => projector.select([1]), { instanceOf: RidgeflowError });
  t.throws(() => projector.select([]), { instanceOf: RidgeflowError });
  const data = zeros([1, 9]);
  const options = { ...good, detector: { truncated: true } };
  t.is(await code(inverseRadonTransform(zeros([2, 9]), options)), 'INVALID_SHAPE');
  t.is(await code(inverseRadonTransform(data, { ...options, directionWeights: [1, 2] })), 'INVALID_SHAPE');
  t.is(await code(inverseRadonTransform(data, { ...options, directionWeights: [-1] })), 'INVALID_ARGUMENT');
  t.is(await code(inverseRadonTransform(data, { ...options, filter: 'box' as 'hann' })), 'INVALID_ARGUMENT');
});

test('far offsets and long rows of detectors give zeros, not a crash', async (t) => {
  for (const kernel of KERNELS) {
    for (const offset of [1e6, -1e12, 1e300]) {
      const detector = { count: 3, offset, truncated: true };
      const projector = hyperplaneProjector({ ...good, kernel, detector });
      t.deepEqual(Array.from((await projector.project(zeros(good.shape))).data), [0, 0, 0]);
      const ones = ndarray(new Float32Array(3).fill(1), [1, 3]);
      t.true((await projector.backproject(ones)).data.every((value) => value === 0));
    }
    const long = hyperplaneProjector({ directions: [[1]], shape: [3], detector: { count: 5000 }, kernel });
    const { data } = await long.project(ndarray([1, 2, 3], [3], 'float64'));
    t.true(Math.abs(sum(data) - 6) < 1e-12);
  }
});

// Alone: the work of other tests on this thread would hold the timer up.
test.serial('an abort stops the call, and progress ends at 1', async (t) => {
  const shape = [96, 96, 96];
  const directions = directionSet(4000, 3, { kind: 'fibonacci' });
  const fractions: number[] = [];
  const few = hyperplaneProjector({ ...good, directions: directionSet(40, 3), shape: [40, 40, 40] });
  await few.project(zeros([40, 40, 40]), { onProgress: (fraction) => fractions.push(fraction) });
  t.is(fractions.at(-1), 1);
  for (const kernel of KERNELS) {
    for (const backend of ['native', 'tfjs-cpu'] as const) {
      await loadBackend(backend);
      const projector = hyperplaneProjector({ directions, shape, kernel });
      for (const run of ['project', 'backproject'] as const) {
        const input = zeros(run === 'project' ? shape : projector.dataShape);
        input.data.fill(1);
        const call = projector[run](input, { backend, signal: AbortSignal.timeout(30) });
        t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, 'ABORTED');
      }
    }
  }
});

test('the addon refuses arguments that do not fit, and does not crash', (t) => {
  const addon = loadAddon();
  const arguments_ = {
    ...{ extent0: 1, extent1: 1, extent2: 2, extent3: 3 },
    steps: Float64Array.of(0, 0, 0.6, 0.8),
    directionCount: 1,
    detectorCount: 4,
    firstDetector: -1.5,
    detectorSpacing: 1,
    cellVolume: 1,
    kernel: 2,
    knotCount: 3,
    degree: 1,
    knots: Float64Array.of(-1, 0, 1),
    coefficients: new Float64Array(4),
    values: new Float32Array(6),
    projections: new Float32Array(4),
  };
  t.notThrows(() => addon.projectHyperplanes(arguments_));
  for (const changes of [
    { extent0: 0 },
    { extent2: 3 },
    { extent3: 2 ** 21 },
    { steps: new Float64Array(4) },
    { steps: Float64Array.of(0, NaN, 0, 1) },
    { directionCount: 2 },
    { detectorCount: 5 },
    { detectorSpacing: 0 },
    { firstDetector: Infinity },
    { kernel: 0 },
    { kernel: 4 },
    { knotCount: 1 },
    { knots: Float64Array.of(1, 0, -1) },
    { knots: Float64Array.of(-1, 0, 1e9) },
    { coefficients: new Float64Array(3) },
    { values: new Float64Array(6) },
    { projections: undefined },
  ]) {
    t.throws(() => addon.projectHyperplanes({ ...arguments_, ...changes }), { instanceOf: TypeError });
    t.throws(() => addon.backprojectHyperplanes({ ...arguments_, ...changes }), { instanceOf: TypeError });
  }
});
