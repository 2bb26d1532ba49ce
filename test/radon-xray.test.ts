import test from 'ava';
import { ndarray, zeros } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { loadBackend } from '../ts/kernel/backend.js';
import { loadAddon } from '../ts/kernel/native/addon.js';
import { gaussian } from '../ts/measure/index.js';
import {
  axialDirections,
  cgls,
  directionSet,
  equalAngles,
  filteredBackprojectionSlices,
  integrateEllipsoids,
  integrateMixture,
  radonTransform,
  rasterise,
  sart,
  sheppLogan,
  sirt,
  xrayLines,
  xrayProjector,
} from '../ts/radon/index.js';
import { BACKENDS, adjointError, normals, relativeError, sampled, sum } from './radon-helpers.js';
import { Random } from './reference/random.js';

const measure = gaussian({
  mean: [0.1, -0.15, 0.05],
  covariance: [
    [0.02, 0.004, 0],
    [0.004, 0.025, 0.003],
    [0, 0.003, 0.018],
  ],
});

for (const [backend, dtype] of BACKENDS) {
  test(`${backend} ${dtype}: backproject is the transpose of project`, async (t) => {
    const random = new Random(111);
    for (let round = 0; round < 10; round++) {
      const axes = [
        [1, 0, 0],
        [0, 0, -1],
      ];
      const projector = xrayProjector({
        shape: [1 + random.integer(9), 1 + random.integer(9), 1 + random.integer(9)],
        directions: round % 3 === 0 ? axes : directionSet(1 + random.integer(5), 3, { seed: round }),
        pixelSize: 0.1 + random.uniform(),
        detector: {
          shape: [1 + random.integer(9), 1 + random.integer(12)],
          spacing: 0.2 + random.uniform(),
          offset: [random.normal(), random.normal()],
          truncated: true,
        },
      });
      const error = await adjointError(projector, random, [backend, dtype] as (typeof BACKENDS)[number]);
      t.true(error < 100, `round ${round}: ${error} roundings`);
    }
  });
}

test('the projections of a Gaussian converge at second order, from any direction', async (t) => {
  const errors: number[] = [];
  for (const n of [16, 32, 64]) {
    const options = { shape: [n, n, n], directions: directionSet(7, 3, { seed: 1 }), pixelSize: 2 / n };
    const data = await xrayProjector(options).project(await sampled(measure, options.shape, 2 / n));
    errors.push(relativeError(data, integrateMixture(measure, xrayLines(options))));
  }
  const order = Math.log2(errors[1] / errors[2]);
  t.true(errors[2] < 0.01 && order > 1.8 && order < 2.4, errors.join(', '));
});

test('the projections of the phantom converge, and each holds its mass', async (t) => {
  const phantom = sheppLogan({ dimension: 3 });
  const errors: number[] = [];
  for (const n of [16, 32, 64]) {
    const options = { shape: [n, n, n], directions: directionSet(7, 3, { seed: 2 }), pixelSize: 2 / n };
    const volume = rasterise(phantom, { shape: options.shape, subsamples: 4, dtype: 'float64' });
    const data = await xrayProjector(options).project(volume);
    errors.push(relativeError(data, integrateEllipsoids(phantom, xrayLines(options))));
    const mass = sum(volume.data) * (2 / n) ** 3;
    const rays = data.shape[1] * data.shape[2];
    for (let view = 0; view < 7; view++) {
      const seen = sum(data.data.subarray(view * rays, (view + 1) * rays)) * (2 / n) ** 2;
      t.true(Math.abs(seen / mass - 1) < 0.02, `${n}: ${seen / mass}`);
    }
  }
  t.true(errors[2] < 0.09 && errors[2] < 0.5 * errors[0], errors.join(', '));
});

