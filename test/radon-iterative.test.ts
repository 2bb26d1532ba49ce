import test from 'ava';
import { type NdArray, ndarray, zeros } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import {
  type RelaxedOptions,
  cgls,
  equalAngles,
  filteredBackprojection,
  radonTransform,
  rasterise,
  sart,
  sheppLogan,
  sirt,
  totalVariation,
} from '../ts/radon/index.js';
import { Random } from './reference/random.js';

const METHODS = { cgls, sirt, sart };

function differenceOf(a: NdArray, b: NdArray): number {
  const square = Array.from(a.data, (value, i) => (value - b.data[i]) ** 2).reduce((x, y) => x + y, 0);
  return Math.sqrt(square / a.data.length);
}

const phantom = (size: number, dtype: 'float32' | 'float64' = 'float64') =>
  rasterise(sheppLogan(), { shape: [size, size], dtype });

test('cgls: a system with one solution is solved to rounding, and the residual never grows', async (t) => {
  const image = zeros([9, 7], 'float64');
  image.data.set(new Random(81).normals(63));
  const beam = { angles: equalAngles(40), detector: { spacing: 0.7 } };
  for (const kernel of ['joseph', 'strip'] as const) {
    const sinogram = await radonTransform(image, { ...beam, kernel });
    const options = { ...beam, kernel, shape: image.shape, iterations: 80 };
    const { image: result, residuals } = await cgls(sinogram, options);
    t.is(residuals.length, 81);
    t.is(residuals[0], 1);
    t.true(residuals.every((value, i) => i === 0 || value <= residuals[i - 1] * (1 + 1e-9) + 1e-14));
    t.true(differenceOf(result, image) < 1e-8, `${differenceOf(result, image)}`);
  }
});

test('a reconstruction from few angles is nearer to the phantom than filtered backprojection', async (t) => {
  const image = phantom(64);
  const beam = { angles: equalAngles(24) };
  const sinogram = await radonTransform(image, beam);
  const options = { ...beam, shape: image.shape };
  const filtered = differenceOf(await filteredBackprojection(sinogram, options), image);
  const errors = {
    cgls: differenceOf((await cgls(sinogram, options)).image, image),
    sirt: differenceOf((await sirt(sinogram, options)).image, image),
    sart: differenceOf((await sart(sinogram, options)).image, image),
  };
  for (const error of Object.values(errors))
    t.true(error < 0.95 * filtered, JSON.stringify({ filtered, ...errors }));
  const bounded = await sirt(sinogram, { ...options, nonNegative: true });
  t.true(bounded.image.data.every((value) => value >= 0));
  t.true(differenceOf(bounded.image, image) < errors.sirt);
});

test('sirt and sart: residuals fall, and a pass of sart does more than one of sirt', async (t) => {
  const image = phantom(40);
  const beam = { angles: [0, 0.2, 0.5, 0.6, 1.1, 1.8, 2.2, 2.9] };
  const sinogram = await radonTransform(image, beam);
  const options = { ...beam, shape: image.shape, iterations: 6 };
  const slow = (await sirt(sinogram, options)).residuals;
  const fast = (await sart(sinogram, options)).residuals;
  for (const residuals of [slow, fast]) {
    t.is(residuals.length, 7);
    t.true(
      residuals.every((value, i) => i === 0 || value < residuals[i - 1]),
      residuals.join(', '),
    );
  }
  t.true(fast[6] < 0.5 * slow[6], `${fast[6]} against ${slow[6]}`);
});

test('sirt and sart: a step is what its formula says', async (t) => {
  // Two pixels side by side, seen from below (two rays) and from the side (one ray through both).
  const options = { shape: [1, 2], iterations: 1, relaxation: 0.5, detector: { count: 2 } };
  const below = ndarray([[3, 5]], undefined, 'float64');
  t.deepEqual(Array.from((await sirt(below, { ...options, angles: [0] })).image.data), [1.5, 2.5]);
  t.deepEqual(Array.from((await sart(below, { ...options, angles: [0] })).image.data), [1.5, 2.5]);
  const side = { ...options, shape: [1, 2], angles: [Math.PI / 2], detector: { count: 1 } };
  const one = ndarray([[8]], undefined, 'float64');
  const initial = ndarray([[1, 3]], undefined, 'float64');
  // Pixels change by ½ · (8 − 4)/2 each.
  for (const method of [sirt, sart]) {
    const { image, residuals } = await method(one, { ...side, initial });
    image.data.forEach((value, i) => t.true(Math.abs(value - [2, 4][i]) < 1e-12));
    t.true(Math.abs(residuals[0] - 0.5) < 1e-12 && Math.abs(residuals[1] - 0.25) < 1e-12);
  }
});

