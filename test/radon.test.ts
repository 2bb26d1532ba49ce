import test from 'ava';
import { type DType, type NdArray, ndarray, zeros } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { loadBackend } from '../ts/kernel/backend.js';
import { loadAddon } from '../ts/kernel/native/addon.js';
import { gaussian } from '../ts/measure/index.js';
import {
  type BeamKernel,
  type RadonTransformOptions,
  backproject,
  equalAngles,
  projectEllipsoids,
  projectMixture,
  radonTransform,
  rasterise,
  raysOf,
  sheppLogan,
} from '../ts/radon/index.js';
import { Random } from './reference/random.js';

const KERNELS: readonly BeamKernel[] = ['joseph', 'strip'];
const ROUNDING: Record<DType, number> = { float32: 2 ** -24, float64: 2 ** -53 };

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);
const inner = (a: ArrayLike<number>, b: ArrayLike<number>) => sum(Array.from(a, (value, i) => value * b[i]));

function normals(random: Random, shape: readonly number[], dtype: DType): NdArray {
  const image = zeros(shape, dtype);
  image.data.forEach((_, i) => (image.data[i] = random.normal()));
  return image;
}

/** Root mean square difference over the root mean square of `expected`. */
function relativeError(actual: NdArray, expected: NdArray): number {
  const difference = Array.from(actual.data, (value, i) => (value - expected.data[i]) ** 2);
  return Math.sqrt(sum(difference) / inner(expected.data, expected.data));
}

/** The values of a density on pixel centres. */
async function sampled(measure: ReturnType<typeof gaussian>, n: number, pixelSize: number): Promise<NdArray> {
  const points = zeros([n * n, 2], 'float64');
  for (let i = 0; i < n * n; i++) {
    points.data[2 * i] = ((i % n) - (n - 1) / 2) * pixelSize;
    points.data[2 * i + 1] = ((n - 1) / 2 - Math.floor(i / n)) * pixelSize;
  }
  const { logDensity } = await measure.evaluate(points, { logDensity: true });
  return { data: Float64Array.from(logDensity ?? [], Math.exp), shape: [n, n] };
}

for (const backend of ['native', 'tfjs-cpu'] as const) {
  for (const dtype of backend === 'native' ? (['float32', 'float64'] as const) : (['float32'] as const)) {
    for (const kernel of KERNELS) {
      test(`${backend} ${dtype} ${kernel}: backproject is the transpose of radonTransform`, async (t) => {
        const random = new Random(51);
        for (let round = 0; round < 12; round++) {
          const shape = [1 + random.integer(40), 1 + random.integer(40)];
          const beam = {
            angles: Array.from({ length: 1 + random.integer(8) }, () => 10 * random.normal()),
            pixelSize: 0.1 + random.uniform(),
            detector: {
              count: 1 + random.integer(60),
              spacing: 0.05 + 2 * random.uniform(),
              offset: random.normal(),
              truncated: true,
            },
            kernel,
            backend,
          };
          const image = normals(random, shape, dtype);
          const sinogram = normals(random, [beam.angles.length, beam.detector.count], dtype);
          const forward = await radonTransform(image, beam);
          const back = await backproject(sinogram, { ...beam, shape });
          t.deepEqual(forward.shape, sinogram.shape);
          t.deepEqual(back.shape, shape);
          const sizes = Array.from(forward.data, (value, i) => Math.abs(value * sinogram.data[i]));
          const allowed = 200 * ROUNDING[dtype] * (sum(sizes) + beam.pixelSize);
          const difference = Math.abs(inner(forward.data, sinogram.data) - inner(image.data, back.data));
          t.true(difference <= allowed, `round ${round}: ${difference} > ${allowed}`);
        }
      });
    }
  }
}

