import test from 'ava';
import { ndarray, zeros } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { loadBackend } from '../ts/kernel/backend.js';
import { loadAddon } from '../ts/kernel/native/addon.js';
import { gaussian } from '../ts/measure/index.js';
import {
  type FanArrangement,
  type FanBeamImage,
  type FanBeamReconstructionOptions,
  cgls,
  equalAngles,
  fanBeamFilteredBackprojection,
  fanBeamLines,
  fanBeamProjector,
  integrateEllipsoids,
  integrateMixture,
  radonTransform,
  rasterise,
  sart,
  sheppLogan,
  sirt,
  totalVariation,
} from '../ts/radon/index.js';
import { BACKENDS, adjointError, normals, relativeError, sampled } from './radon-helpers.js';
import { Random } from './reference/random.js';

const ARRANGEMENTS: readonly FanArrangement[] = ['flat', 'equiangular'];
const TURN = 2 * Math.PI;

const measure = gaussian({
  mean: [0.1, -0.15],
  covariance: [
    [0.02, 0.008],
    [0.008, 0.03],
  ],
});

for (const [backend, dtype] of BACKENDS) {
  test(`${backend} ${dtype}: backproject is the transpose of project`, async (t) => {
    const random = new Random(101);
    for (let round = 0; round < 12; round++) {
      const projector = fanBeamProjector({
        shape: [1 + random.integer(40), 1 + random.integer(40)],
        angles: random.normals(1 + random.integer(6)).map((angle) => 5 * angle),
        pixelSize: 0.1 + random.uniform(),
        sourceDistance: 35 + 40 * random.uniform(),
        detectorDistance: round % 2 ? 20 * random.uniform() : 0,
        arrangement: ARRANGEMENTS[round % 3 === 0 ? 1 : 0],
        detector: {
          count: 1 + random.integer(40),
          spacing: 0.2 + random.uniform(),
          offset: random.normal(),
          truncated: true,
        },
      });
      const error = await adjointError(projector, random, [backend, dtype] as (typeof BACKENDS)[number]);
      t.true(error < 100, `round ${round}: ${error} roundings`);
    }
  });
}

for (const arrangement of ARRANGEMENTS) {
  const fan = (n: number, count: number): FanBeamImage => ({
    shape: [n, n],
    angles: equalAngles(count, TURN),
    pixelSize: 2 / n,
    sourceDistance: 3,
    detectorDistance: 1.5,
    arrangement,
  });

  test(`${arrangement}: the sinogram of a Gaussian converges at second order`, async (t) => {
    const errors: number[] = [];
    for (const n of [32, 64, 128]) {
      const options = fan(n, 37);
      const sinogram = await fanBeamProjector(options).project(await sampled(measure, [n, n], 2 / n));
      errors.push(relativeError(sinogram, integrateMixture(measure, fanBeamLines(options))));
    }
    const order = Math.log2(errors[1] / errors[2]);
    t.true(errors[2] < 2e-3 && order > 1.8 && order < 2.2, errors.join(', '));
  });

  test(`${arrangement}: the sinogram of the phantom converges`, async (t) => {
    const errors: number[] = [];
    for (const n of [64, 128, 256]) {
      const options = fan(n, 23);
      const image = rasterise(sheppLogan(), { shape: [n, n], subsamples: 8, dtype: 'float64' });
      const exact = integrateEllipsoids(sheppLogan(), fanBeamLines(options));
      errors.push(relativeError(await fanBeamProjector(options).project(image), exact));
    }
    t.true(errors[2] < 0.02 && errors[2] < 0.4 * errors[0], errors.join(', '));
  });

  test(`${arrangement}: from far away, a fan is a parallel beam`, async (t) => {
    const image = normals(new Random(102), [20, 24], 'float64');
    const detector = { count: 41, spacing: 0.9, offset: 0.3 };
    const angles = equalAngles(13, TURN);
    const parallel = await radonTransform(image, { angles, detector });
    const options = { angles, detector, shape: [20, 24], sourceDistance: 1e9, arrangement };
    const sinogram = await fanBeamProjector(options).project(image);
    t.true(relativeError(sinogram, parallel) < 1e-6, `${relativeError(sinogram, parallel)}`);
  });

  test(`${arrangement}: filtered backprojection converges, over a full turn and a short scan`, async (t) => {
    for (const scan of ['full', 'short'] as const) {
      const errors: number[] = [];
      for (const n of [24, 48]) {
        const all = fan(n, 6 * n);
        // A half turn and twice the fan's largest angle, asin(√2 / 3), and a little more.
        const angles =
          scan === 'full' ? all.angles : equalAngles(4 * n, Math.PI + 2 * 0.5).map((a) => a + 0.7);
        const turned = { ...all, angles };
        const data = integrateMixture(measure, fanBeamLines(turned));
        const image = await fanBeamFilteredBackprojection(data, { ...turned, scan });
        errors.push(relativeError(image, await sampled(measure, [n, n], 2 / n)));
      }
      t.true(errors[1] < 0.02 && errors[1] < 0.5 * errors[0], `${scan}: ${errors.join(', ')}`);
    }
  });
}

