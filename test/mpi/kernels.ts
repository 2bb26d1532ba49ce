// Every kernel that runs over ranks against the native one on the whole cloud. Run on each rank; see test/mpi.test.ts.
import type { RidgeflowError } from '../../ts/core/errors.js';
import type { DType } from '../../ts/core/array.js';
import { type CloudKind, clouds, matrix, randomLogWeights } from '../reference/clouds.js';
import { Random } from '../reference/random.js';
import {
  SPREADS,
  type Spread,
  differences,
  finish,
  mpi,
  native,
  ownRows,
  rank,
  shareOf,
  size,
  valuesOf,
} from './ranks.js';

const random = new Random(191);
/** Of float32 sums over many points, relative to what they are sums of. */
const ALLOWED = { float32: 2e-6, float64: 1e-13 };
const CASES: readonly { n: number; m: number; d: number; kind: CloudKind }[] = [
  { n: 1, m: 1, d: 3, kind: 'normal' },
  { n: 2, m: 7, d: 2, kind: 'normal' },
  { n: 7, m: 2, d: 1, kind: 'lattice' },
  { n: 97, m: 257, d: 5, kind: 'duplicates' },
  { n: 257, m: 97, d: 64, kind: 'shifted' },
  // Of several tiles, of which some ranks have none.
  { n: 20, m: 2500, d: 250, kind: 'normal' },
];

/** The largest where it is least even. */
function casesOf(spread: Spread): typeof CASES {
  return spread === 'last' ? CASES : CASES.slice(0, -1);
}

async function score(dtype: DType, spread: Spread): Promise<void> {
  for (const { n, m, d, kind } of casesOf(spread)) {
    const [queries, centres] = clouds(random, kind, dtype, [n, m], d);
    const weights = randomLogWeights(random, dtype, m);
    for (const [self, logWeights, tolerance] of [
      [false, undefined, 0],
      [false, weights, 1e-5],
      [true, undefined, 0],
      [true, weights, 0],
    ] as const) {
      const whole = { queries: self ? centres : queries, centres };
      const variance = 0.3 * d;
      const options = {
        variance,
        excludeSelf: self,
        tolerance,
        want: { mean: true, logDensity: true, divergence: true },
      };
      const own = {
        queries: shareOf(whole.queries, spread),
        centres: shareOf(centres, spread),
        logWeights: logWeights && valuesOf(logWeights, spread),
      };
      const found = await mpi.score({ ...own, ...options });
      const expected = await native.score({ ...whole, logWeights, ...options });
      const { first, count } = ownRows(whole.queries.rows, spread);
      const part = (values: ArrayLike<number>, each: number) =>
        Array.from(values).slice(first * each, (first + count) * each);
      let size = 1;
      for (const value of whole.queries.data) size = Math.max(size, Math.abs(value));
      const allowed = ALLOWED[dtype] + 2 * tolerance;
      const where = `score ${dtype} ${spread} ${n} × ${m} × ${d} ${kind} self ${self} ${logWeights ? 'weighted' : ''}`;
      differences.compare(`${where} mean`, found.mean, part(expected.mean!, d), () => allowed * size * 2);
      const logs = part(expected.logDensity!, 1);
      // |x − c|²/2σ² is rounded in the dtype, on both sides.
      differences.compare(`${where} log`, found.logDensity, logs, (i) => allowed * (20 + Math.abs(logs[i])));
      const scale = (d / variance) * (1 + (kind === 'shifted' ? 1000 : 0)) * 4;
      differences.compare(
        `${where} divergence`,
        found.divergence,
        part(expected.divergence!, 1),
        () => allowed * scale,
      );
    }
  }
}