for (const kernel of KERNELS) {
  test(`${kernel}: the sinogram of a Gaussian converges at second order`, async (t) => {
    const measure = gaussian({
      mean: [0.1, -0.15],
      covariance: [
        [0.02, 0.008],
        [0.008, 0.03],
      ],
    });
    const errors: number[] = [];
    for (const n of [32, 64, 128]) {
      const beam = { angles: equalAngles(37), pixelSize: 2 / n, kernel };
      const sinogram = await radonTransform(await sampled(measure, n, beam.pixelSize), beam);
      errors.push(relativeError(sinogram, projectMixture(measure, raysOf({ ...beam, shape: [n, n] }))));
    }
    t.true(errors[2] < 2e-3, errors.join(', '));
    for (const i of [0, 1])
      t.true(Math.abs(Math.log2(errors[i] / errors[i + 1]) - 2) < 0.15, errors.join(', '));
  });

  test(`${kernel}: the sinogram of a disc and of the phantom converges as their edges let it`, async (t) => {
    const disc = [{ centre: [0.2, 0.1], semiAxes: [0.6, 0.6] }];
    for (const ellipsoids of [disc, sheppLogan()]) {
      const errors: number[] = [];
      for (const n of [64, 128, 256]) {
        const beam = { angles: equalAngles(23), pixelSize: 2 / n, kernel };
        const image = rasterise(ellipsoids, { shape: [n, n], subsamples: 8 });
        const exact = projectEllipsoids(ellipsoids, raysOf({ ...beam, shape: [n, n] }));
        errors.push(relativeError(await radonTransform(image, beam), exact));
      }
      t.true(errors[2] < 0.02, errors.join(', '));
      // A projection behaves like the root of the distance at an edge: order 1 in the mean square, not steadily.
      t.true(errors[2] < 0.4 * errors[0], errors.join(', '));
    }
  });
}

test('strip: every projection holds the mass of the image', async (t) => {
  const image = normals(new Random(52), [31, 17], 'float64');
  const beam = { angles: equalAngles(29, 7), pixelSize: 0.3, detector: { spacing: 0.41, offset: 0.2 } };
  const { data, shape } = await radonTransform(image, { ...beam, kernel: 'strip' });
  for (let a = 0; a < shape[0]; a++) {
    const mass = sum(data.subarray(a * shape[1], (a + 1) * shape[1])) * 0.41;
    t.true(Math.abs(mass - sum(image.data) * 0.09) < 1e-12);
  }
});

for (const kernel of KERNELS) {
  test(`${kernel}: turning, shifting and scaling the image turns, shifts and scales its projections`, async (t) => {
    const n = 24;
    const image = normals(new Random(53), [n, n], 'float64');
    const angles = equalAngles(16, 2 * Math.PI);
    const sinogram = await radonTransform(image, { angles, kernel });
    const close = (actual: NdArray, expected: (a: number, k: number) => number) => {
      const [rows, columns] = actual.shape;
      for (let i = 0; i < rows * columns; i++) {
        const value = expected(Math.floor(i / columns), i % columns);
        t.true(Math.abs(actual.data[i] - value) < 1e-11, `${i}: ${actual.data[i]}, expected ${value}`);
      }
    };
    const count = sinogram.shape[1];
    const at = (a: number, k: number) => sinogram.data[((a + 16) % 16) * count + k];

    // A quarter turn to the left: the new pixel (i, j) is the old (j, n − 1 − i).
    const turned = zeros([n, n], 'float64');
    turned.data.forEach((_, p) => (turned.data[p] = image.data[(p % n) * n + n - 1 - Math.floor(p / n)]));
    close(await radonTransform(turned, { angles, kernel }), (a, k) => at(a - 4, k));

    // Opposite directions see the same lines.
    close(sinogram, (a, k) => at(a + 8, count - 1 - k));

    // One pixel to the right moves the projection along (cos θ, sin θ) by cos θ.
    const padded = zeros([n, n + 2], 'float64');
    const shifted = zeros([n, n + 2], 'float64');
    image.data.forEach((value, p) => {
      padded.data[Math.floor(p / n) * (n + 2) + (p % n) + 1] = value;
      shifted.data[Math.floor(p / n) * (n + 2) + (p % n) + 2] = value;
    });
    for (const angle of [0.3, 1.1, 2.5]) {
      const detector = { count: 40, truncated: true };
      const still = await radonTransform(padded, { angles: [angle], kernel, detector });
      const offset = Math.cos(angle);
      const moved = await radonTransform(shifted, {
        angles: [angle],
        kernel,
        detector: { ...detector, offset },
      });
      close(moved, (_, k) => still.data[k]);
    }

    close(await radonTransform(image, { angles, kernel, pixelSize: 2.5 }), (a, k) => 2.5 * at(a, k));
  });
}

