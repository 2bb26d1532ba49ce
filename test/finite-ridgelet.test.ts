import test from 'ava';
import { type NdArray, dtypeOf, zeros } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { loadAddon } from '../ts/kernel/native/addon.js';
import {
  type WaveletName,
  denoiseByRidgelets,
  denoiseByWavelets,
  finiteRadonTransform,
  finiteRidgeletTransform,
  inverseFiniteRadonTransform,
  inverseFiniteRidgeletTransform,
} from '../ts/ridgelet/index.js';
import { lineSteps, nextPrime } from '../ts/ridgelet/finite-radon.js';
import { PeriodicWavelet, waveletFilters } from '../ts/ridgelet/wavelet.js';
import { exactly, places } from './native.js';
import { Random } from './reference/random.js';

const WAVELETS: readonly WaveletName[] = ['haar', 'daubechies4', 'daubechies6', 'symlet8'];

const largest = (values: Iterable<number>) => Array.from(values).reduce((a, b) => Math.max(a, b), 0);
const inner = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
const difference = (a: NdArray, b: NdArray) => largest(a.data.map((value, i) => Math.abs(value - b.data[i])));

function picture(seed: number, rows: number, columns: number, dtype: 'float32' | 'float64' = 'float64') {
  const image = zeros([rows, columns], dtype);
  image.data.set(new Random(seed).normals(rows * columns));
  return image;
}

test('waveletFilters: orthonormal, with half their taps of vanishing moments', (t) => {
  for (const name of WAVELETS) {
    const [low, high] = waveletFilters(name);
    for (let shift = 0; shift < low.length; shift += 2) {
      const expected = shift === 0 ? 1 : 0;
      t.true(Math.abs(inner(low.slice(shift), low) - expected) < 4e-16, `${name} ${shift}`);
    }
    for (let k = 0; k < low.length / 2; k++) {
      const moment = high.reduce((sum, value, m) => sum + value * (m - low.length / 2) ** k, 0);
      t.true(Math.abs(moment) < 1e-14 * 4 ** k, `${name}: moment ${k} is ${moment}`);
    }
  }
});

test('PeriodicWavelet: orthonormal at every length, the constant in one coefficient', (t) => {
  for (const name of WAVELETS) {
    for (const length of [1, 2, 3, 4, 5, 7, 11, 12, 13, 31, 37]) {
      const transform = new PeriodicWavelet(name, length);
      const columns = Array.from({ length }, (_, i) => {
        const unit = new Float64Array(length);
        unit[i] = 1;
        transform.forward(unit);
        return unit;
      });
      columns.forEach((a, i) =>
        columns.forEach((b, j) =>
          t.true(Math.abs(inner(a, b) - (i === j ? 1 : 0)) < 1e-14, `${name} ${length}: ${i}, ${j}`),
        ),
      );
      const constant = new Float64Array(length).fill(1);
      transform.forward(constant);
      t.true(Math.abs(constant[0] - Math.sqrt(length)) < 1e-13);
      t.true(largest(constant.subarray(1).map(Math.abs)) < 1e-13, `${name} ${length}`);
      const signal = Float64Array.from(new Random(3).normals(length));
      const back = signal.slice();
      transform.forward(back);
      transform.inverse(back);
      t.true(largest(back.map((value, i) => Math.abs(value - signal[i]))) < 1e-14);
    }
  }
});

test('PeriodicWavelet: a cubic has no fine details away from its ends', (t) => {
  const signal = Float64Array.from({ length: 101 }, (_, i) => (i / 50 - 1) ** 3 - i / 50);
  new PeriodicWavelet('symlet8', 101).forward(signal);
  t.true(largest(signal.subarray(51, 98).map(Math.abs)) < 1e-14);
});

test('lineSteps: the smallest normal of every slope, and a numbering of its lines', (t) => {
  for (const p of [2, 3, 5, 31, 101]) {
    lineSteps(p).forEach((b, k) => {
      const square = (step: number) => step ** 2 + Math.min((k * step) % p, p - ((k * step) % p)) ** 2;
      const best = Math.min(...Array.from({ length: p - 1 }, (_, i) => square(i + 1)));
      t.is(square(b), best, `p = ${p}, slope ${k}`);
      t.is(new Set(Array.from({ length: p }, (_, l) => (b * l) % p)).size, p);
    });
  }
  t.deepEqual([0, 2, 8, 90, 256].map(nextPrime), [2, 2, 11, 97, 257]);
});