async function neighbours(dtype: DType, spread: Spread): Promise<void> {
  for (const { n, m, d, kind } of casesOf(spread)) {
    const [queries, points] = clouds(random, kind, dtype, [n, m], d);
    for (const norm of ['euclidean', 'maximum'] as const) {
      for (const excludeSelf of [false, true]) {
        const k = Math.min(5, m - (excludeSelf ? 1 : 0));
        if (k === 0) continue;
        const from = excludeSelf ? points : queries;
        const own = { queries: shareOf(from, spread), points: shareOf(points, spread) };
        const found = await mpi.nearestNeighbours({ ...own, k, norm, excludeSelf });
        const expected = await native.nearestNeighbours({ queries: from, points, k, norm, excludeSelf });
        const { first, count } = ownRows(from.rows, spread);
        const where = `neighbours ${dtype} ${spread} ${n} × ${m} × ${d} ${kind} ${norm} self ${excludeSelf}`;
        const distances = expected.distances.subarray(first * k, (first + count) * k);
        const rounding = ALLOWED[dtype] * (kind === 'shifted' ? 10 : 1);
        differences.compare(`${where} distances`, found.distances, distances, (i) => rounding * distances[i]);
        if (kind === 'lattice' || kind === 'duplicates') {
          const indices = expected.indices.slice(first * k, (first + count) * k);
          differences.check(
            `${where} ties`,
            indices.every((row, i) => row === found.indices[i]),
          );
        }
        const radii = distances.filter((_, i) => i % k === k - 1);
        const counts = await mpi.countWithin({ ...own, radii, norm, excludeSelf });
        const all = expected.distances.filter((_, i) => i % k === k - 1);
        const wanted = await native.countWithin({ queries: from, points, radii: all, norm, excludeSelf });
        differences.check(
          `${where} counts`,
          counts.every((value, i) => value === wanted[first + i]),
        );
      }
    }
  }
}

async function momentsAndSums(dtype: DType, spread: Spread): Promise<void> {
  for (const { n, m, d, kind } of casesOf(spread)) {
    const [queries, points] = clouds(random, kind, dtype, [n, m], d);
    const own = { queries: shareOf(queries, spread), points: shareOf(points, spread) };
    const where = `${dtype} ${spread} ${n} × ${m} × ${d} ${kind}`;
    const groups = Int32Array.from({ length: m }, () => random.integer(3));
    const offset = kind === 'shifted' ? 1e6 : 10;
    const { mean, covariance } = await mpi.covariance(own.points);
    const expected = await native.covariance(points);
    differences.compare(
      `mean ${where}`,
      mean,
      expected.mean,
      (i) => 1e-14 * (1 + Math.abs(expected.mean[i])),
    );
    differences.compare(`covariance ${where}`, covariance, expected.covariance, () => 1e-13 * offset);
    const grouped = { groups: valuesOf(groups, spread), groupCount: 4 };
    const found = await mpi.groupMoments({ points: own.points, ...grouped });
    const wanted = await native.groupMoments({ points, groups, groupCount: 4 });
    differences.compare(`group means ${where}`, found.means, wanted.means, () => 1e-13 * offset);
    differences.compare(
      `group squares ${where}`,
      found.squares,
      wanted.squares,
      () => 1e-12 * offset * m * d,
    );
    const sums = await mpi.distanceSums({ ...own, ...grouped });
    const all = await native.distanceSums({ queries, points, groups, groupCount: 4 });
    const { first, count } = ownRows(n, spread);
    const part = all.subarray(first * 4, (first + count) * 4);
    differences.compare(`distance sums ${where}`, sums, part, (i) => ALLOWED[dtype] * 10 * part[i]);
    const variance = 0.3 * d;
    const vectors = matrix(dtype, random.normals(n * d), n, d);
    const hessian = {
      vectors: shareOf(vectors, spread),
      variance,
      queries: own.queries,
      centres: own.points,
    };
    const product = await mpi.posteriorCovarianceProduct(hessian);
    const products = await native.posteriorCovarianceProduct({ queries, vectors, centres: points, variance });
    const { first: from, count: rows } = ownRows(n, spread);
    const ownProducts = products.subarray(from * d, (from + rows) * d);
    differences.compare(
      `posterior covariances ${where}`,
      product,
      ownProducts,
      () => ALLOWED[dtype] * 10 * d,
    );
    const taken = await mpi.takeFromRanks(valuesOf(groups, spread), Int32Array.of(0, m - 1, m >> 1));
    differences.check(
      `values ${where}`,
      [0, m - 1, m >> 1].every((row, i) => taken[i] === groups[row]),
    );
    for (const cost of ['squaredEuclidean', 'euclidean'] as const) {
      const logWeights = Float64Array.from(randomLogWeights(random, 'float64', m));
      const rowLogWeights = Float64Array.from({ length: n }, () => -random.uniform());
      const problem = { from: queries, to: points, cost, epsilon: d, logWeights };
      const spreadProblem = {
        from: own.queries,
        to: own.points,
        ...{ cost, epsilon: d, logWeights: valuesOf(logWeights, spread) },
      };
      const potentials = await native.softmin(problem);
      const softmin = potentials.subarray(first, first + count);
      const allowed = ALLOWED[dtype] * (kind === 'shifted' ? 100 : 10);
      differences.compare(
        `softmin ${cost} ${where}`,
        await mpi.softmin(spreadProblem),
        softmin,
        (i) => allowed * (d + Math.abs(softmin[i])),
      );
      const costs = (await native.planCosts({ ...problem, rowLogWeights })).subarray(first, first + count);
      const ownCosts = await mpi.planCosts({
        ...spreadProblem,
        rowLogWeights: valuesOf(rowLogWeights, spread),
      });
      differences.compare(
        `plan costs ${cost} ${where}`,
        ownCosts,
        costs,
        (i) => allowed * 10 * Math.abs(costs[i]),
      );
    }
  }
}