test('projectEllipsoids: closed forms in any dimension, and every projection holds the volume', (t) => {
  const positions = Float64Array.from({ length: 20001 }, (_, k) => (k - 10000) / 5000);
  const volumes = [2, Math.PI, (4 / 3) * Math.PI, Math.PI ** 2 / 2];
  volumes.forEach((unit, i) => {
    const d = i + 1;
    const semiAxes = Array.from({ length: d }, (_, k) => 0.4 + 0.3 * k);
    const u = Array.from({ length: d }, () => 1 / Math.sqrt(d));
    const { data } = projectEllipsoids([{ centre: semiAxes.map(() => 0.1), semiAxes }], {
      directions: [u],
      positions,
    });
    const volume = unit * semiAxes.reduce((product, length) => product * length, 1);
    t.true(Math.abs(sum(data) / 5000 - volume) < 1e-3 * volume, `d = ${d}`);
  });
  const ball = projectEllipsoids([{ centre: [0, 0, 1], semiAxes: [2, 2, 2], value: 3 }], {
    directions: [[0, 0, 1]],
    positions: [0, 1, 4],
  });
  [9 * Math.PI, 12 * Math.PI, 0].forEach((value, k) => t.true(Math.abs(ball.data[k] - value) < 1e-12));
});

test('backends agree', async (t) => {
  const random = new Random(54);
  for (const kernel of KERNELS) {
    const image = normals(random, [23, 40], 'float32');
    const beam = { angles: equalAngles(11, 6), pixelSize: 0.7, detector: { spacing: 0.9 }, kernel };
    const native = await radonTransform(image, { ...beam, backend: 'native' });
    const fallback = await radonTransform(image, { ...beam, backend: 'tfjs-cpu' });
    t.true(relativeError(fallback, native) < 1e-6);
    const options = { ...beam, shape: image.shape };
    const back = await backproject(native, { ...options, backend: 'native' });
    t.true(relativeError(await backproject(native, { ...options, backend: 'tfjs-cpu' }), back) < 1e-6);
  }
});

const image = zeros([4, 6], 'float32');
const angles = [0, 1];
const bad: [string, ErrorCode, NdArray, object][] = [
  ['no angles', 'INVALID_ARGUMENT', image, { angles: [] }],
  ['angles missing', 'INVALID_ARGUMENT', image, {}],
  ['an angle that is NaN', 'NON_FINITE', image, { angles: [0, NaN] }],
  ['a pixel that is NaN', 'NON_FINITE', ndarray([1, NaN, 0, 2], [2, 2]), { angles }],
  ['an infinite pixel', 'NON_FINITE', ndarray([1, 1, -Infinity, 2], [2, 2]), { angles }],
  ['an empty image', 'INVALID_SHAPE', zeros([0, 4]), { angles }],
  ['a vector', 'INVALID_SHAPE', zeros([4]), { angles }],
  ['a detector shorter than the image', 'INVALID_SHAPE', image, { angles, detector: { count: 5 } }],
  ['a detector beside the image', 'INVALID_SHAPE', image, { angles, detector: { count: 8, offset: 3 } }],
  ['half a detector', 'INVALID_ARGUMENT', image, { angles, detector: { count: 8.5 } }],
  ['too many detectors', 'INVALID_SHAPE', image, { angles, detector: { count: 2 ** 21 } }],
  ['a pixel size of 0', 'INVALID_ARGUMENT', image, { angles, pixelSize: 0 }],
  ['a negative spacing', 'INVALID_ARGUMENT', image, { angles, detector: { spacing: -1 } }],
  ['a spacing of 2000 pixels', 'INVALID_ARGUMENT', image, { angles, detector: { spacing: 2000 } }],
  ['an offset that is NaN', 'INVALID_ARGUMENT', image, { angles, detector: { offset: NaN } }],
  ['an unknown kernel', 'INVALID_ARGUMENT', image, { angles, kernel: 'area' }],
];
for (const [what, code, input, options] of bad) {
  test(`radonTransform: ${what} is ${code}`, async (t) => {
    const error = await t.throwsAsync(radonTransform(input, options as RadonTransformOptions), {
      instanceOf: RidgeflowError,
    });
    t.is(error.code, code, error.message);
  });
}

