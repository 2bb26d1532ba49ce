import test from 'ava';
import { type DType, type NdArray, ndarray, zeros } from '../ts/core/array.js';
import { RidgeflowError } from '../ts/core/errors.js';
import { loadBackend } from '../ts/kernel/backend.js';
import {
  type BeamKernel,
  backproject,
  cgls,
  equalAngles,
  projectMixture,
  radonTransform,
  raysOf,
} from '../ts/radon/index.js';
import { gaussianMixture } from '../ts/measure/index.js';
import { Random } from './reference/random.js';

const kernel = 'fourier';
const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);
const inner = (a: ArrayLike<number>, b: ArrayLike<number>) => sum(Array.from(a, (value, i) => value * b[i]));

function relativeError(actual: NdArray, expected: NdArray): number {
  const difference = Array.from(actual.data, (value, i) => (value - expected.data[i]) ** 2);
  return Math.sqrt(sum(difference) / inner(expected.data, expected.data));
}

const measure = gaussianMixture({
  weights: [0.6, 0.4],
  means: [
    [0.1, -0.15],
    [-0.2, 0.25],
  ],
  covariances: [
    [
      [0.01, 0.004],
      [0.004, 0.012],
    ],
    [
      [0.007, 0],
      [0, 0.006],
    ],
  ],
});

/** The mixture's density at pixel centres, seen from (x, y) and turned by a quarter `turns` times. */
async function smooth(
  shape: readonly number[],
  pixelSize: number,
  dtype: DType,
  { x = 0, y = 0, turns = 0 } = {},
) {
  const [rows, columns] = shape;
  const points = zeros([rows * columns, 2], 'float64');
  for (let p = 0; p < rows * columns; p++) {
    let at = [
      ((p % columns) - (columns - 1) / 2) * pixelSize - x,
      ((rows - 1) / 2 - Math.floor(p / columns)) * pixelSize - y,
    ];
    for (let turn = 0; turn < turns; turn++) at = [at[1], -at[0]];
    points.data.set(at, 2 * p);
  }
  const { logDensity } = await measure.evaluate(points, { logDensity: true });
  const image = zeros(shape, dtype);
  image.data.set(Float64Array.from(logDensity ?? [], Math.exp));
  return image;
}

for (const dtype of ['float32', 'float64'] as const) {
  test(`${dtype}: what strip gives for an image that is smooth`, async (t) => {
    const pixelSize = 2 / 256;
    // Where detectors are no whole number of pixels wide, the edges of the strip's square pixels show near the axes.
    for (const [shape, allowed, detector] of [
      [[256, 256], 1e-4, {}],
      [[300, 256], 1e-4, { count: 120, spacing: 2 * pixelSize, offset: -0.1, truncated: true }],
      [[255, 301], 5e-4, { spacing: 1.4 * pixelSize, offset: 0.003 }],
    ] as const) {
      const image = await smooth(shape, pixelSize, dtype);
      const beam = { angles: equalAngles(61, 7), pixelSize, detector };
      const strip = await radonTransform(image, { ...beam, kernel: 'strip' });
      const error = relativeError(await radonTransform(image, { ...beam, kernel }), strip);
      t.true(error < allowed, `${shape.join(' × ')}: ${error}`);
    }
  });

  test(`${dtype}: backproject is the transpose of radonTransform`, async (t) => {
    const random = new Random(81);
    const normals = (shape: readonly number[]) => {
      const array = zeros(shape, dtype);
      array.data.forEach((_, i) => (array.data[i] = random.normal()));
      return array;
    };
    for (let round = 0; round < 12; round++) {
      const shape = [1 + random.integer(70), 1 + random.integer(70)];
      const detector = {
        count: 1 + random.integer(90),
        spacing: 0.05 + 2 * random.uniform(),
        offset: random.normal(),
        truncated: true,
      };
      const angles = Array.from({ length: 1 + random.integer(50) }, () => 10 * random.normal());
      const beam = { angles, pixelSize: 0.1 + random.uniform(), detector, kernel } as const;
      const image = normals(shape);
      const sinogram = normals([angles.length, detector.count]);
      const forward = await radonTransform(image, beam);
      const back = await backproject(sinogram, { ...beam, shape });
      const size = sum(Array.from(forward.data, (value, i) => Math.abs(value * sinogram.data[i])));
      const allowed = (dtype === 'float32' ? 2e-6 : 4e-15) * (size + beam.pixelSize);
      const difference = Math.abs(inner(forward.data, sinogram.data) - inner(image.data, back.data));
      t.true(difference <= allowed, `round ${round}: ${difference} > ${allowed}`);
    }
  });
}