for (const { backend, dtype } of places) {
  const small = dtype === 'float64' ? 1e-14 : 2e-6;

  test(`${backend} ${dtype} finiteRadonTransform: keeps inner products of mean 0, and inverts to rounding`, async (t) => {
    for (const p of [2, 3, 13, 61]) {
      const image = picture(p, p, p, dtype);
      const projections = await finiteRadonTransform(image, { backend });
      t.deepEqual(projections.shape, [p + 1, p]);
      t.is(dtypeOf(projections), dtype);
      t.true(difference(await inverseFiniteRadonTransform(projections, { backend }), image) < 5 * small);
      const mean = Array.from(image.data).reduce((a, b) => a + b) / (p * p);
      const centred = { ...image, data: image.data.map((value) => value - mean) };
      const size = inner(centred.data, centred.data);
      const { data } = await finiteRadonTransform(centred, { backend });
      t.true(Math.abs(inner(data, data) - size) < 10 * small * size);
    }
  });

  test(`${backend} ${dtype} finiteRidgeletTransform: orthonormal, and inverts to rounding`, async (t) => {
    for (const [rows, columns, block, wavelet] of [
      [31, 31, undefined, 'symlet8'],
      [1, 1, undefined, 'haar'],
      [20, 9, undefined, 'daubechies4'],
      [5, 64, 17, 'daubechies6'],
      [26, 39, 13, 'symlet8'],
      [3, 3, 2, 'symlet8'],
    ] as const) {
      const image = picture(rows, rows, columns, dtype);
      const ridgelets = await finiteRidgeletTransform(image, { block, wavelet, backend });
      const back = await inverseFiniteRidgeletTransform(ridgelets, { backend });
      t.deepEqual(back.shape, [rows, columns]);
      t.is(dtypeOf(back), dtype);
      t.true(difference(back, image) < 5 * small, `${rows} × ${columns}: ${difference(back, image)}`);
      const p = ridgelets.block;
      t.deepEqual(ridgelets.coefficients.shape.slice(1), [p + 1, p - 1]);
      if (rows % p !== 0 || columns % p !== 0) continue;
      const { coefficients, constants } = ridgelets;
      t.is(coefficients.data.length + constants.data.length, rows * columns);
      const size = inner(image.data, image.data);
      const found = inner(coefficients.data, coefficients.data) + inner(constants.data, constants.data);
      t.true(Math.abs(found - size) < 10 * small * size);
    }
  });

  test(`${backend} ${dtype} denoising: straight edges in strong noise come out better than by wavelets`, async (t) => {
    const n = 128;
    const clean = zeros([n, n], dtype);
    for (let i = 0; i < n * n; i++) {
      const [x, y] = [((i % n) * 2) / n - 1, (Math.floor(i / n) * 2) / n - 1];
      clean.data[i] = 0.2 + (0.8 * x + 0.6 * y > 0.1 ? 0.5 : 0) + (x - 0.5 * y > -0.3 ? 0.3 : 0);
    }
    const noise = new Random(5).normals(n * n);
    const noisy = { ...clean, data: clean.data.map((value, i) => value + 0.3 * noise[i]) };
    const decibels = ({ data }: NdArray) =>
      -10 *
      Math.log10(Array.from(data).reduce((sum, value, i) => sum + (value - clean.data[i]) ** 2, 0) / (n * n));
    const ridgelets = await denoiseByRidgelets(noisy, { backend });
    const wavelets = await denoiseByWavelets(noisy, { backend });
    t.is(dtypeOf(ridgelets.image), dtype);
    t.is(dtypeOf(wavelets.image), dtype);
    for (const { noise, threshold, kept } of [ridgelets, wavelets]) {
      t.true(Math.abs(noise - 0.3) < 0.01, `noise ${noise}`);
      t.true(threshold > 4 * noise && threshold < 5 * noise);
      t.true(kept > 0 && kept < 0.02);
    }
    t.true(decibels(ridgelets.image) > decibels(noisy) + 12, `${decibels(ridgelets.image)} dB`);
    t.true(
      decibels(ridgelets.image) > decibels(wavelets.image) + 1,
      `ridgelets ${decibels(ridgelets.image)} dB, wavelets ${decibels(wavelets.image)} dB`,
    );
  });
}

exactly(
  'denoising: a threshold that nothing exceeds leaves the means, one that all exceed the image',
  async (t) => {
    const image = picture(9, 22, 33);
    for (const rule of ['hard', 'soft'] as const) {
      const flat = await denoiseByRidgelets(image, { block: 11, threshold: 1e9, rule });
      t.is(flat.kept, 0);
      for (let i = 0; i < 11; i++) {
        let mean = 0;
        for (let k = 0; k < 121; k++) mean += image.data[Math.floor(k / 11) * 33 + (k % 11)] / 121;
        t.true(Math.abs(flat.image.data[i * 33 + i] - mean) < 1e-13);
      }
      for (const denoise of [denoiseByRidgelets, denoiseByWavelets]) {
        const same = await denoise(image, { threshold: 1e-300, rule, shifts: 3 });
        t.true(difference(same.image, image) < 1e-13);
        t.true(same.kept > 0.999);
      }
    }
    const shrunk = await denoiseByRidgelets(image, { block: 11, threshold: 0.5, rule: 'soft', shifts: 1 });
    const before = await finiteRidgeletTransform(image, { block: 11 });
    const after = await finiteRidgeletTransform(shrunk.image, { block: 11 });
    before.coefficients.data.forEach((value, i) => {
      const expected = Math.sign(value) * Math.max(Math.abs(value) - 0.5, 0);
      t.true(Math.abs(after.coefficients.data[i] - expected) < 1e-13);
    });
  },
);

