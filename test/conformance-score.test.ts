import test from 'ava';
import type { DType } from '../ts/core/array.js';
import type { Kernels, ScoreProblem } from '../ts/kernel/contract.js';
import { Differences, combinations, rounding } from './conformance-backends.js';
import { clouds, matrix, randomLogWeights, sizesOfPairs, type CloudKind } from './reference/clouds.js';
import { referenceScore, squaredDistance, toRows } from './reference/kernels.js';
import { Random } from './reference/random.js';

const WANT_ALL = { mean: true, logDensity: true, divergence: true };

/** Mean squared distance of the centres from their mean, per coordinate. */
function spreadOf({ centres }: ScoreProblem): number {
  const rows = toRows(centres);
  const mean = rows[0].map((_, k) => rows.reduce((sum, row) => sum + row[k], 0) / rows.length);
  return rows.reduce((sum, row) => sum + squaredDistance(row, mean), 0) / (rows.length * centres.columns);
}

/** Farthest squared distance of any query from any centre. */
function farthest({ queries, centres }: ScoreProblem): number {
  const rows = toRows(centres);
  return toRows(queries)
    .flatMap((x) => rows.map((c) => squaredDistance(x, c)))
    .reduce((a, b) => Math.max(a, b));
}

/**
 * Runs a problem and compares all its results with the reference. Where the variance is far below the squared
 * distances, their rounding shows in the weights, and so in the mean and the divergence: that much is allowed.
 */
async function compareScore(
  differences: Differences,
  where: string,
  kernels: Kernels,
  dtype: DType,
  tolerance: number,
  problem: ScoreProblem,
): Promise<void> {
  const actual = await kernels.score(problem);
  const expected = referenceScore(problem);
  const { variance } = problem;
  const means = expected.mean.flat();
  const spread = Math.sqrt(spreadOf(problem));
  const curvature = problem.centres.columns / variance;
  const loose = tolerance + rounding(dtype, farthest(problem) / variance);
  differences.compare(`${where} mean`, actual.mean, means, (i) => loose * spread + rounding(dtype, means[i]));
  differences.compare(
    `${where} logDensity`,
    actual.logDensity,
    expected.logDensity,
    (i) => tolerance * Math.max(1, Math.abs(expected.logDensity[i])),
  );
  // The divergence is the difference of two terms; the error is relative to their sizes.
  differences.compare(
    `${where} divergence`,
    actual.divergence,
    expected.divergence,
    (i) => loose * (2 * curvature + Math.abs(expected.divergence[i])),
  );
}

/** A random problem; the variance is narrow, medium or wide against the cloud. */
function randomProblem(
  random: Random,
  dtype: DType,
  n: number,
  m: number,
  d: number,
): [string, ScoreProblem] {
  const kind = (['normal', 'shifted', 'duplicates', 'normal'] as CloudKind[])[random.integer(4)];
  const variance = [0.05, 0.5, 20][random.integer(3)];
  const [queries, centres] = clouds(random, kind, dtype, [n, m], d);
  const logWeights = random.uniform() < 0.5 ? randomLogWeights(random, dtype, m) : undefined;
  const where = `n=${n} m=${m} d=${d} ${kind} variance=${variance}${logWeights ? ' weighted' : ''}`;
  return [where, { queries, centres, logWeights, variance, want: WANT_ALL }];
}

