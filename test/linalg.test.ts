import test, { type ExecutionContext } from 'ava';
import { type DType, type NdArray, ndarray } from '../ts/core/array.js';
import { type PrincipalComponents, principalComponents } from '../ts/linalg/index.js';
import { exactly, places } from './native.js';
import { Random } from './reference/random.js';

function cloudOf(dtype: DType, n: number, d: number, of: (i: number, k: number) => number): NdArray {
  const data = dtype === 'float64' ? new Float64Array(n * d) : new Float32Array(n * d);
  for (let i = 0; i < n; i++) for (let k = 0; k < d; k++) data[i * d + k] = of(i, k);
  return { data, shape: [n, d] };
}

const axis = ({ axes, mean }: PrincipalComponents, i: number) =>
  axes.subarray(i * mean.length, (i + 1) * mean.length);

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (value, k) => value * b[k]).reduce((sum, value) => sum + value, 0);

/** The axes are orthonormal, their largest coordinates positive, and the variances fall. */
function checkForm(t: ExecutionContext, components: PrincipalComponents, count: number, where: string): void {
  const { axes, variances, explained, mean } = components;
  t.is(axes.length, count * mean.length, where);
  t.is(variances.length, count, where);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      const product = dot(axis(components, i), axis(components, j));
      t.true(Math.abs(product - (i === j ? 1 : 0)) < 1e-9, `${where}: axes ${i} and ${j}: ${product}`);
    }
    const largest = axis(components, i).reduce((best, x) =>
      Math.abs(x) > Math.abs(best) + 1e-12 ? x : best,
    );
    t.true(largest > 0, `${where}: largest coordinate of axis ${i} is ${largest}`);
    t.true(variances[i] >= 0 && variances[i] <= (variances[i - 1] ?? Infinity), where);
    t.true(explained[i] >= 0 && explained[i] <= 1, where);
  }
}

/**
 * Points with exactly known principal axes: each the mean ± s_j along the j-th row of an orthonormal frame, so that the
 * variance along it is s_j²/(number of axes).
 */
function starCloud(dtype: DType, d: number, spreads: readonly number[]) {
  const random = new Random(d);
  const frame: number[][] = [];
  while (frame.length < spreads.length) {
    let row = random.normals(d);
    for (let pass = 0; pass < 2; pass++) {
      for (const other of frame) {
        const overlap = dot(row, other);
        row = row.map((x, k) => x - overlap * other[k]);
      }
    }
    const length = Math.sqrt(dot(row, row));
    frame.push(row.map((x) => x / length));
  }
  const mean = random.normals(d).map((x) => 10 * x);
  const cloud = cloudOf(dtype, 2 * spreads.length, d, (i, k) => {
    const j = i >> 1;
    return mean[k] + (i % 2 ? 1 : -1) * spreads[j] * frame[j][k];
  });
  return { cloud, mean, frame, variances: spreads.map((s) => (s * s) / spreads.length) };
}

for (const { backend, dtype } of places) {
  const tolerance = dtype === 'float64' ? 1e-9 : 1e-4;

  // Below 1025 by the covariance, above by subspace iteration.
  for (const d of [7, 40, 1030]) {
    test(`${backend} ${dtype}, d = ${d}: known axes, variances and shares are found`, async (t) => {
      const { cloud, mean, frame, variances } = starCloud(dtype, d, [9, 5, 3, 1, 0.5]);
      const components = await principalComponents(cloud, { count: 4, backend });
      checkForm(t, components, 4, 'star');
      const total = variances.reduce((a, b) => a + b);
      for (let i = 0; i < 4; i++) {
        const cosine = Math.abs(dot(axis(components, i), frame[i]));
        t.true(Math.abs(cosine - 1) < tolerance, `axis ${i} is off by ${cosine - 1}`);
        t.true(Math.abs(components.variances[i] / variances[i] - 1) < tolerance * 10, `variance ${i}`);
        t.true(Math.abs(components.explained[i] - variances[i] / total) < tolerance * 10, `share ${i}`);
      }
      t.true(components.mean.every((x, k) => Math.abs(x - mean[k]) < 1e-5));
    });
  }

  for (const d of [5, 1030]) {
    test(`${backend} ${dtype}, d = ${d}: a cloud of equal points has axes and no variance`, async (t) => {
      for (const n of [1, 2, 100]) {
        const components = await principalComponents(
          cloudOf(dtype, n, d, (_, k) => 0.1 + k),
          { count: 3, backend },
        );
        checkForm(t, components, 3, `n = ${n}`);
        t.deepEqual([...components.variances, ...components.explained], [0, 0, 0, 0, 0, 0]);
        t.is(components.mean[1], cloudOf(dtype, 1, 2, (_, k) => 0.1 + k).data[1]);
      }
    });

    test(`${backend} ${dtype}, d = ${d}: more components than points come out orthonormal`, async (t) => {
      const random = new Random(3);
      const cloud = cloudOf(dtype, 3, d, () => random.normal());
      const components = await principalComponents(cloud, { count: 5, backend });
      checkForm(t, components, 5, 'three points');
      // Three points lie in a plane.
      t.true(components.variances[1] > 0.1 && components.variances[2] < 1e-6 * components.variances[1]);
      t.true(Math.abs(components.explained[0] + components.explained[1] - 1) < 1e-5);
    });

    test(`${backend} ${dtype}, d = ${d}: the unit of the data scales variances and nothing else`, async (t) => {
      const { cloud } = starCloud(dtype, d, [9, 5, 3, 1]);
      const { axes, variances, explained } = await principalComponents(cloud, { count: 3, backend });
      for (const unit of [1000, 2 ** 100, 2 ** -80]) {
        const scaled = cloudOf(dtype, 8, d, (i, k) => unit * cloud.data[i * d + k]);
        const other = await principalComponents(scaled, { count: 3, backend });
        t.true(other.variances.every((v, i) => Math.abs(v / unit ** 2 / variances[i] - 1) < 1e-4));
        t.true(other.axes.every((x, i) => Math.abs(x - axes[i]) < 1e-4));
        t.true(other.explained.every((x, i) => Math.abs(x - explained[i]) < 1e-5));
      }
    });
  }
}