test('denoising: shifts of an image are shifts of the result where all shifts are averaged', async (t) => {
  const image = picture(4, 7, 7, 'float32');
  const moved = zeros([7, 7]);
  for (let i = 0; i < 49; i++)
    moved.data[((Math.floor(i / 7) + 2) % 7) * 7 + (((i % 7) + 5) % 7)] = image.data[i];
  const options = { threshold: 1.2, shifts: 7 };
  const [a, b] = [await denoiseByRidgelets(image, options), await denoiseByRidgelets(moved, options)];
  for (let i = 0; i < 49; i++) {
    const there = ((Math.floor(i / 7) + 2) % 7) * 7 + (((i % 7) + 5) % 7);
    t.true(Math.abs(a.image.data[i] - b.image.data[there]) < 1e-5);
  }
});

test('finite transforms: bad input', async (t) => {
  const fails = async (call: Promise<unknown>, code: ErrorCode) =>
    t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, code);
  const image = picture(1, 7, 7);
  await fails(finiteRadonTransform(picture(1, 8, 8)), 'INVALID_SHAPE');
  await fails(finiteRadonTransform(picture(1, 7, 5)), 'INVALID_SHAPE');
  await fails(finiteRadonTransform({ data: new Float32Array(7), shape: [7] }), 'INVALID_SHAPE');
  await fails(inverseFiniteRadonTransform(image), 'INVALID_SHAPE');
  await fails(finiteRadonTransform({ ...image, data: image.data.fill(NaN, 3, 4) }), 'NON_FINITE');
  const whole = picture(2, 7, 7);
  await fails(finiteRidgeletTransform(zeros([0, 7])), 'INVALID_SHAPE');
  await fails(finiteRidgeletTransform(whole, { block: 9 }), 'INVALID_ARGUMENT');
  await fails(finiteRidgeletTransform(whole, { block: 16411 }), 'INVALID_ARGUMENT');
  await fails(finiteRidgeletTransform(whole, { wavelet: 'meyer' as WaveletName }), 'INVALID_ARGUMENT');
  await fails(finiteRidgeletTransform(whole, { signal: AbortSignal.abort() }), 'ABORTED');
  const ridgelets = await finiteRidgeletTransform(whole);
  await fails(inverseFiniteRidgeletTransform({ ...ridgelets, shape: [7, 8] }), 'INVALID_SHAPE');
  await fails(inverseFiniteRidgeletTransform({ ...ridgelets, shape: [7, 0] }), 'INVALID_ARGUMENT');
  await fails(inverseFiniteRidgeletTransform({ ...ridgelets, constants: zeros([2]) }), 'INVALID_SHAPE');
  await fails(inverseFiniteRidgeletTransform({ ...ridgelets, block: 5 }), 'INVALID_SHAPE');
  for (const denoise of [denoiseByRidgelets, denoiseByWavelets]) {
    await fails(denoise(whole, { noise: 0 }), 'INVALID_ARGUMENT');
    await fails(denoise(whole, { threshold: -1 }), 'INVALID_ARGUMENT');
    await fails(denoise(whole, { rule: 'firm' as 'hard' }), 'INVALID_ARGUMENT');
    await fails(denoise(whole, { shifts: 0 }), 'INVALID_ARGUMENT');
    await fails(denoise(image), 'NON_FINITE');
    await fails(denoise(whole, { signal: AbortSignal.abort() }), 'ABORTED');
  }
  await fails(denoiseByWavelets(whole, { levels: 21 }), 'INVALID_ARGUMENT');
  const one = await denoiseByRidgelets(zeros([1, 1]));
  t.deepEqual([one.image.data[0], one.noise, one.kept], [0, 0, 0]);
});

exactly('the addon refuses arguments that do not fit', (t) => {
  const addon = loadAddon();
  const good = { count: 1, p: 5, data: new Float32Array(25), out: new Float32Array(30), transpose: false };
  t.is(addon.finiteRadon(good), undefined);
  for (const changes of [
    { count: 2 },
    { p: 7 },
    { p: 2 ** 15 },
    { transpose: true },
    { out: new Float64Array(30) },
    { data: undefined },
  ]) {
    t.throws(() => addon.finiteRadon({ ...good, ...changes }), { instanceOf: TypeError });
  }
});