for (const [name, method] of Object.entries(METHODS)) {
  test(`${name}: the solution stays where it is, and zero gives zero`, async (t) => {
    const image = phantom(24);
    const beam = { angles: equalAngles(9) };
    const sinogram = await radonTransform(image, beam);
    const options = { ...beam, shape: image.shape, iterations: 3 };
    t.true(differenceOf((await method(sinogram, { ...options, initial: image })).image, image) < 1e-12);
    const nothing = await method(zeros(sinogram.shape, 'float64'), options);
    t.true(nothing.image.data.every((value) => value === 0));
    t.deepEqual(Array.from(nothing.residuals), [0, 0, 0, 0]);
  });

  test(`${name}: backends agree`, async (t) => {
    const image = phantom(20, 'float32');
    const beam = {
      angles: equalAngles(7),
      pixelSize: 0.3,
      detector: { spacing: 0.4 },
      kernel: 'strip',
    } as const;
    const sinogram = await radonTransform(image, beam);
    const options = { ...beam, shape: image.shape, iterations: 4 };
    const native = await method(sinogram, { ...options, backend: 'native' });
    const fallback = await method(sinogram, { ...options, backend: 'tfjs-cpu' });
    t.true(native.image.data instanceof Float32Array && fallback.image.data instanceof Float32Array);
    t.true(differenceOf(native.image, fallback.image) < 1e-4);
  });

  test(`${name}: bad input`, async (t) => {
    const good = { angles: [0, 1], shape: [4, 4], iterations: 2 };
    const fails = async (code: ErrorCode, options: Partial<RelaxedOptions>, sinogram = zeros([2, 8])) => {
      const call = method(sinogram, { ...good, ...options });
      t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, code);
    };
    await fails('INVALID_ARGUMENT', { iterations: 0 });
    await fails('INVALID_SHAPE', { initial: zeros([4, 5]) });
    await fails('NON_FINITE', { initial: ndarray(new Float32Array(16).fill(NaN), [4, 4]) });
    await fails('INVALID_SHAPE', { angles: [0] });
    await fails('NON_FINITE', {}, ndarray(new Float32Array(16).fill(Infinity), [2, 8]));
    await fails('ABORTED', { signal: AbortSignal.abort() });
    await fails('INVALID_ARGUMENT', { kernel: 'area' as 'strip' });
    if (method === cgls) return;
    for (const relaxation of [0, 2, NaN]) await fails('INVALID_ARGUMENT', { relaxation });
  });
}

/** ½|Pf − g|² + λ Σ|∇f|, from its definition. */
async function objective(image: NdArray, sinogram: NdArray, angles: Float64Array, weight: number) {
  const [rows, columns] = image.shape;
  const projected = await radonTransform(image, { angles });
  let value = 0;
  projected.data.forEach((p, i) => (value += (p - sinogram.data[i]) ** 2 / 2));
  image.data.forEach((f, i) => {
    const x = (i + 1) % columns ? image.data[i + 1] - f : 0;
    const y = i < (rows - 1) * columns ? image.data[i + columns] - f : 0;
    value += weight * Math.hypot(x, y);
  });
  return value;
}

test('totalVariation: from 24 angles the phantom comes back', async (t) => {
  const image = rasterise(sheppLogan(), { shape: [64, 64], subsamples: 1, dtype: 'float64' });
  const options = { angles: equalAngles(24), shape: image.shape };
  const sinogram = await radonTransform(image, options);
  const other = differenceOf((await cgls(sinogram, options)).image, image);
  const result = await totalVariation(sinogram, { ...options, weight: 0.01, iterations: 500 });
  const error = differenceOf(result.image, image);
  t.true(error < 0.01 && error < 0.1 * other, `${error} against ${other}`);
  t.true(result.image.data.every((value) => value >= 0));
  t.true(result.residuals[500] < 1e-3);
});

test('totalVariation: no small change makes the objective smaller', async (t) => {
  const random = new Random(82);
  const image = zeros([7, 9], 'float64');
  image.data.set(random.normals(63).map((value) => 1 + Math.abs(value)));
  const angles = equalAngles(11);
  const sinogram = await radonTransform(image, { angles });
  const options = { angles, shape: image.shape, weight: 0.7, iterations: 3000 };
  const { image: best } = await totalVariation(sinogram, options);
  const least = await objective(best, sinogram, angles, options.weight);
  t.true(least < (await objective(image, sinogram, angles, options.weight)));
  for (let round = 0; round < 30; round++) {
    const step = 10 ** -(1 + random.integer(3));
    const data = best.data.map((value) => Math.max(0, value + step * random.normal()));
    const changed = await objective({ data, shape: image.shape }, sinogram, angles, options.weight);
    t.true(changed > least - 1e-7 * least, `${changed} against ${least}`);
  }
});

test('totalVariation: weight 0 is least squares, a large weight leaves the mean', async (t) => {
  const image = zeros([6, 5], 'float64');
  image.data.set(new Random(83).normals(30));
  const options = { angles: equalAngles(20), shape: image.shape, nonNegative: false, iterations: 3000 };
  const sinogram = await radonTransform(image, { angles: options.angles });
  const exact = await totalVariation(sinogram, { ...options, weight: 0 });
  t.true(differenceOf(exact.image, image) < 1e-3, `${differenceOf(exact.image, image)}`);
  const flat = (await totalVariation(sinogram, { ...options, weight: 1e4 })).image.data;
  t.true(flat.every((value) => Math.abs(value - flat[0]) < 1e-3));
});

test('totalVariation: backends agree, and bad input', async (t) => {
  const image = phantom(16, 'float32');
  const options = { angles: equalAngles(7), shape: image.shape, weight: 0.05, iterations: 10 };
  const sinogram = await radonTransform(image, { angles: options.angles });
  const native = await totalVariation(sinogram, { ...options, backend: 'native' });
  const fallback = await totalVariation(sinogram, { ...options, backend: 'tfjs-cpu' });
  t.true(differenceOf(native.image, fallback.image) < 1e-4);
  for (const [code, changes] of [
    ['INVALID_ARGUMENT', { weight: -1 }],
    ['INVALID_ARGUMENT', { weight: NaN }],
    ['INVALID_ARGUMENT', { iterations: 0.5 }],
    ['INVALID_SHAPE', { angles: [0] }],
    ['ABORTED', { signal: AbortSignal.abort() }],
  ] as const) {
    const call = totalVariation(sinogram, { ...options, ...changes });
    t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, code);
  }
});
