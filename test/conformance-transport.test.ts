import test from 'ava';
import type { FloatData } from '../ts/core/array.js';
import type { Matrix, PairProblem } from '../ts/kernel/contract.js';
import { Differences, combinations } from './conformance-backends.js';
import { clouds, matrix, sizesOfPairs } from './reference/clouds.js';
import { squaredDistance, toRows } from './reference/kernels.js';
import { Random } from './reference/random.js';

/** c(x_i, y_j) by its definition. */
function costsOf({ from, to, cost }: Pick<PairProblem, 'from' | 'to' | 'cost'>): number[][] {
  const targets = toRows(to);
  return toRows(from).map((x) =>
    targets.map((y) => (cost === 'euclidean' ? Math.sqrt(squaredDistance(x, y)) : squaredDistance(x, y))),
  );
}

function referenceSoftmin(
  costs: readonly (readonly number[])[],
  logWeights: ArrayLike<number>,
  epsilon: number,
): number[] {
  return costs.map((row) => {
    const logits = row.map((cost, j) => logWeights[j] - cost / epsilon);
    const largest = Math.max(...logits);
    if (largest === -Infinity) return Infinity;
    return -epsilon * (largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0)));
  });
}

function transpose(costs: readonly (readonly number[])[]): number[][] {
  return costs[0].map((_, j) => costs.map((row) => row[j]));
}

/** Log-weights as Sinkhorn's algorithm makes them: of a potential that varies by several ε; some −∞. */
function logWeightsOf(random: Random, count: number, spread: number): Float64Array {
  return Float64Array.from({ length: count }, (_, j) =>
    j % 7 === 3 ? -Infinity : -Math.log(count) + spread * random.normal(),
  );
}

