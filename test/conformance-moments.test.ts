import test from 'ava';
import { Differences, combinations, rounding } from './conformance-backends.js';
import { clouds, matrix, sizesOfPairs } from './reference/clouds.js';
import { referenceCovariance, toRows } from './reference/kernels.js';
import { Random } from './reference/random.js';

for (const { kernels, dtype, tolerance, title } of combinations) {
  test(`${title} covariance: agrees with the reference`, async (t) => {
    const differences = new Differences();
    const random = new Random(23);
    for (const kind of ['normal', 'shifted', 'duplicates'] as const) {
      for (const [n, d] of [1, 2, 17, 97, 600].flatMap((n) => [1, 3, 16, 65].map((d) => [n, d]))) {
        const [points] = clouds(random, kind, dtype, [n], d);
        const expected = referenceCovariance(points);
        const { mean, covariance } = await kernels.covariance(points);
        t.true(mean instanceof Float64Array && covariance instanceof Float64Array);
        const where = `covariance n=${n} d=${d} ${kind}`;
        // Results are float64 in either dtype, but a backend may multiply float32 input in float32.
        differences.compare(
          `${where} mean`,
          mean,
          expected.mean,
          (k) => tolerance * 1e-2 + rounding(dtype, expected.mean[k]),
        );
        differences.compare(`${where}`, covariance, expected.covariance.flat(), (i) => {
          const sizes =
            expected.covariance[Math.floor(i / d)][Math.floor(i / d)] + expected.covariance[i % d][i % d];
          return tolerance * sizes + rounding(dtype, expected.mean[i % d]) ** 2;
        });
        differences.check(
          `${where} is not symmetric`,
          covariance.every((value, i) => value === covariance[(i % d) * d + Math.floor(i / d)]),
        );
      }
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} covariance: of chosen rows it is that of a copy of them, also in many blocks`, async (t) => {
    const random = new Random(31);
    const sizes = [
      [7, 2, 3],
      [100, 17, 20],
      [2500, 33, 1900],
      [40, 600, 35],
    ];
    for (const [n, d, count] of sizes) {
      const [points] = clouds(random, 'shifted', dtype, [n], d);
      const rows = Int32Array.from({ length: count }, () => random.integer(n));
      const copy = Array.from(rows, (row) => Array.from(points.data.subarray(row * d, (row + 1) * d)));
      const chosen = await kernels.covariance(points, undefined, rows);
      const whole = await kernels.covariance(matrix(dtype, copy.flat(), count, d));
      t.deepEqual(chosen, whole, `${count} rows of ${n} × ${d}`);
    }
  });

  test(`${title} covariance: of equal rows it is exactly zero`, async (t) => {
    const row = new Random(32).normals(300).map((value) => 1e3 + value);
    const points = matrix(dtype, Array.from({ length: 50 }, () => row).flat(), 50, 300);
    const { mean, covariance } = await kernels.covariance(points);
    t.deepEqual(Array.from(mean), Array.from(points.data.subarray(0, 300)));
    t.true(covariance.every((value) => value === 0));
  });

  test(`${title} centredRows: each value rounded once, of chosen rows or all`, async (t) => {
    const random = new Random(33);
    for (const { n, d } of [...sizesOfPairs(), { n: 3000, d: 50 }]) {
      const [points] = clouds(random, 'shifted', dtype, [n], d);
      const centre = Float64Array.from(random.normals(d));
      const factor = random.normals(1)[0];
      const chosen = Int32Array.from({ length: 1 + random.integer(2 * n) }, () => random.integer(n));
      for (const rows of [undefined, chosen]) {
        const found = await kernels.centredRows({ points, centre, factor, rows });
        const expected = points.data.slice(0, 0).constructor as Float64ArrayConstructor;
        const values = Array.from(rows ?? Array.from({ length: n }, (_, i) => i)).flatMap((row) =>
          Array.from(centre, (value, k) => (points.data[row * d + k] - value) * factor),
        );
        t.deepEqual(found, expected.from(values), `${n} × ${d}`);
      }
    }
    const [points] = clouds(random, 'normal', dtype, [2], 1);
    const found = await kernels.centredRows({ points, centre: Float64Array.of(0) });
    t.deepEqual(found, points.data);
  });

  test(`${title} groupMoments: means and squares of each group, zero for an empty one`, async (t) => {
    const random = new Random(34);
    const differences = new Differences();
    for (const { n, d } of [...sizesOfPairs(), { n: 2000, d: 300 }]) {
      const kind = (['normal', 'shifted', 'duplicates'] as const)[random.integer(3)];
      const [points] = clouds(random, kind, dtype, [n], d);
      const groupCount = 2 + random.integer(6);
      // Nobody is in the last group.
      const groups = Int32Array.from({ length: n }, () => random.integer(groupCount - 1));
      const { means, squares } = await kernels.groupMoments({ points, groups, groupCount });
      const rows = toRows(points);
      for (let g = 0; g < groupCount; g++) {
        const members = rows.filter((_, i) => groups[i] === g);
        if (members.length === 0) {
          t.is(squares[g], 0);
          t.true(means.subarray(g * d, (g + 1) * d).every((value) => value === 0));
          continue;
        }
        const { mean, covariance } = referenceCovariance(
          matrix('float64', members.flat(), members.length, d),
        );
        const square = covariance.reduce((sum, row, k) => sum + row[k], 0) * members.length;
        const where = `groupMoments ${kind} ${n} × ${d} group ${g}`;
        differences.compare(
          `${where} mean`,
          means.subarray(g * d, (g + 1) * d),
          mean,
          (k) => 1e-12 * (1 + Math.abs(mean[k])),
        );
        differences.compare(
          `${where} squares`,
          squares.subarray(g, g + 1),
          [square],
          () => 1e-9 * (1 + square),
        );
      }
    }
    t.deepEqual(differences.found, []);
    const same = matrix(dtype, Array.from({ length: 7 }, () => [0.1, 1e6]).flat(), 7, 2);
    const { means, squares } = await kernels.groupMoments({
      points: same,
      groups: new Int32Array(7),
      groupCount: 1,
    });
    t.deepEqual(Array.from(means), Array.from(same.data.subarray(0, 2)));
    t.is(squares[0], 0);
  });

  test(`${title} moments stop when aborted`, async (t) => {
    const points = matrix(dtype, new Random(35).normals(400_000), 4000, 100);
    const groups = new Int32Array(4000);
    const centre = new Float64Array(100);
    const { signal } = new AbortController();
    for (const call of [
      (run: object) => kernels.covariance(points, run),
      (run: object) => kernels.centredRows({ points, centre }, run),
      (run: object) => kernels.groupMoments({ points, groups, groupCount: 1 }, run),
    ]) {
      await t.notThrowsAsync(call({ signal }));
      await t.throwsAsync(call({ signal: AbortSignal.abort() }), { code: 'ABORTED' });
    }
  });
}
