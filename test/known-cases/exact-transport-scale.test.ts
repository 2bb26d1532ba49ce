import test from 'ava';
import { RandomStream } from '../../ts/core/random.js';
import { gaussianMixture } from '../../ts/measure/index.js';
import {
  exactTransport,
  exactTransportMatrix,
  gaussianMixtureWasserstein,
  type ExactTransportOptions,
} from '../../ts/transport/index.js';
import { backendNames, exactly } from '../native.js';

const methods: readonly ExactTransportOptions[] = [
  ...backendNames.map((backend) => ({ method: 'assignment', backend }) as const),
  ...(backendNames.includes('native') ? [{ method: 'networkSimplex', backend: 'native' } as const] : []),
];
const label = ({ method, backend }: ExactTransportOptions) => `${method} on ${String(backend)}`;

function uniforms(count: number, seed: number): Float64Array {
  const values = new Float64Array(count);
  new RandomStream(seed, 'sample').fillUniform(values);
  return values;
}

/** The least sum over all permutations, in whole numbers; undefined where each uses an infinite cost. */
function leastByTrial(costs: Float64Array, n: number): bigint | undefined {
  let least: bigint | undefined;
  const place = (row: number, used: number, sum: bigint): void => {
    if (row === n) {
      if (least === undefined || sum < least) least = sum;
      return;
    }
    for (let j = 0; j < n; j++) {
      const cost = costs[row * n + j];
      if (!(used & (1 << j)) && cost < Infinity) place(row + 1, used | (1 << j), sum + BigInt(cost));
    }
  };
  place(0, 0, 0n);
  return least;
}

/** Small whole costs, some above a large offset, some of ±large, some forbidden. */
function mixedCosts(n: number, large: number, seed: number): Float64Array {
  const kinds = uniforms(n * n, seed);
  return uniforms(n * n, seed + 1000).map((value, k) => {
    const small = Math.floor(10 * value);
    if (kinds[k] < 0.15) return Infinity;
    if (kinds[k] < 0.4) return large + small;
    if (kinds[k] < 0.5) return kinds[k] < 0.45 ? 1e15 : -1e14;
    return small;
  });
}

for (const run of methods) {
  test(`${label(run)}: one large cost takes no digits from the others`, async (t) => {
    for (const large of [1e5, 1e13, 1e18, 1e30, 1e100, 1e300]) {
      const costs = Float64Array.of(3, 3, 9, 1, 5, 7, large, 7, 7);
      const found = await exactTransportMatrix({ data: costs, shape: [3, 3] }, run);
      t.true(Math.abs(3 * found.cost - 11) < 1e-13, `${large}: ${3 * found.cost}`);
      t.true(found.dualityGap >= 0 && found.dualityGap < 1e-13);
    }
  });

  test(`${label(run)}: the least of all permutations, exactly, with forbidden pairs`, async (t) => {
    for (let trial = 0; trial < 90; trial++) {
      const n = 2 + (trial % 5);
      const costs = mixedCosts(n, 10 ** (3 * (trial % 6)), trial);
      const least = leastByTrial(costs, n);
      const found = exactTransportMatrix({ data: costs, shape: [n, n] }, run);
      if (least === undefined) {
        await t.throwsAsync(found, { code: 'INFEASIBLE' });
        continue;
      }
      const { plan, dualityGap } = await found;
      const sum = plan.masses.reduce(
        (all, _, k) => all + BigInt(costs[plan.rows[k] * n + plan.columns[k]]),
        0n,
      );
      t.is(plan.masses.length, n);
      t.is(sum, least, `trial ${trial}`);
      t.true(dualityGap <= 1e-12 * (1 + Math.abs(Number(least))), `trial ${trial}: gap ${dualityGap}`);
    }
  });

  test(`${label(run)}: clouds that share a far point are as near as without it`, async (t) => {
    const n = 40;
    for (const far of [1e6, 1e9, -99999]) {
      const [a, b] = [uniforms(2 * n, 1), uniforms(2 * n, 2)];
      const dtype = run.backend === 'native' ? 'float64' : 'float32';
      const near = await exactTransport(cloudOf(a, dtype), cloudOf(b, dtype), run);
      const shared = [a, b].map((values) => cloudOf(Float64Array.of(...values, far, far), dtype));
      const found = await exactTransport(shared[0], shared[1], run);
      t.true(Math.abs((found.cost * (n + 1)) / n - near.cost) < 1e-14, `${far}`);
      t.true(found.dualityGap < 1e-13);
    }
  });
}

function cloudOf(values: Float64Array, dtype: 'float64' | 'float32') {
  const data = dtype === 'float64' ? values : Float32Array.from(values);
  return { data, shape: [values.length / 2, 2] };
}

exactly('masses are kept whatever their size', async (t) => {
  for (const tiny of [1e-15, 1e-18, 1e-25, 1e-60, 1e-300]) {
    const far = 1 / tiny;
    const { cost, plan, marginalError } = await exactTransportMatrix(
      { data: Float64Array.of(0, 0, far, 0), shape: [2, 2] },
      { weightsA: [1, tiny], weightsB: [1, 0] },
    );
    const at = plan.rows.indexOf(1);
    t.true(Math.abs(plan.masses[at] / tiny - 1) < 1e-12, `${tiny}: ${plan.masses[at]}`);
    t.true(Math.abs(cost - 1) < 1e-12 && marginalError < 1e-15);
  }
});

exactly('a weight of 0 may have nowhere to go, a small one may not', async (t) => {
  const costs = { data: Float64Array.of(1, 2, Infinity, Infinity), shape: [2, 2] };
  const weightsB = [0.25, 0.75];
  t.is((await exactTransportMatrix(costs, { weightsA: [1, 0], weightsB })).cost, 1.75);
  const error = await t.throwsAsync(exactTransportMatrix(costs, { weightsA: [1 - 1e-9, 1e-9], weightsB }), {
    code: 'INFEASIBLE',
  });
  t.regex(String(error?.message), /^Expected .* forbidden pair/);
  // Sums that differ by rounding alone are no reason.
  const blocks = { data: Float64Array.of(1, Infinity, Infinity, 1), shape: [2, 2] };
  const rounded = { weightsA: [0.1 + 0.2, 0.7], weightsB: [0.3, 0.7] };
  t.true(Math.abs((await exactTransportMatrix(blocks, rounded)).cost - 1) < 1e-15);
});

exactly('a cost of −Infinity or NaN is refused', async (t) => {
  for (const bad of [-Infinity, NaN]) {
    const costs = { data: Float64Array.of(1, 2, bad, 4), shape: [2, 2] };
    await t.throwsAsync(exactTransportMatrix(costs), { code: 'NON_FINITE', message: /row 1, column 0/ });
  }
});

exactly('mixtures that share a far component', async (t) => {
  const mixture = (means: number[]) =>
    gaussianMixture({
      weights: means.map(() => 1 / means.length),
      means: means.map((mean) => [mean]),
      covariances: means.map(() => [[1]]),
    });
  for (const far of [1e6, 1e8]) {
    const { value } = await gaussianMixtureWasserstein(mixture([0, 3, 8, far]), mixture([far, 1, 8, 2]));
    t.true(Math.abs(value - Math.sqrt((1 + 1) / 4)) < 1e-12, `${far}: ${value}`);
  }
});