test('filtered backprojection: the phantom is as near as from parallel beams, in both arrangements', async (t) => {
  const n = 96;
  const truth = rasterise(sheppLogan(), { shape: [n, n], dtype: 'float64' });
  for (const arrangement of ARRANGEMENTS) {
    const options = {
      shape: [n, n],
      angles: equalAngles(360, TURN),
      pixelSize: 2 / n,
      sourceDistance: 2.5,
      arrangement,
    };
    const data = integrateEllipsoids(sheppLogan(), fanBeamLines(options));
    const image = await fanBeamFilteredBackprojection(data, { ...options, filter: 'shepp-logan' });
    t.true(relativeError(image, truth) < 0.3, `${relativeError(image, truth)}`);
    const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
    t.true(Math.abs(mean(image.data) / mean(truth.data) - 1) < 0.02);
  }
});

test('uneven angles are weighted by their shares', async (t) => {
  const n = 32;
  const angles = [...equalAngles(120, Math.PI), ...equalAngles(60, Math.PI).map((a) => a + Math.PI)];
  const options = { shape: [n, n], angles, pixelSize: 2 / n, sourceDistance: 3 };
  const data = integrateMixture(measure, fanBeamLines(options));
  const image = await fanBeamFilteredBackprojection(data, options);
  const truth = await sampled(measure, [n, n], 2 / n);
  t.true(relativeError(image, truth) < 0.03, `${relativeError(image, truth)}`);
  const equal = { ...options, angleWeights: angles.map(() => TURN / angles.length) };
  t.true(relativeError(await fanBeamFilteredBackprojection(data, equal), truth) > 0.03);
});

test('iterative methods take the fan', async (t) => {
  const shape = [24, 20];
  const truth = rasterise(sheppLogan(), { shape, dtype: 'float64' });
  const projector = fanBeamProjector({ shape, angles: equalAngles(40, TURN), sourceDistance: 40 });
  const data = await projector.project(truth);
  const errors = {
    cgls: (await cgls(data, { projector, iterations: 60 })).image,
    sirt: (await sirt(data, { projector, iterations: 60, nonNegative: true })).image,
    sart: (await sart(data, { projector, iterations: 5, nonNegative: true })).image,
    tv: (await totalVariation(data, { projector, weight: 1e-3, iterations: 200 })).image,
  };
  for (const [name, image] of Object.entries(errors)) {
    t.deepEqual(image.shape, shape);
    t.true(
      relativeError(image, truth) < { cgls: 0.05, sirt: 0.3, sart: 0.3, tv: 0.1 }[name]!,
      `${name} ${relativeError(image, truth)}`,
    );
  }
});

test('backends agree', async (t) => {
  const random = new Random(103);
  for (const arrangement of ARRANGEMENTS) {
    const options = { shape: [17, 23], angles: equalAngles(7, TURN), sourceDistance: 30, arrangement };
    const projector = fanBeamProjector(options);
    const image = normals(random, options.shape, 'float32');
    const native = await projector.project(image, { backend: 'native' });
    t.true(relativeError(await projector.project(image, { backend: 'tfjs-cpu' }), native) < 1e-6);
    const back = await projector.backproject(native, { backend: 'native' });
    t.true(relativeError(await projector.backproject(native, { backend: 'tfjs-cpu' }), back) < 1e-6);
    const inverse = await fanBeamFilteredBackprojection(native, { ...options, backend: 'native' });
    const slow = await fanBeamFilteredBackprojection(native, { ...options, backend: 'tfjs-cpu' });
    t.true(relativeError(slow, inverse) < 1e-5, `${relativeError(slow, inverse)}`);
  }
});

