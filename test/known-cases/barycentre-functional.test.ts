import test from 'ava';
import { type NdArray, toDtype } from '../../ts/core/array.js';
import { RandomStream } from '../../ts/core/random.js';
import { type FixedSupportBarycentreOptions, fixedSupportBarycentre } from '../../ts/transport/index.js';
import { places } from '../native.js';

type Functional = 'product' | 'counting' | 'debiased';

/** min_π ⟨π, c⟩ + ε KL(π | a⊗b), by plain Sinkhorn iterations until nothing changes. */
function entropicCost(
  costs: number[][],
  a: readonly number[],
  b: readonly number[],
  epsilon: number,
): number {
  const m = a.length;
  const soften = (weights: readonly number[], values: readonly number[], i: number, transposed: boolean) => {
    let sum = 0;
    for (let j = 0; j < m; j++)
      if (weights[j] > 0)
        sum += weights[j] * Math.exp((values[j] - (transposed ? costs[j][i] : costs[i][j])) / epsilon);
    return -epsilon * Math.log(sum);
  };
  let [f, g] = [new Array<number>(m).fill(0), new Array<number>(m).fill(0)];
  for (let k = 0; k < 4000; k++) {
    f = f.map((_, i) => soften(b, g, i, false));
    const next = g.map((_, j) => soften(a, f, j, true));
    const change = Math.max(...next.map((value, j) => Math.abs(value - g[j])));
    g = next;
    if (change < 1e-14) break;
  }
  return f.reduce((sum, value, i) => sum + (a[i] > 0 ? a[i] * value : 0) + (b[i] > 0 ? b[i] * g[i] : 0), 0);
}

interface Case {
  costs: number[][];
  measures: number[][];
  weights: number[];
  epsilon: number;
}

function objective(
  { costs, measures, weights, epsilon }: Case,
  kind: Functional,
  b: readonly number[],
): number {
  let value = 0;
  measures.forEach((a, s) => (value += weights[s] * entropicCost(costs, a, b, epsilon)));
  if (kind === 'debiased') value -= entropicCost(costs, b, b, epsilon) / 2;
  if (kind === 'counting') for (const mass of b) if (mass > 0) value += epsilon * mass * Math.log(mass);
  return value;
}

/** The least of a convex function of masses, by trying to move mass between all pairs of sites, ever less of it. */
function leastByTrial(
  value: (b: readonly number[]) => number,
  m: number,
): { masses: number[]; least: number } {
  let masses = new Array<number>(m).fill(1 / m);
  let least = value(masses);
  for (let step = 0.25; step > 1e-6; step /= 2) {
    for (let found = true; found;) {
      found = false;
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < m; j++) {
          const by = Math.min(step, masses[i]);
          if (i === j || by === 0) continue;
          const tried = masses.slice();
          tried[i] -= by;
          tried[j] += by;
          const other = value(tried);
          if (!(other < least - 1e-15)) continue;
          [masses, least, found] = [tried, other, true];
        }
      }
    }
  }
  return { masses, least };
}

function caseOf(seed: number, m: number, count: number, epsilon: number): Case & { sites: number[] } {
  const uniform = new Float64Array(m + count * (m + 1));
  new RandomStream(seed, 'sample').fillUniform(uniform);
  const sites = Array.from(uniform.subarray(0, m));
  const share = (values: number[]) => values.map((v) => v / values.reduce((sum, value) => sum + value, 0));
  const measures = Array.from({ length: count }, (_, s) =>
    // A quarter of the sites without mass.
    share(Array.from(uniform.subarray(m + s * m, m + (s + 1) * m), (v) => Math.max(0, v - 0.25))),
  );
  return {
    sites,
    costs: sites.map((x) => sites.map((y) => (x - y) ** 2)),
    measures,
    weights: share(Array.from(uniform.subarray(m + count * m), (v) => 0.2 + v)),
    epsilon,
  };
}

const optionsOf: Record<Functional, Partial<FixedSupportBarycentreOptions>> = {
  product: { tolerance: 1e-7 },
  counting: { reference: 'counting', tolerance: 1e-11 },
  debiased: { debiased: true, tolerance: 1e-11 },
};

for (const { backend, dtype } of places) {
  for (const kind of ['product', 'counting', 'debiased'] as const) {
    test(`${backend} ${dtype}: the barycentre (${kind}) is the least of what is documented`, async (t) => {
      for (const [seed, m, count, epsilon] of [
        [1, 5, 2, 0.05],
        [2, 4, 3, 0.2],
        [3, 5, 2, 0.02],
        [4, 3, 1, 0.1],
        [5, 5, 2, 2],
      ]) {
        const problem = caseOf(seed, m, count, epsilon);
        const sites: NdArray = { data: Float64Array.from(problem.sites), shape: [m, 1] };
        const exact = dtype === 'float64';
        const found = await fixedSupportBarycentre(toDtype(sites, dtype), problem.measures, {
          ...(exact ? optionsOf[kind] : { ...optionsOf[kind], tolerance: kind === 'product' ? 1e-4 : 1e-6 }),
          backend,
          epsilon,
          weights: problem.weights,
          maximumIterations: 20_000,
        });
        const right = leastByTrial((b) => objective(problem, kind, b), m);
        const reached = objective(problem, kind, Array.from(found.masses));
        const within = exact ? (kind === 'product' ? 1e-6 : 1e-5) : 3e-4;
        t.true(reached - right.least < within * epsilon, `${seed}: ${reached - right.least} above`);
        // In case 2 the debiased objective is nearly flat: two of its sites share their mass in almost any proportion.
        if (exact && epsilon < 1 && !(kind === 'debiased' && seed === 2)) {
          found.masses.forEach((mass, j) =>
            t.true(
              Math.abs(mass - right.masses[j]) < 5e-3,
              `${seed}: ${found.masses.join()} not ${right.masses.join()}`,
            ),
          );
        }
        if (kind !== 'product') continue;
        t.true(found.converged);
        t.true(Math.abs(found.value! - reached) < (exact ? 1e-9 : 1e-4));
        t.true(found.dualityGap! >= 0 && reached - right.least <= found.dualityGap! + within * epsilon);
      }
    });
  }

  test(`${backend} ${dtype}: the gap of a barycentre on a line closes to a thousandth of ε, by default`, async (t) => {
    const n = 50;
    const data = Float64Array.from({ length: n }, (_, i) => i / (n - 1));
    const sites = toDtype({ data, shape: [n, 1] }, dtype);
    const bump = (centre: number, deviation: number) => {
      const values = data.map((x) => Math.exp(-((x - centre) ** 2) / (2 * deviation ** 2)));
      const sum = values.reduce((total, value) => total + value, 0);
      return values.map((value) => value / sum);
    };
    for (const epsilon of [0.002, 0.01, 0.1]) {
      const measures = [bump(0.25, 0.06), bump(0.7, 0.1), bump(0.5, 0.03)];
      const found = await fixedSupportBarycentre(sites, measures, {
        epsilon,
        backend,
        weights: [0.3, 0.3, 0.4],
      });
      t.true(found.converged && found.dualityGap! <= 1e-3 * epsilon, `${epsilon}: ${found.dualityGap}`);
      t.true(Math.abs(found.masses.reduce((sum, mass) => sum + mass, 0) - 1) < 1e-9);
      const mean = found.masses.reduce((sum, mass, i) => sum + mass * data[i], 0);
      t.true(Math.abs(mean - (0.3 * 0.25 + 0.3 * 0.7 + 0.4 * 0.5)) < 0.01, `${epsilon}: ${mean}`);
    }
  });
}