test('about z it is the parallel beam of every slice', async (t) => {
  const volume = normals(new Random(112), [5, 11, 14], 'float64');
  const angles = equalAngles(9, 7);
  const detector = { spacing: 1, shape: [5, 21] as const };
  const projector = xrayProjector({ shape: volume.shape, directions: axialDirections(angles), detector });
  t.deepEqual(projector.dataShape, [9, 5, 21]);
  t.deepEqual(
    xrayProjector({ shape: volume.shape, directions: axialDirections(angles) }).dataShape.slice(0, 2),
    [9, 5],
  );
  const { data } = await projector.project(volume);
  for (let slice = 0; slice < 5; slice++) {
    const image = ndarray(volume.data.subarray(slice * 154, (slice + 1) * 154), [11, 14]);
    const flat = await radonTransform(image, { angles, detector: { count: 21 } });
    flat.data.forEach((value, i) => {
      const here = data[(Math.floor(i / 21) * 5 + slice) * 21 + (i % 21)];
      t.true(Math.abs(here - value) < 1e-11, `slice ${slice}, ray ${i}: ${here}, expected ${value}`);
    });
  }
});

test('filteredBackprojectionSlices: the phantom comes back', async (t) => {
  const n = 32;
  const phantom = sheppLogan({ dimension: 3 });
  const angles = equalAngles(96);
  const options = { shape: [n, n, n], pixelSize: 2 / n };
  const data = integrateEllipsoids(phantom, xrayLines({ ...options, directions: axialDirections(angles) }));
  const fractions: number[] = [];
  const volume = await filteredBackprojectionSlices(data, {
    ...options,
    angles,
    detector: { truncated: true },
    filter: 'shepp-logan',
    onProgress: (fraction) => fractions.push(fraction),
  });
  const truth = rasterise(phantom, { shape: options.shape, dtype: 'float64' });
  t.deepEqual(volume.shape, truth.shape);
  t.true(relativeError(volume, truth) < 0.45, `${relativeError(volume, truth)}`);
  t.true(Math.abs(sum(volume.data) / sum(truth.data) - 1) < 0.05);
  t.is(fractions.at(-1), 1);
  t.true(fractions.every((value, i) => i === 0 || value >= fractions[i - 1]));
  const wrong = filteredBackprojectionSlices(data, { ...options, shape: [n + 1, n, n], angles });
  t.is((await t.throwsAsync(wrong, { instanceOf: RidgeflowError })).code, 'INVALID_SHAPE');
});

test('iterative methods invert the X-ray transform from directions all around', async (t) => {
  const shape = [9, 8, 7];
  const truth = rasterise(sheppLogan({ dimension: 3 }), { shape, dtype: 'float64' });
  const projector = xrayProjector({ shape, directions: directionSet(24, 3, { kind: 'fibonacci' }) });
  const data = await projector.project(truth);
  const results = {
    cgls: (await cgls(data, { projector, iterations: 80 })).image,
    sirt: (await sirt(data, { projector, iterations: 100, nonNegative: true })).image,
    sart: (await sart(data, { projector, iterations: 5, nonNegative: true })).image,
  };
  for (const [name, image] of Object.entries(results)) {
    const error = relativeError(image, truth);
    t.true(error < (name === 'cgls' ? 1e-3 : 0.15), `${name}: ${error}`);
  }
});

test('backends agree', async (t) => {
  const random = new Random(113);
  const projector = xrayProjector({
    shape: [6, 9, 7],
    directions: directionSet(8, 3, { seed: 3 }),
    pixelSize: 0.5,
  });
  const volume = normals(random, projector.imageShape, 'float32');
  const native = await projector.project(volume, { backend: 'native' });
  t.true(relativeError(await projector.project(volume, { backend: 'tfjs-cpu' }), native) < 1e-6);
  const back = await projector.backproject(native, { backend: 'native' });
  t.true(relativeError(await projector.backproject(native, { backend: 'tfjs-cpu' }), back) < 1e-6);
});