test('backproject: bad input', async (t) => {
  const code = async (sinogram: NdArray, options: object) => {
    const call = backproject(sinogram, options as { angles: number[]; shape: number[] });
    return (await t.throwsAsync(call, { instanceOf: RidgeflowError })).code as string;
  };
  t.is(await code(zeros([2, 8]), { angles, shape: [4, 9] }), 'INVALID_SHAPE');
  t.is(await code(zeros([3, 8]), { angles, shape: [4, 6] }), 'INVALID_SHAPE');
  t.is(await code(zeros([2, 8]), { angles, shape: [4, 6], detector: { count: 9 } }), 'INVALID_SHAPE');
  t.is(await code(zeros([2, 8]), { angles, shape: [4] }), 'INVALID_SHAPE');
  t.is(await code(zeros([2, 8]), { angles }), 'INVALID_SHAPE');
  t.is(await code(ndarray([[1, NaN]]), { angles: [0], shape: [1, 1] }), 'NON_FINITE');
});

test('far offsets, wide spacings and single pixels give zeros or the right value, not a crash', async (t) => {
  const one = ndarray([2], [1, 1], 'float64');
  for (const kernel of KERNELS) {
    for (const offset of [1e6, -1e12, 1e300]) {
      const far = await radonTransform(one, {
        angles: [0.2],
        kernel,
        detector: { count: 3, offset, truncated: true },
      });
      t.deepEqual(Array.from(far.data), [0, 0, 0]);
    }
    const { data } = await radonTransform(one, { angles: [0], kernel, detector: { count: 1 } });
    t.is(data[0], 2);
  }
  const wide = await radonTransform(zeros([50, 50], 'float64'), {
    angles,
    kernel: 'strip',
    detector: { spacing: 1000 },
  });
  t.deepEqual(wide.shape, [2, 1]);
});

// Alone: the work of other tests on this thread would hold the timer up.
test.serial('an abort stops the call, and progress ends at 1', async (t) => {
  const large = zeros([600, 600], 'float64');
  const fractions: number[] = [];
  await radonTransform(large, {
    angles: equalAngles(20),
    onProgress: (fraction) => fractions.push(fraction),
  });
  t.is(fractions.at(-1), 1);
  for (const backend of ['native', 'tfjs-cpu'] as const) {
    await loadBackend(backend);
    const options = { angles: equalAngles(5000), kernel: 'strip', dtype: 'float32', backend } as const;
    const call = radonTransform(large, { ...options, signal: AbortSignal.timeout(20) });
    t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, 'ABORTED');
  }
});

test('the addon refuses arguments that do not fit, and does not crash', (t) => {
  const addon = loadAddon();
  const good = {
    rows: 2,
    columns: 3,
    pixelSize: 1,
    angles: new Float64Array(2),
    angleCount: 2,
    detectorCount: 4,
    detectorSpacing: 1,
    detectorOffset: 0,
    kernel: 1,
    image: new Float32Array(6),
    sinogram: new Float32Array(8),
  };
  for (const changes of [
    { rows: 3 },
    { rows: 2 ** 40 },
    { angleCount: 3 },
    { angles: new Float64Array([0, Infinity]) },
    { detectorCount: 2 ** 31 },
    { pixelSize: 0 },
    { pixelSize: Infinity },
    { detectorSpacing: 1e-9 },
    { detectorOffset: NaN },
    { kernel: 0 },
    { kernel: 5 },
    { sinogram: new Float64Array(8) },
    { image: undefined },
  ]) {
    t.throws(() => addon.projectBeam({ ...good, ...changes }), { instanceOf: TypeError });
    t.throws(() => addon.backprojectBeam({ ...good, ...changes }), { instanceOf: TypeError });
  }
  t.throws(() => addon.projectBeam({ ...good, kernel: 4 }), { instanceOf: TypeError });
  const rows = {
    rows: 2,
    columns: 3,
    data: new Float32Array(6),
    out: new Float32Array(6),
    length: 4,
    response: new Float64Array(3),
    scales: new Float64Array(2),
  };
  t.is(addon.filterRows(rows), undefined);
  for (const changes of [{ length: 2 }, { length: 6 }, { response: new Float64Array(2) }, { columns: 4 }]) {
    t.throws(() => addon.filterRows({ ...rows, ...changes }), { instanceOf: TypeError });
  }
});