/** The same call twice gives the same bits, and sums over ranks are those of all, on all of them. */
async function shares(): Promise<void> {
  const share = await mpi.shareOf(rank + 1);
  differences.check(
    'shares',
    share.first === (rank * (rank + 1)) / 2 && share.total === (size * (size + 1)) / 2,
  );
  const values = Float64Array.from({ length: 5 }, (_, i) => Math.sin(rank + i) * 10 ** (6 * i - 12));
  const sums = await mpi.sumOverRanks(values);
  const expected = values.map((_, i) => {
    let sum = Math.sin(i) * 10 ** (6 * i - 12);
    for (let r = 1; r < size; r++) sum += Math.sin(r + i) * 10 ** (6 * i - 12);
    return sum;
  });
  differences.check(
    'sums are added up in the order of the ranks',
    sums.every((sum, i) => sum === expected[i]),
  );
  const [largest] = await mpi.largestOverRanks([rank]);
  differences.check('largest', largest === size - 1);
  const cloud = matrix('float32', new Random(5).normals(3000), 600, 5);
  const own = shareOf(cloud, 'even');
  const problem = { queries: own, centres: own, variance: 1, want: { mean: true } };
  const [a, b] = [await mpi.score(problem), await mpi.score(problem)];
  differences.check(
    'the same bits twice',
    a.mean!.every((value, i) => value === b.mean![i]),
  );
}

for (const spread of size === 1 ? (['even'] as const) : SPREADS) {
  for (const dtype of ['float64', 'float32'] as const) {
    await score(dtype, spread);
    await neighbours(dtype, spread);
    await momentsAndSums(dtype, spread);
  }
}
await shares();
if (size > 1) {
  const refusal = await mpi.matrixSoftmin({} as never).catch((error: unknown) => error as RidgeflowError);
  differences.check('what does not run', (refusal as RidgeflowError).code === 'UNSUPPORTED');
  // No memory is asked for before all ranks have counted.
  const [one, many] = [
    matrix('float32', [0], 1, 1),
    { data: new Float32Array(1), rows: 2 ** 30, columns: 1 },
  ];
  const uncounted = await mpi
    .nearestNeighbours({ queries: one, points: many, k: 1 })
    .catch((error: unknown) => error as RidgeflowError);
  const { code, message } = uncounted as RidgeflowError;
  differences.check('rows without a number', code === 'INVALID_ARGUMENT' && /fewer than 2³¹/.test(message));
  differences.check('the name of the backend', mpi.name === 'mpi');
}
finish();