const good = { shape: [3, 4, 5], directions: [[0, 0, 1]] };
for (const [what, code, changes] of [
  ['an image', 'INVALID_SHAPE', { shape: [4, 5] }],
  ['directions of the plane', 'INVALID_SHAPE', { directions: [[0, 1]] }],
  ['no directions', 'INVALID_ARGUMENT', { directions: [] }],
  ['a direction of length 0', 'INVALID_ARGUMENT', { directions: [[0, 0, 0]] }],
  ['an infinite direction', 'NON_FINITE', { directions: [[0, 0, Infinity]] }],
  ['a detector that does not cover the volume', 'INVALID_SHAPE', { detector: { shape: [2, 9] } }],
  ['a detector with one number', 'INVALID_ARGUMENT', { detector: { shape: [9] } }],
  ['an offset with one number', 'INVALID_ARGUMENT', { detector: { offset: 1 } }],
  ['half a detector', 'INVALID_ARGUMENT', { detector: { shape: [9, 9.5] } }],
  ['projections beyond the memory', 'OUT_OF_MEMORY', { detector: { shape: [2 ** 19, 2 ** 19] } }],
] as [string, ErrorCode, object][]) {
  test(`xrayProjector: ${what} is ${code}`, (t) => {
    const call = () => xrayProjector({ ...good, ...changes });
    t.is(t.throws(call, { instanceOf: RidgeflowError }).code, code);
  });
}

test('exact line integrals: bad input', (t) => {
  const lines = xrayLines(good);
  const code = (call: () => unknown) => t.throws(call, { instanceOf: RidgeflowError }).code as string;
  t.is(
    code(() => integrateEllipsoids([], lines)),
    'INVALID_ARGUMENT',
  );
  t.is(
    code(() => integrateEllipsoids(sheppLogan(), lines)),
    'INVALID_SHAPE',
  );
  t.is(
    code(() => integrateMixture(gaussian({ mean: [0], covariance: [[1]] }), lines)),
    'INVALID_SHAPE',
  );
  t.is(
    code(() => integrateMixture(measure, { ...lines, shape: [1] })),
    'INVALID_SHAPE',
  );
  const broken = ndarray(new Float64Array(lines.origins.data.length).fill(NaN), lines.origins.shape);
  t.is(
    code(() => integrateMixture(measure, { ...lines, origins: broken })),
    'NON_FINITE',
  );
});

// Alone: the work of other tests on this thread would hold the timer up.
test.serial('an abort stops the call, and progress ends at 1', async (t) => {
  const projector = xrayProjector({ shape: [64, 64, 64], directions: directionSet(2000, 3) });
  const inputs = { project: zeros(projector.imageShape), backproject: zeros(projector.dataShape) };
  for (const backend of ['native', 'tfjs-cpu'] as const) {
    await loadBackend(backend);
    for (const run of ['project', 'backproject'] as const) {
      const call = projector[run](inputs[run], { backend, signal: AbortSignal.timeout(30) });
      t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, 'ABORTED');
    }
  }
  const fractions: number[] = [];
  const few = projector.select([0, 5, 9]);
  await few.project(inputs.project, { onProgress: (fraction) => fractions.push(fraction) });
  t.is(fractions.at(-1), 1);
});

test('the addon refuses arguments that do not fit, and does not crash', (t) => {
  const addon = loadAddon();
  const views = {
    ...{ extent0: 1, extent1: 2, extent2: 3, cellSize: 1, count: 1, detectorRows: 2, detectorColumns: 2 },
    views: Float64Array.of(0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0),
    volume: new Float32Array(6),
    projections: new Float32Array(4),
  };
  t.notThrows(() => addon.projectXray(views));
  for (const changes of [
    { extent0: 2 },
    { extent1: 2 ** 30 },
    { cellSize: 0 },
    { count: 2 },
    { views: new Float64Array(12) },
    { views: new Float64Array(12).fill(NaN) },
    { detectorRows: 3 },
    { volume: new Float64Array(6) },
    { projections: undefined },
  ]) {
    t.throws(() => addon.projectXray({ ...views, ...changes }), { instanceOf: TypeError });
    t.throws(() => addon.backprojectXray({ ...views, ...changes }), { instanceOf: TypeError });
  }
});