const good = { shape: [8, 9], angles: [0, 1], sourceDistance: 20 };
for (const [what, code, changes] of [
  ['no angles', 'INVALID_ARGUMENT', { angles: [] }],
  ['an angle that is NaN', 'NON_FINITE', { angles: [NaN] }],
  ['a source within the image', 'INVALID_ARGUMENT', { sourceDistance: 5 }],
  ['a source nowhere', 'INVALID_ARGUMENT', { sourceDistance: undefined }],
  ['a negative detector distance', 'INVALID_ARGUMENT', { detectorDistance: -1 }],
  ['an unknown arrangement', 'INVALID_ARGUMENT', { arrangement: 'curved' }],
  ['a volume', 'INVALID_SHAPE', { shape: [2, 3, 4] }],
  ['a detector that does not cover the image', 'INVALID_SHAPE', { detector: { count: 6 } }],
  [
    'an arc of more than a half turn',
    'INVALID_ARGUMENT',
    { arrangement: 'equiangular', detector: { count: 80 } },
  ],
  [
    'too many rays for the memory',
    'OUT_OF_MEMORY',
    { angles: equalAngles(200_000), detector: { count: 1e6 } },
  ],
] as [string, ErrorCode, object][]) {
  test(`fanBeamProjector: ${what} is ${code}`, (t) => {
    const call = () => fanBeamProjector({ ...good, ...changes });
    t.is(t.throws(call, { instanceOf: RidgeflowError }).code, code);
  });
}

test('fanBeamFilteredBackprojection: bad input', async (t) => {
  const data = zeros(fanBeamProjector(good).dataShape);
  for (const [code, changes, input] of [
    ['INVALID_SHAPE', {}, zeros([3, data.shape[1]])],
    ['INVALID_SHAPE', { angleWeights: [1] }, data],
    ['INVALID_ARGUMENT', { angleWeights: [1, -1] }, data],
    ['INVALID_ARGUMENT', { filter: 'box' }, data],
    ['INVALID_ARGUMENT', { scan: 'half' }, data],
    ['INVALID_ARGUMENT', { scan: 'short' }, data],
    ['NON_FINITE', {}, ndarray(new Float32Array(data.data.length).fill(NaN), data.shape)],
    ['ABORTED', { signal: AbortSignal.abort() }, data],
  ] as const) {
    const options = { ...good, ...changes } as FanBeamReconstructionOptions;
    const error = await t.throwsAsync(fanBeamFilteredBackprojection(input, options), {
      instanceOf: RidgeflowError,
    });
    t.is(error.code, code, error.message);
  }
});

// Alone: the work of other tests on this thread would hold the timer up.
test.serial('an abort stops the call', async (t) => {
  const options = { shape: [700, 700], angles: equalAngles(1500, TURN), sourceDistance: 900 };
  const projector = fanBeamProjector(options);
  const inputs = { project: zeros(projector.imageShape), backproject: zeros(projector.dataShape) };
  inputs.backproject.data.fill(1);
  for (const backend of ['native', 'tfjs-cpu'] as const) {
    await loadBackend(backend);
    for (const run of ['project', 'backproject'] as const) {
      // The rays are computed at the first call.
      await projector
        .project(inputs.project, { backend, signal: AbortSignal.timeout(1) })
        .catch(() => undefined);
      const call = projector[run](inputs[run], { backend, signal: AbortSignal.timeout(30) });
      t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, 'ABORTED');
    }
  }
});

test('the addon refuses arguments that do not fit, and does not crash', (t) => {
  const addon = loadAddon();
  const lines = {
    ...{ rows: 2, columns: 3, pixelSize: 1, count: 2, lines: new Float64Array(4) },
    image: new Float32Array(6),
    integrals: new Float32Array(2),
  };
  const fan = {
    ...{ rows: 2, columns: 3, pixelSize: 1, angles: new Float64Array(1), angleCount: 1, detectorCount: 4 },
    ...{ sourceDistance: 5, firstDetector: -1, detectorSpacing: 0.5, flat: true },
    filtered: new Float32Array(4),
    image: new Float32Array(6),
  };
  t.notThrows(() => addon.integrateLines(lines));
  t.notThrows(() => addon.backprojectFan(fan));
  for (const changes of [
    { rows: 3 },
    { columns: 2 ** 21 },
    { pixelSize: -1 },
    { count: 3 },
    { lines: Float64Array.of(0, NaN, 0, 1) },
    { image: new Float64Array(6) },
    { integrals: undefined },
  ]) {
    t.throws(() => addon.integrateLines({ ...lines, ...changes }), { instanceOf: TypeError });
    t.throws(() => addon.backprojectLineIntegrals({ ...lines, ...changes }), { instanceOf: TypeError });
  }
  for (const changes of [
    { angleCount: 2 },
    { sourceDistance: 0 },
    { firstDetector: NaN },
    { detectorSpacing: 0 },
    { filtered: new Float32Array(5) },
    { image: new Float64Array(6) },
  ]) {
    t.throws(() => addon.backprojectFan({ ...fan, ...changes }), { instanceOf: TypeError });
  }
});
