import test from 'ava';
import { combinations, Differences } from './conformance-backends.js';
import { clouds, matrix, sizesOfPairs, type CloudKind } from './reference/clouds.js';
import { squaredDistance, toRows } from './reference/kernels.js';
import { Random } from './reference/random.js';

for (const { kernels, dtype, tolerance, title } of combinations) {
  test(`${title} distanceSums: agrees with the reference on awkward sizes, duplicates and shifts`, async (t) => {
    const random = new Random(5);
    const differences = new Differences();
    for (const { n, m, d } of sizesOfPairs()) {
      const kind = (['normal', 'shifted', 'duplicates', 'lattice'] as CloudKind[])[random.integer(4)];
      const [queries, points] = clouds(random, kind, dtype, [n, m], d);
      const groupCount = 1 + random.integer(5);
      const groups = Int32Array.from({ length: m }, () => random.integer(groupCount));
      const sums = await kernels.distanceSums({ queries, points, groups, groupCount });
      const rows = toRows(points);
      const expected = new Float64Array(n * groupCount);
      toRows(queries).forEach((x, i) =>
        rows.forEach((y, j) => (expected[i * groupCount + groups[j]] += Math.sqrt(squaredDistance(x, y)))),
      );
      differences.compare(`n=${n} m=${m} d=${d} ${kind}`, sums, expected, (at) => tolerance * expected[at]);
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} distanceSums: agrees with the reference where the queries are the points`, async (t) => {
    const random = new Random(8);
    const differences = new Differences();
    for (const [n, d, groupCount] of [
      [1, 3, 1],
      [49, 17, 1],
      [257, 64, 2],
      [400, 130, 3],
    ]) {
      const [points] = clouds(random, 'normal', dtype, [n], d);
      const groups = Int32Array.from({ length: n }, () => random.integer(groupCount));
      const sums = await kernels.distanceSums({ queries: points, points, groups, groupCount });
      const rows = toRows(points);
      const expected = new Float64Array(n * groupCount);
      rows.forEach((x, i) =>
        rows.forEach((y, j) => (expected[i * groupCount + groups[j]] += Math.sqrt(squaredDistance(x, y)))),
      );
      differences.compare(`n=${n} d=${d}`, sums, expected, (at) => tolerance * expected[at]);
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} distanceSums: a tight group far from the others keeps its digits`, async (t) => {
    const random = new Random(6);
    const size = 1e-4;
    const values = Array.from({ length: 200 }, (_, i) =>
      random.normals(20).map((value) => (i < 100 ? size * value : 1 + value)),
    ).flat();
    const points = matrix(dtype, values, 200, 20);
    const groups = Int32Array.from({ length: 200 }, (_, i) => (i < 100 ? 0 : 1));
    const sums = await kernels.distanceSums({ queries: points, points, groups, groupCount: 2 });
    const rows = toRows(points);
    const expected = rows.slice(0, 100).map((y) => Math.sqrt(squaredDistance(rows[7], y)));
    const sum = expected.reduce((a, b) => a + b);
    // The points themselves were rounded relative to the centre of all.
    t.true(Math.abs(sums[14] - sum) < (dtype === 'float64' ? 1e-10 : 5e-3) * sum, `${sums[14]} for ${sum}`);
  });

  test(`${title} distanceSums: stops when aborted`, async (t) => {
    const points = matrix(dtype, new Random(7).normals(80_000), 40_000, 2);
    const groups = new Int32Array(40_000);
    const controller = new AbortController();
    const call = kernels.distanceSums(
      { queries: points, points, groups, groupCount: 1 },
      { signal: controller.signal },
    );
    controller.abort();
    await t.throwsAsync(call, { code: 'ABORTED' });
  });
}