test('the sinogram of a mixture of Gaussians converges at second order', async (t) => {
  const errors: number[] = [];
  for (const n of [64, 128, 256]) {
    const beam = { angles: equalAngles(37), pixelSize: 2 / n, kernel } as const;
    const image = await smooth([n, n], beam.pixelSize, 'float64');
    const exact = projectMixture(measure, raysOf({ ...beam, shape: [n, n] }));
    errors.push(relativeError(await radonTransform(image, beam), exact));
  }
  t.true(errors[2] < 2e-3, errors.join(', '));
  for (const i of [0, 1])
    t.true(Math.abs(Math.log2(errors[i] / errors[i + 1]) - 2) < 0.15, errors.join(', '));
});

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(x) / x);
for (const [name, allowed] of [
  ['fourier', 1e-9],
  ['strip', 3e-3],
  ['joseph', 2e-2],
] as [BeamKernel, number][]) {
  test(`${name}: the transform of a projection is a slice of the image's transform`, async (t) => {
    const n = 96;
    const pixelSize = 2 / n;
    const angles = equalAngles(7, 5);
    const image = await smooth([n, n], pixelSize, 'float64');
    const { data, shape } = await radonTransform(image, { angles, pixelSize, kernel: name });
    const count = shape[1];
    const mass = sum(image.data) * pixelSize ** 2;
    for (let a = 0; a < angles.length; a++) {
      const [c, s] = [Math.cos(angles[a]), Math.sin(angles[a])];
      for (const omega of [0, 3.3, 9, 17.5]) {
        const slice = [0, 0];
        for (let k = 0; k < count; k++) {
          const phase = omega * (k - (count - 1) / 2) * pixelSize;
          slice[0] += data[a * count + k] * Math.cos(phase) * pixelSize;
          slice[1] -= data[a * count + k] * Math.sin(phase) * pixelSize;
        }
        const whole = [0, 0];
        image.data.forEach((value, p) => {
          const phase =
            omega * pixelSize * (c * ((p % n) - (n - 1) / 2) + s * ((n - 1) / 2 - Math.floor(p / n)));
          whole[0] += value * Math.cos(phase) * pixelSize ** 2;
          whole[1] -= value * Math.sin(phase) * pixelSize ** 2;
        });
        // What square pixels and the detectors' width leave of this frequency; the samples of an image have neither.
        const half = (omega * pixelSize) / 2;
        const kept = name === 'joseph' ? 1 : sinc(half * c) * sinc(half * s) * sinc(half);
        const error = Math.hypot(slice[0] - kept * whole[0], slice[1] - kept * whole[1]);
        t.true(error < allowed * mass, `angle ${a}, frequency ${omega}: ${error / mass}`);
      }
    }
  });
}

test('every projection holds the mass; turning, shifting and scaling the image does so to its projections', async (t) => {
  const pixelSize = 0.025;
  const angles = equalAngles(16, 2 * Math.PI);
  const at = (moved: object) => smooth([80, 80], pixelSize, 'float64', moved);
  const beam = { angles, pixelSize, kernel } as const;
  const sinogram = await radonTransform(await at({}), beam);
  const count = sinogram.shape[1];
  const close = (actual: NdArray, expected: (a: number, k: number) => number) =>
    actual.data.forEach((value, i) => {
      const difference = Math.abs(value - expected(Math.floor(i / count), i % count));
      t.true(difference < 1e-7, `${i}: ${difference}`);
    });
  const value = (a: number, k: number) => sinogram.data[((a + 16) % 16) * count + k];

  const mass = sum((await at({})).data) * pixelSize ** 2;
  for (let a = 0; a < 16; a++) {
    const projection = sinogram.data.subarray(a * count, (a + 1) * count);
    t.true(Math.abs(sum(projection) * pixelSize - mass) < 1e-9);
  }
  close(await radonTransform(await at({ turns: 1 }), beam), (a, k) => value(a - 4, k));
  close(sinogram, (a, k) => value(a + 8, count - 1 - k));
  const shifted = await at({ x: 3 * pixelSize, y: -5 * pixelSize });
  for (const a of [1, 6, 11]) {
    const offset = pixelSize * (3 * Math.cos(angles[a]) - 5 * Math.sin(angles[a]));
    const detector = { count, offset, truncated: true };
    close(await radonTransform(shifted, { ...beam, angles: [angles[a]], detector }), (_, k) => value(a, k));
  }
  close(await radonTransform(await at({}), { ...beam, pixelSize: 1 }), (a, k) => value(a, k) / pixelSize);
});