for (const { kernels, dtype, tolerance, title } of combinations) {
  const compare = (differences: Differences, where: string, problem: ScoreProblem) =>
    compareScore(differences, `score ${where}`, kernels, dtype, tolerance, problem);

  test(`${title} score: agrees with the reference on awkward sizes`, async (t) => {
    const random = new Random(1);
    const differences = new Differences();
    for (const { n, m, d } of sizesOfPairs()) {
      await compare(differences, ...randomProblem(random, dtype, n, m, d));
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} score: agrees with the reference across tiles`, async (t) => {
    const random = new Random(2);
    const differences = new Differences();
    for (const [n, m, d] of [
      [300, 2100, 3],
      [300, 2100, 17],
      [1100, 1030, 5],
    ]) {
      await compare(differences, ...randomProblem(random, dtype, n, m, d));
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} score: leave-one-out skips the query's own centre`, async (t) => {
    const random = new Random(3);
    const differences = new Differences();
    for (const [n, d] of [2, 15, 17, 97, 257].flatMap((n) => [1, 3, 5, 64, 200].map((d) => [n, d]))) {
      const [where, problem] = randomProblem(random, dtype, n, n, d);
      await compare(differences, `leave-one-out ${where}`, {
        ...problem,
        queries: problem.centres,
        excludeSelf: true,
      });
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} score: all weights gone give density 0 and leave the query where it is`, async (t) => {
    for (const d of [1, 3, 64]) {
      const [cloud] = clouds(new Random(4), 'shifted', dtype, [1], d);
      const alone = { queries: cloud, centres: cloud, variance: 0.3, want: WANT_ALL, excludeSelf: true };
      const { mean, logDensity, divergence } = await kernels.score(alone);
      t.deepEqual(mean, cloud.data);
      t.deepEqual(Array.from(logDensity ?? []), [-Infinity]);
      t.is((divergence ?? [NaN])[0] + 0, 0);
    }
  });

  test(`${title} score: one centre is a Gaussian`, async (t) => {
    const differences = new Differences();
    for (const d of [1, 2, 5, 64, 800]) {
      const [queries, centres] = clouds(new Random(5), 'normal', dtype, [17, 1], d);
      const variance = 0.7;
      const centre = Array.from(centres.data);
      const { mean, logDensity, divergence } = await kernels.score({
        queries,
        centres,
        variance,
        want: WANT_ALL,
      });
      const means = toRows(queries).flatMap(() => centre);
      const logDensities = toRows(queries).map(
        (x) => -squaredDistance(x, centre) / (2 * variance) - (d / 2) * Math.log(2 * Math.PI * variance),
      );
      differences.compare(`mean d=${d}`, mean, means, (i) => rounding(dtype, means[i]));
      differences.compare(
        `logDensity d=${d}`,
        logDensity,
        logDensities,
        (i) => tolerance * Math.abs(logDensities[i]),
      );
      differences.compare(
        `divergence d=${d}`,
        divergence,
        toRows(queries).map(() => -d / variance),
        () => (tolerance * d) / variance,
      );
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} score: two symmetric centres give a hyperbolic tangent`, async (t) => {
    const differences = new Differences();
    for (const d of [1, 3, 8, 65]) {
      const random = new Random(6);
      const direction = random.normals(d).map((value) => value / Math.sqrt(d));
      const centres = matrix(dtype, [...direction, ...direction.map((value) => -value)], 2, d);
      const [queries] = clouds(random, 'normal', dtype, [31], d);
      const a = toRows(centres)[0];
      const aa = squaredDistance(a, new Array<number>(d).fill(0));
      const variance = 0.4;
      const result = await kernels.score({ queries, centres, variance, want: WANT_ALL });
      const projections = toRows(queries).map(
        (x) => x.reduce((sum, value, k) => sum + value * a[k], 0) / variance,
      );
      const means = projections.flatMap((p) => a.map((value) => value * Math.tanh(p)));
      const divergences = projections.map(
        (p) => -d / variance + (aa * (1 - Math.tanh(p) ** 2)) / variance ** 2,
      );
      differences.compare(`mean d=${d}`, result.mean, means, () => tolerance);
      differences.compare(
        `divergence d=${d}`,
        result.divergence,
        divergences,
        () => tolerance * ((2 * d) / variance + aa / variance ** 2),
      );
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} score: a query far outside has a finite log-density and the right mean`, async (t) => {
    const differences = new Differences();
    for (const d of [1, 3, 16, 64]) {
      const random = new Random(7);
      const [centres] = clouds(random, 'normal', dtype, [97], d);
      const far = matrix(
        dtype,
        Array.from({ length: 3 * d }, (_, i) => 300 * (1 + (i % 5))),
        3,
        d,
      );
      const problem = { queries: far, centres, variance: 4, want: WANT_ALL };
      await compare(differences, `far d=${d}`, problem);
      const { mean, logDensity = [] } = await kernels.score(problem);
      differences.check(`far d=${d} is finite`, Array.from(logDensity).every(Number.isFinite));
      // The far centres weigh next to nothing here, so that the mean is good in spite of the rounded distances.
      differences.compare(`far d=${d} mean`, mean, referenceScore(problem).mean.flat(), () => 5 * tolerance);
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} score: does not depend on the unit of the data`, async (t) => {
    const differences = new Differences();
    for (const [d, unit] of [3, 64].flatMap((d) => [1e-9, 1e3, 1e9].map((unit) => [d, unit]))) {
      const [queries, centres] = clouds(new Random(8), 'normal', dtype, [31, 97], d).map((cloud) =>
        matrix(
          dtype,
          Array.from(cloud.data, (value) => value * unit),
          cloud.rows,
          d,
        ),
      );
      const problem = { queries, centres, variance: 0.5 * unit * unit, want: WANT_ALL };
      await compare(differences, `unit=${unit} d=${d}`, problem);
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} score: computes what is wanted and no more, and leaves its input alone`, async (t) => {
    const [queries, centres] = clouds(new Random(9), 'normal', dtype, [17, 31], 16);
    const logWeights = randomLogWeights(new Random(10), dtype, 31);
    const before = structuredClone({ queries, centres, logWeights });
    const all = await kernels.score({ queries, centres, logWeights, variance: 1, want: WANT_ALL });
    for (const name of ['mean', 'logDensity', 'divergence'] as const) {
      const one = await kernels.score({ queries, centres, logWeights, variance: 1, want: { [name]: true } });
      t.deepEqual(
        Object.keys(one).filter((key) => one[key as typeof name] !== undefined),
        [name],
      );
      t.is(one[name]?.constructor, queries.data.constructor);
      t.deepEqual(one[name], all[name]);
    }
    t.deepEqual({ queries, centres, logWeights }, before);
  });
}
