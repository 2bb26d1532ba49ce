import test from 'ava';
import { ndarray } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import {
  dualRidgeletTransform,
  functionOnGrid,
  ridgeletPair,
  ridgeletTransform,
  ridgeletTransformAlong,
  ridgeletTransformOnGrid,
  sampleSpectrum,
  unitsOfGrid,
} from '../ts/ridgelet/index.js';
import { fourier } from '../ts/kernel/tfjs/convolve-projections.js';
import { kaiserBessel } from '../ts/ridgelet/spreading.js';
import { backendNames, exactly } from './native.js';
import { largest, midpoints, normals, rowsOf } from './reference/ridgelet.js';

test('the fast path equals the direct path', async (t) => {
  for (const backend of backendNames) {
    for (const dtype of ['float32', 'float64'] as const) {
      if (backend !== 'native' && dtype === 'float64') continue;
      for (const [d, m, n, k, count, spacing] of [
        [1, 5, 200, 1, 77, 0.2],
        [1, 3, 50, 2, 33, 1.7],
        [2, 37, 300, 1, 20, 0.05],
        [2, 4, 101, 3, 1, 0.3],
        [7, 6, 64, 2, 40, 0.4],
        [1, 2, 70001, 1, 9, 0.5],
      ]) {
        if (backend !== 'native' && n > 1000) continue;
        const own = { value: (z: number) => (z > 0 ? z : Math.expm1(z)) };
        const pair = ridgeletPair(count === 33 ? own : count % 2 ? 'tanh' : 'relu', d);
        const data = {
          points: normals(d + n, [n, d]),
          values: normals(2, [n, k]),
          weights: ndarray(Float64Array.from({ length: n }, (_, i) => (1 + (i % 3)) / n)),
        };
        // From 0 to far beyond the biases.
        const a = normals(3, [m, d], 2);
        a.data.fill(0, 0, d);
        a.data[d] = 40;
        const b = { from: -0.4 * count * spacing, spacing, count };
        const options = { pair, dtype, backend };
        const fast = await ridgeletTransformAlong(data, a, b, options);
        t.deepEqual(fast.shape, [m, count, k]);
        const biases = rowsOf(a).flatMap(() => Array.from({ length: count }, (_, j) => b.from + j * spacing));
        const units = {
          a: ndarray(
            rowsOf(a).flatMap((row) => Array.from({ length: count }, () => row)),
            undefined,
            'float64',
          ),
          b: ndarray(Float64Array.from(biases)),
        };
        const direct = await ridgeletTransform(data, units, {
          pair,
          dtype: backend === 'native' ? 'float64' : dtype,
          backend,
        });
        const error =
          largest(Array.from(direct.data, (value, i) => value - fast.data[i])) / largest(direct.data);
        const allowed = dtype === 'float64' ? 1e-11 : 3e-5;
        t.true(error < allowed, `${backend} ${dtype} d = ${d}, n = ${n}, ${count} biases: ${error}`);
      }
    }
  }
});

exactly('a grid holds what its units say, and S[R[f]] = f on it', async (t) => {
  const pair = ridgeletPair('gaussian', 2, { order: 4 });
  const x = midpoints(3, 30);
  const f = (u: number, v: number) => Math.exp(-2 * (u - 0.3) ** 2 - v * v);
  const values = ndarray(Float64Array.from(x.at.flatMap((u) => x.at.map((v) => f(u, v)))), [30, 30]);
  const data = functionOnGrid(values, { from: [x.at[0], x.at[0]], spacing: x.width });
  const errorOf = async (half: number, count: number) => {
    const axis = { from: -half, spacing: (2 * half) / (count - 1), count };
    const grid = { a: [axis, axis], b: { from: -4 * half - 4, spacing: 0.4, count: 20 * half + 21 } };
    const spectrum = await ridgeletTransformOnGrid(data, grid, { pair });
    const units = unitsOfGrid(grid, { dtype: 'float64' });
    if (count === 7) {
      const direct = await ridgeletTransform(data, units, { pair });
      t.true(
        largest(Array.from(direct.data, (value, i) => value - spectrum.values.data[i])) <
          1e-10 * largest(direct.data),
      );
    }
    const at = normals(4, [20, 2], 0.6);
    const coefficients = { data: spectrum.values.data, shape: [spectrum.values.data.length, 1] };
    const { data: back } = await dualRidgeletTransform(at, { ...units, coefficients }, { activation: pair });
    return largest(rowsOf(at).map(([u, v], i) => back[i] - f(u, v)));
  };
  const errors = [await errorOf(2, 7), await errorOf(3, 19), await errorOf(5, 31)];
  t.true(errors[2] < 0.08 && errors[2] < errors[1] && errors[1] < errors[0], errors.join(' '));
});