test('a pixel, a row and a column; detectors far away; detectors much wider and much narrower', async (t) => {
  for (const shape of [
    [1, 1],
    [1, 9],
    [300, 1],
  ]) {
    const image = zeros(shape, 'float64');
    image.data.fill(2);
    const angles = [0, Math.PI / 2, 0.4];
    for (const spacing of [0.05, 1, 40]) {
      const { data } = await radonTransform(image, { angles, kernel, detector: { spacing } });
      t.true(data.every(Number.isFinite));
    }
    for (const offset of [1e6, -1e300]) {
      const detector = { count: 3, offset, truncated: true };
      const far = await radonTransform(image, { angles, kernel, detector });
      t.true(far.data.every((value) => value === 0));
      const back = await backproject(far, { angles, kernel, detector, shape });
      t.true(back.data.every((value) => value === 0));
    }
  }
});

test('least squares by gradients goes through the Fourier path', async (t) => {
  const pixelSize = 1 / 24;
  const image = await smooth([48, 48], pixelSize, 'float64');
  const angles = equalAngles(60);
  const sinogram = await radonTransform(image, { angles, pixelSize, kernel });
  const result = await cgls(sinogram, { angles, pixelSize, kernel, shape: [48, 48], iterations: 12 });
  t.true(relativeError(result.image, image) < 1e-2);
});

test('bad input has its code, and the fallback says that it has no Fourier path', async (t) => {
  const code = async (image: NdArray, options: object) => {
    const call = radonTransform(image, { angles: [0], kernel, ...options });
    return (await t.throwsAsync(call, { instanceOf: RidgeflowError })).code as string;
  };
  t.is(await code(zeros([3, 3]), { backend: 'tfjs-cpu' }), 'UNSUPPORTED');
  t.is(await code(zeros([3, 3]), { angles: [] }), 'INVALID_ARGUMENT');
  t.is(await code(zeros([0, 3]), {}), 'INVALID_SHAPE');
  t.is(await code(ndarray([[1, NaN]]), {}), 'NON_FINITE');
  t.is(await code(zeros([3, 3]), { detector: { count: 2 } }), 'INVALID_SHAPE');
  const back = backproject(zeros([1, 5]), { angles: [0], shape: [3, 3], kernel, backend: 'tfjs-cpu' });
  t.is((await t.throwsAsync(back, { instanceOf: RidgeflowError })).code, 'UNSUPPORTED');
});

// Alone: the work of other tests on this thread would hold the timer up.
test.serial('an abort stops the call, and progress ends at 1', async (t) => {
  await loadBackend('native');
  const image = zeros([700, 700]);
  const angles = equalAngles(40);
  for (const call of [radonTransform, backproject] as const) {
    const fractions: number[] = [];
    const input = call === radonTransform ? image : await radonTransform(image, { angles, kernel });
    const options = { angles, kernel, shape: image.shape } as const;
    await call(input, { ...options, onProgress: (fraction) => fractions.push(fraction) });
    t.is(fractions.at(-1), 1);
    t.true(fractions.every((fraction, i) => fraction <= 1 && (i === 0 || fraction >= fractions[i - 1])));
  }
  const call = radonTransform(zeros([2000, 2000]), {
    angles: equalAngles(20000),
    kernel,
    signal: AbortSignal.timeout(20),
  });
  t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, 'ABORTED');
});
