import test from 'ava';
import type { Kernels } from '../ts/kernel/contract.js';
import { Differences, combinations, rounding } from './conformance-backends.js';
import { clouds, matrix, sizesOfPairs, type CloudKind } from './reference/clouds.js';
import {
  referenceCountWithin,
  referenceNearestNeighbours,
  squaredDistance,
  toRows,
} from './reference/kernels.js';
import { Random } from './reference/random.js';

type Problem = Parameters<Kernels['nearestNeighbours']>[0];

for (const { kernels, dtype, tolerance, title } of combinations) {
  /**
   * Compares a result with the reference. Distances must be good to their own size, not to that of the cloud. With
   * `exact`, row numbers must be the reference's; else a row number must be that of a point at that distance.
   */
  const compare = async (differences: Differences, where: string, problem: Problem, exact = false) => {
    const { distances, indices } = await kernels.nearestNeighbours(problem);
    const expected = referenceNearestNeighbours(problem).flat();
    const allowed = (i: number) => tolerance * expected[i].distance + rounding(dtype, expected[i].distance);
    differences.compare(
      `${where} distances`,
      distances,
      expected.map(({ distance }) => distance),
      allowed,
    );
    if (!(indices instanceof Int32Array) || indices.length !== expected.length) {
      differences.found.push(`${where}: expected ${expected.length} indices in an Int32Array`);
      return;
    }
    if (exact) {
      const rows = expected.map(({ index }) => index);
      differences.compare(`${where} indices`, Float64Array.from(indices), rows, () => 0);
      return;
    }
    const points = toRows(problem.points);
    toRows(problem.queries).forEach((x, i) => {
      const row = Array.from(indices.subarray(i * problem.k, (i + 1) * problem.k));
      const at = `${where} row ${i}: indices ${row.join(', ')}`;
      differences.check(`${at} repeat`, new Set(row).size === problem.k);
      differences.check(
        `${at} are out of range`,
        row.every((index) => index >= 0 && index < points.length),
      );
      differences.check(`${at} have the query itself`, !(problem.excludeSelf && row.includes(i)));
      const close = (index: number, t: number) =>
        Math.abs(Math.sqrt(squaredDistance(x, points[index] ?? [])) - expected[i * problem.k + t].distance) <=
        allowed(i * problem.k + t);
      differences.check(`${at} are not at their distances`, row.every(close));
    });
  };

  test(`${title} nearestNeighbours: agrees with the reference on awkward sizes`, async (t) => {
    const random = new Random(11);
    const differences = new Differences();
    for (const { n, m, d } of sizesOfPairs()) {
      const kind = (['normal', 'shifted'] as CloudKind[])[random.integer(2)];
      const [queries, points] = clouds(random, kind, dtype, [n, m], d);
      const k = 1 + random.integer(Math.min(m, 20));
      await compare(differences, `n=${n} m=${m} d=${d} k=${k} ${kind}`, { queries, points, k });
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} nearestNeighbours: agrees with the reference across tiles`, async (t) => {
    const differences = new Differences();
    for (const d of [3, 17]) {
      const [queries, points] = clouds(new Random(12), 'normal', dtype, [300, 2100], d);
      await compare(differences, `n=300 m=2100 d=${d} k=7`, { queries, points, k: 7 });
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} nearestNeighbours: excludeSelf skips the query's own point, up to k = m − 1`, async (t) => {
    const differences = new Differences();
    for (const [n, d] of [2, 15, 17, 97].flatMap((n) => [1, 4, 5, 64, 200].map((d) => [n, d]))) {
      const [points] = clouds(new Random(13), 'shifted', dtype, [n], d);
      for (const k of [1, n - 1]) {
        await compare(differences, `self n=${n} d=${d} k=${k}`, {
          queries: points,
          points,
          k,
          excludeSelf: true,
        });
      }
      await compare(differences, `all n=${n} d=${d}`, { queries: points, points, k: n });
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} nearestNeighbours: ties go to the lower row number`, async (t) => {
    const differences = new Differences();
    for (const d of [1, 2, 3, 5, 8, 17, 64]) {
      for (const kind of ['lattice', 'duplicates'] as const) {
        const [queries, points] = clouds(new Random(14), kind, dtype, [31, 257], d);
        await compare(differences, `${kind} d=${d}`, { queries, points, k: 20 }, true);
        const self = { queries: points, points, k: 20, excludeSelf: true };
        await compare(differences, `${kind} d=${d} self`, self, true);
      }
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} nearestNeighbours: close pairs far from the mean keep their digits`, async (t) => {
    const differences = new Differences();
    for (const d of [2, 8, 64]) {
      const random = new Random(15);
      const values = Array.from({ length: 50 }, () => {
        const place = random.normals(d).map((value) => 100 * value);
        return [...place, ...place.map((value) => value + 1e-3 * random.normal())];
      });
      const points = matrix(dtype, values.flat(), 100, d);
      await compare(differences, `pairs d=${d}`, { queries: points, points, k: 1, excludeSelf: true }, true);
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} nearestNeighbours: tight clusters far apart keep their order inside`, async (t) => {
    const differences = new Differences();
    for (const d of [3, 16, 64]) {
      const random = new Random(18);
      const values = Array.from({ length: 300 }, (_, i) =>
        random.normals(d).map((value) => (i % 2 ? 8 : -8) + 1e-3 * value),
      );
      const points = matrix(dtype, values.flat(), 300, d);
      await compare(
        differences,
        `clusters d=${d}`,
        { queries: points, points, k: 5, excludeSelf: true },
        true,
      );
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} nearestNeighbours: points far beyond the others, and columns that never change`, async (t) => {
    const differences = new Differences();
    for (const d of [16, 33]) {
      const [points] = clouds(new Random(22), 'normal', dtype, [300], d);
      for (let i = 0; i < 300; i++) points.data[i * d + 5] = 1234;
      await compare(differences, `column d=${d}`, { queries: points, points, k: 4, excludeSelf: true });
      points.data[17 * d + 3] = 1e6;
      await compare(differences, `outlier d=${d}`, { queries: points, points, k: 4, excludeSelf: true });
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} nearestNeighbours: does not depend on the unit of the data`, async (t) => {
    const differences = new Differences();
    for (const [d, unit] of [3, 64].flatMap((d) => [1e-15, 1e15].map((unit) => [d, unit]))) {
      const [cloud] = clouds(new Random(16), 'normal', dtype, [97], d);
      const scaled = Array.from(cloud.data, (value) => value * unit);
      const points = matrix(dtype, scaled, 97, d);
      await compare(differences, `unit=${unit} d=${d}`, { queries: points, points, k: 5, excludeSelf: true });
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} nearestNeighbours: results have the dtype of the queries, and the input is left alone`, async (t) => {
    const [queries, points] = clouds(new Random(17), 'normal', dtype, [17, 31], 16);
    const before = structuredClone({ queries, points });
    const { distances } = await kernels.nearestNeighbours({ queries, points, k: 3 });
    t.is(distances.constructor, queries.data.constructor);
    t.deepEqual({ queries, points }, before);
  });

  test(`${title} neighbours: distances that overflow are infinite, and every index is that of a point`, async (t) => {
    for (const [d, m] of [
      [2, 300],
      [2, 5],
      [16, 40],
    ]) {
      const far = dtype === 'float64' ? 1e200 : 1e30;
      const points = matrix(
        dtype,
        Array.from({ length: m * d }, (_, i) => (Math.floor(i / d) % 2 ? far : -far) * (1 + (i % 7))),
        m,
        d,
      );
      const { distances, indices } = await kernels.nearestNeighbours({
        queries: points,
        points,
        k: 3,
        excludeSelf: true,
      });
      for (let i = 0; i < m; i++) {
        const row = Array.from(indices.subarray(3 * i, 3 * i + 3));
        t.true(
          row.every((index) => index >= 0 && index < m && index !== i) && new Set(row).size === 3,
          `${d} ${m}: ${row.join()}`,
        );
        t.true(Array.from(distances.subarray(3 * i, 3 * i + 3)).every((distance) => distance >= 0));
      }
    }
  });

  test(`${title} nearestNeighbours: in the maximum norm, with ties to the lower row number`, async (t) => {
    const differences = new Differences();
    const random = new Random(19);
    for (const { n, m, d } of sizesOfPairs()) {
      const [queries, points] = clouds(
        random,
        random.uniform() < 0.5 ? 'lattice' : 'normal',
        dtype,
        [n, m],
        d,
      );
      const problem = { queries, points, k: 1 + random.integer(Math.min(m, 9)), norm: 'maximum' as const };
      const { distances, indices } = await kernels.nearestNeighbours(problem);
      const expected = referenceNearestNeighbours(problem).flat();
      const where = `maximum norm n=${n} m=${m} d=${d} k=${problem.k}`;
      const of = (index: number) => rounding(dtype, expected[index].distance);
      differences.compare(
        where,
        distances,
        expected.map(({ distance }) => distance),
        of,
      );
      differences.compare(
        where,
        Float64Array.from(indices),
        expected.map(({ index }) => index),
        () => 0,
      );
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} countWithin: counts exactly, on either side of the radius`, async (t) => {
    const differences = new Differences();
    const random = new Random(20);
    for (const { n, m, d } of sizesOfPairs()) {
      const [queries, points] = clouds(
        random,
        random.uniform() < 0.5 ? 'lattice' : 'normal',
        dtype,
        [n, m],
        d,
      );
      for (const norm of ['euclidean', 'maximum'] as const) {
        // Each radius is the distance of a point.
        const k = 1 + random.integer(m);
        const near = await kernels.nearestNeighbours({ queries, points, k, norm });
        const radii = near.distances.filter((_, at) => at % k === k - 1);
        const options = {
          norm,
          strict: random.uniform() < 0.5,
          excludeSelf: n <= m && random.uniform() < 0.5,
        };
        const problem = { queries, points, radii, ...options };
        const counts = await kernels.countWithin(problem);
        t.true(counts instanceof Int32Array);
        const where = `countWithin n=${n} m=${m} d=${d} ${JSON.stringify(options)}`;
        differences.compare(where, Float64Array.from(counts), referenceCountWithin(problem), () => 0);
      }
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} countWithin: stops when asked, and says how far it is`, async (t) => {
    const [points] = clouds(new Random(21), 'normal', dtype, [2000], 3);
    const radii = points.data.slice(0, 2000).fill(0.3);
    const problem = { queries: points, points, radii, excludeSelf: true };
    await t.throwsAsync(kernels.countWithin(problem, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
    let last = 0;
    await kernels.countWithin(problem, { onProgress: (fraction) => (last = fraction) });
    t.is(last, 1);
  });
}