for (const { kernels, dtype, tolerance, title } of combinations) {
  /** The error that one logit may have: the rounding of its largest part. */
  const allowed = (costs: readonly (readonly number[])[], logWeights: Float64Array, epsilon: number) => {
    const size = costs.flat().reduce((most, cost) => Math.max(most, Math.abs(cost)), 0) / epsilon;
    const weight = Math.max(...logWeights.filter(Number.isFinite).map(Math.abs), 1);
    return epsilon * (tolerance / 2 + (dtype === 'float64' ? 1e-14 : 1e-6) * (weight + size));
  };

  for (const cost of ['squaredEuclidean', 'euclidean'] as const) {
    test(`${title} softmin: agrees with the reference on awkward sizes, ${cost}`, async (t) => {
      const random = new Random(31);
      const differences = new Differences();
      for (const { n, m, d } of sizesOfPairs()) {
        const kind = random.integer(2) ? 'normal' : 'shifted';
        const [from, to] = clouds(random, kind, dtype, [n, m], d);
        const logWeights = logWeightsOf(random, m, 2);
        for (const epsilon of [0.05, 1, 20].map(
          (scale) => scale * (cost === 'euclidean' ? Math.sqrt(d) : d),
        )) {
          const costs = costsOf({ from, to, cost });
          const out = await kernels.softmin({ from, to, cost, epsilon, logWeights });
          const error = allowed(costs, logWeights, epsilon);
          const where = `n=${n} m=${m} d=${d} ${kind} ε=${epsilon}`;
          differences.compare(where, out, referenceSoftmin(costs, logWeights, epsilon), () => error);
        }
      }
      t.deepEqual(differences.found, []);
    });

    test(`${title} planRows: agrees with the definition, ${cost}`, async (t) => {
      const random = new Random(32);
      const differences = new Differences();
      for (const [n, m, d] of [
        [1, 1, 1],
        [5, 131, 3],
        [49, 130, 17],
        [97, 33, 64],
      ]) {
        const [from, to] = clouds(random, 'normal', dtype, [n, m], d);
        // A pair at distance 0.
        to.data.set(from.data.subarray(0, d), 0);
        const epsilon = cost === 'euclidean' ? 1 : d;
        const logWeights = logWeightsOf(random, m, 1);
        const rowLogWeights = Float64Array.from({ length: n }, () => random.normal());
        const costs = costsOf({ from, to, cost });
        for (const overDistance of [false, true]) {
          const out = await kernels.planRows({
            from,
            to,
            cost,
            epsilon,
            logWeights,
            rowLogWeights,
            overDistance,
          });
          t.is(out.constructor, from.data.constructor);
          const divide = overDistance && cost === 'euclidean';
          const expected = costs.flatMap((row, i) =>
            row.map((c, j) => {
              const weight = Math.exp(rowLogWeights[i] + logWeights[j] - c / epsilon);
              return !divide ? weight : c > 0 ? weight / c : 0;
            }),
          );
          const error = (k: number) => tolerance * expected[k] + 1e-30;
          differences.compare(`n=${n} m=${m} d=${d} ${overDistance}`, out, expected, error);
        }
      }
      t.deepEqual(differences.found, []);
    });
  }

  test(`${title} planCosts, matrixPlanCosts: agree with the definition`, async (t) => {
    const random = new Random(37);
    const differences = new Differences();
    for (const [n, m, d] of [
      [1, 1, 1],
      [5, 131, 3],
      [49, 1300, 17],
      [97, 33, 64],
    ]) {
      for (const cost of ['squaredEuclidean', 'euclidean'] as const) {
        const [from, to] = clouds(random, random.integer(2) ? 'normal' : 'shifted', dtype, [n, m], d);
        to.data.set(from.data.subarray(0, d), 0);
        const epsilon = cost === 'euclidean' ? 1 : d;
        const logWeights = logWeightsOf(random, m, 1);
        const rowLogWeights = Float64Array.from({ length: n }, (_, i) =>
          i === 4 ? -Infinity : random.normal(),
        );
        const costs = costsOf({ from, to, cost });
        const expected = costs.map((row, i) =>
          row.reduce((sum, c, j) => sum + Math.exp(rowLogWeights[i] + logWeights[j] - c / epsilon) * c, 0),
        );
        const out = await kernels.planCosts({ from, to, cost, epsilon, logWeights, rowLogWeights });
        const where = `${cost} n=${n} m=${m} d=${d}`;
        differences.compare(where, out, expected, (i) => tolerance * expected[i] + 1e-30);
        const given = matrix(dtype, costs.flat(), n, m);
        const byMatrix = await kernels.matrixPlanCosts({ costs: given, epsilon, logWeights, rowLogWeights });
        differences.compare(`${where} matrix`, byMatrix, expected, (i) => tolerance * expected[i] + 1e-30);
      }
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} planCosts: stops when aborted`, async (t) => {
    const [from, to] = clouds(new Random(38), 'normal', dtype, [3000, 3000], 2);
    const logWeights = new Float64Array(3000);
    const problem = {
      from,
      to,
      cost: 'euclidean' as const,
      epsilon: 1,
      logWeights,
      rowLogWeights: logWeights,
    };
    await t.throwsAsync(kernels.planCosts(problem, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
    const costs = { data: from.data, rows: 3000, columns: 2 };
    const small = { costs, epsilon: 1, logWeights: logWeights.subarray(0, 2), rowLogWeights: logWeights };
    await t.throwsAsync(kernels.matrixPlanCosts(small, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
  });

  test(`${title} softmin: many targets for few points, in segments`, async (t) => {
    const random = new Random(33);
    const differences = new Differences();
    for (const [n, m] of [
      [1, 9000],
      [130, 8200],
    ]) {
      const [from, to] = clouds(random, 'normal', dtype, [n, m], 3);
      const logWeights = logWeightsOf(random, m, 1);
      const problem = { from, to, cost: 'squaredEuclidean' as const, epsilon: 0.3, logWeights };
      const costs = costsOf(problem);
      const error = allowed(costs, logWeights, 0.3);
      differences.compare(
        `n=${n} m=${m}`,
        await kernels.softmin(problem),
        referenceSoftmin(costs, logWeights, 0.3),
        () => error,
      );
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} softmin: what is left out everywhere gives +∞, and inputs are left alone`, async (t) => {
    const [from, to] = clouds(new Random(34), 'normal', dtype, [3, 5], 2);
    const logWeights = new Float64Array(5).fill(-Infinity);
    const before = structuredClone({ from, to });
    for (const cost of ['squaredEuclidean', 'euclidean'] as const) {
      const out = await kernels.softmin({ from, to, cost, epsilon: 1, logWeights });
      t.deepEqual(Array.from(out), [Infinity, Infinity, Infinity]);
    }
    t.deepEqual({ from, to }, before);
    const matrixOut = await kernels.matrixSoftmin({
      costs: { ...from, rows: 3, columns: 2 },
      transposed: false,
      epsilon: 1,
      logWeights: logWeights.subarray(0, 2),
    });
    t.deepEqual(Array.from(matrixOut), [Infinity, Infinity, Infinity]);
  });

  test(`${title} matrixSoftmin: agrees with the reference, along rows and down columns`, async (t) => {
    const random = new Random(35);
    const differences = new Differences();
    for (const [rows, columns] of [
      [1, 1],
      [1, 17],
      [17, 1],
      [65, 257],
      [130, 1030],
      [300, 31],
    ]) {
      const data = Array.from({ length: rows * columns }, () => 3 * random.normal());
      const costs: Matrix<FloatData> = matrix(dtype, data, rows, columns);
      const rowsOf = toRows(costs);
      for (const transposed of [false, true]) {
        const logWeights = logWeightsOf(random, transposed ? rows : columns, 2);
        for (const epsilon of [0.05, 1]) {
          const out = await kernels.matrixSoftmin({ costs, transposed, epsilon, logWeights });
          const oriented = transposed ? transpose(rowsOf) : rowsOf;
          const error = allowed(oriented, logWeights, epsilon);
          const where = `${rows} × ${columns} ${transposed} ε=${epsilon}`;
          differences.compare(where, out, referenceSoftmin(oriented, logWeights, epsilon), () => error);
        }
      }
    }
    t.deepEqual(differences.found, []);
  });

  // Alone, because other tests would hold up the event loop.
  test.serial(`${title} softmin: stops when aborted`, async (t) => {
    const [cloud] = clouds(new Random(36), 'normal', dtype, [20_000], 16);
    const logWeights = new Float64Array(20_000);
    const problem = { from: cloud, to: cloud, cost: 'squaredEuclidean' as const, epsilon: 1, logWeights };
    const controller = new AbortController();
    const finished = kernels.softmin(problem, { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await t.throwsAsync(finished, { code: 'ABORTED' });
  });
}