exactly('covariance and subspace iteration agree either side of the change at d = 1024', async (t) => {
  const random = new Random(5);
  const n = 60;
  // A spectrum that falls slowly, on the same 1020 coordinates; the others are constant.
  const small = cloudOf('float64', n, 1020, (_, k) => random.normal() * 0.97 ** k);
  const embed = (d: number) => cloudOf('float64', n, d, (i, k) => (k < 1020 ? small.data[i * 1020 + k] : 3));
  const [exact, iterated] = [
    await principalComponents(embed(1024), { count: 4 }),
    await principalComponents(embed(1025), { count: 4 }),
  ];
  for (let i = 0; i < 4; i++) {
    t.true(Math.abs(iterated.variances[i] / exact.variances[i] - 1) < 1e-6, `variance ${i}`);
    t.true(Math.abs(iterated.explained[i] / exact.explained[i] - 1) < 1e-6, `share ${i}`);
    const cosine = dot(axis(iterated, i).subarray(0, 1024), axis(exact, i));
    t.true(Math.abs(cosine - 1) < 1e-4, `axis ${i}: cosine ${cosine}`);
  }
  t.deepEqual(await principalComponents(embed(1025), { count: 4 }), iterated);
});

test('the number of components is two by default, one in one dimension', async (t) => {
  const cloud = ndarray([
    [0, 0, 0],
    [2, 1, 0],
  ]);
  checkForm(t, await principalComponents(cloud), 2, 'default');
  const line = await principalComponents(ndarray([[1], [3], [5]]));
  t.deepEqual([...line.mean, ...line.axes, ...line.explained], [3, 1, 1]);
  t.true(Math.abs(line.variances[0] - 8 / 3) < 1e-14);
  const one = await principalComponents(cloud, { count: 1 });
  t.true(Math.abs(axis(one, 0)[0] - 2 / Math.sqrt(5)) < 1e-7 && Math.abs(one.explained[0] - 1) < 1e-7);
});

exactly('dtype asks for the precision of the computation, and inputs are left alone', async (t) => {
  for (const d of [6, 1030]) {
    const { cloud } = starCloud('float64', d, [4, 2, 1]);
    const before = structuredClone(cloud);
    const single = { data: Float32Array.from(cloud.data), shape: cloud.shape };
    t.deepEqual(await principalComponents(cloud, { dtype: 'float32' }), await principalComponents(single));
    const there = await principalComponents(cloud, { dtype: 'float32', backend: 'tfjs-wasm' });
    checkForm(t, there, 2, `d = ${d}`);
    await t.throwsAsync(principalComponents(cloud, { backend: 'tfjs-wasm' }), { code: 'UNSUPPORTED' });
    t.deepEqual(cloud, before);
  }
});

test('bad input is refused with its code', async (t) => {
  const cloud = cloudOf('float32', 10, 4, (i, k) => i * k);
  const refuse = (code: string, points: unknown, options?: object) =>
    t.throwsAsync(principalComponents(points as NdArray, options), { code });
  await refuse('EMPTY_CLOUD', { data: new Float32Array(0), shape: [0, 4] });
  await refuse('INVALID_SHAPE', { data: cloud.data, shape: [40] });
  await refuse('INVALID_DTYPE', { data: new Uint8Array(40), shape: [10, 4] });
  await refuse('INVALID_ARGUMENT', null);
  for (const count of [0, -1, 5, 1.5, NaN, '2']) await refuse('INVALID_ARGUMENT', cloud, { count });
  await refuse('INVALID_DTYPE', cloud, { dtype: 'double' });
  const wide = cloudOf('float32', 3, 1030, (i, k) => i * k);
  await refuse('INVALID_ARGUMENT', wide, { count: 1031 });
  for (const points of [cloud, wide]) {
    await refuse('ABORTED', points, { signal: AbortSignal.abort() });
    const spoilt = { data: points.data.slice(), shape: points.shape };
    spoilt.data[points.shape[1] + 2] = -Infinity;
    const error = await t.throwsAsync(principalComponents(spoilt), { code: 'NON_FINITE' });
    t.like(error, { details: { parameter: 'points', row: 1, column: 2 } });
  }
});