test('sampleSpectrum: cells by their mass, uniformly within', (t) => {
  const grid = { a: [{ from: 1, spacing: 0.5, count: 2 }], b: { from: -1, spacing: 2, count: 3 } };
  const values = ndarray(Float64Array.of(0, 3, 0, -1, 0, 4), [2, 3, 1]);
  const sample = sampleSpectrum({ grid, values }, 8000, { seed: 1 });
  t.is(sample.normaliser, 8);
  const counts = new Map<number, number>();
  for (let j = 0; j < 8000; j++) {
    const [a, b] = [sample.a.data[j], sample.b.data[j]];
    const cell = 3 * Math.round((a - 1) / 0.5) + Math.round((b + 1) / 2);
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
    t.is(sample.values.data[j], values.data[cell]);
  }
  for (const [cell, share] of [
    [1, 3 / 8],
    [3, 1 / 8],
    [5, 4 / 8],
  ]) {
    t.true(Math.abs((counts.get(cell) ?? 0) / 8000 - share) < 0.025);
  }
  t.is(counts.size, 3);
  const spread = Array.from(sample.b.data).filter((b) => b > 2 && b < 4);
  t.true(Math.abs(spread.reduce((sum, b) => sum + b, 0) / spread.length - 3) < 0.05);
  t.deepEqual(
    sampleSpectrum({ grid, values }, 5, { seed: 2 }),
    sampleSpectrum({ grid, values }, 5, { seed: 2 }),
  );
});

test('kaiserBessel: taps are the window, and its transform is its integral', (t) => {
  for (const taps of [8, 16] as const) {
    const { coefficients, degree, transform } = kaiserBessel(taps);
    const tap = (c: number, s: number) => {
      let value = 0;
      for (let p = degree; p >= 0; p--) value = value * s + coefficients[p * taps + c];
      return value;
    };
    // The integral of window(x) cos ωx, cell by cell.
    for (const frequency of [0, 0.5, 1.2]) {
      let sum = 0;
      for (let c = 0; c < taps; c++) {
        for (let i = 0; i < 200; i++) {
          const f = (i + 0.5) / 200;
          sum += (tap(c, 2 * f - 1) * Math.cos(frequency * (f + taps / 2 - 1 - c))) / 200;
        }
      }
      t.true(Math.abs(sum - transform(frequency)) < 1e-4, `${taps} ${frequency}: ${sum}`);
    }
  }
});

test('fourier: from its definition', (t) => {
  for (const n of [1, 2, 12, 40]) {
    const [re, im] = [Float64Array.from(normals(1, [n]).data), Float64Array.from(normals(2, [n]).data)];
    const [outRe, outIm] = fourier(re, im, false);
    for (let k = 0; k < n; k++) {
      let [x, y] = [0, 0];
      for (let i = 0; i < n; i++) {
        const [c, s] = [Math.cos((2 * Math.PI * i * k) / n), -Math.sin((2 * Math.PI * i * k) / n)];
        x += re[i] * c - im[i] * s;
        y += re[i] * s + im[i] * c;
      }
      t.true(Math.hypot(x - outRe[k], y - outIm[k]) < 1e-12 * n);
    }
    const [back] = fourier(outRe, outIm, true);
    t.true(largest(Array.from(back, (value, i) => value / n - re[i])) < 1e-13 * n);
  }
});

exactly('bad arguments of grids', async (t) => {
  const pair = ridgeletPair('relu', 1);
  const points = normals(1, [9, 1]);
  const axis = { from: 0, spacing: 1, count: 3 };
  const rejects = async (call: () => Promise<unknown>, code: ErrorCode) => {
    const error = await t.throwsAsync(call, { instanceOf: RidgeflowError });
    t.is(error?.code, code, error?.message);
  };
  const on = (grid: unknown) => ridgeletTransformOnGrid({ points }, grid as never, { pair });
  await rejects(() => on(undefined), 'INVALID_ARGUMENT');
  await rejects(() => on({ a: [], b: axis }), 'INVALID_ARGUMENT');
  await rejects(() => on({ a: [axis, axis], b: axis }), 'INVALID_ARGUMENT');
  await rejects(() => on({ a: [axis], b: { ...axis, spacing: 0 } }), 'INVALID_ARGUMENT');
  await rejects(() => on({ a: [{ ...axis, count: 0 }], b: axis }), 'INVALID_ARGUMENT');
  await rejects(() => on({ a: [axis], b: { ...axis, from: NaN } }), 'INVALID_ARGUMENT');
  await rejects(() => on({ a: [axis], b: { from: 0, spacing: 1e9, count: 1e3 } }), 'INVALID_ARGUMENT');
  const cube = { points: normals(1, [9, 3]) };
  const three = { a: [axis, axis, axis], b: axis };
  await rejects(
    () => ridgeletTransformOnGrid(cube, three, { pair: ridgeletPair('relu', 3) }),
    'INVALID_ARGUMENT',
  );
  const many = { points: normals(1, [20_000, 1]) };
  const wide = { a: [{ from: 0, spacing: 0.01, count: 4000 }], b: { from: 0, spacing: 0.01, count: 2000 } };
  await rejects(
    () => ridgeletTransformOnGrid(many, wide, { pair, signal: AbortSignal.timeout(20) }),
    'ABORTED',
  );
  for (const [spectrum, code] of [
    [undefined, 'INVALID_ARGUMENT'],
    [{ grid: { a: [axis], b: axis } }, 'INVALID_ARGUMENT'],
    [{ grid: { a: [axis], b: axis }, values: normals(1, [3, 2, 1]) }, 'INVALID_SHAPE'],
    [{ grid: { a: [axis], b: axis }, values: ndarray(new Float64Array(9), [3, 3, 1]) }, 'NOT_CONVERGED'],
  ] as const) {
    t.is(t.throws(() => sampleSpectrum(spectrum as never, 3), { instanceOf: RidgeflowError })?.code, code);
  }
});
