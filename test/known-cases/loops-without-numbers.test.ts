import test from 'ava';
import type { NdArray } from '../../ts/core/array.js';
import { entropicJkoFlow } from '../../ts/flow/index.js';
import { smallestEigenvalue } from '../../ts/linalg/smallest-eigenvalue.js';
import { type Projector, cgls, sirt, totalVariation } from '../../ts/radon/index.js';
import { fixedSupportBarycentre, sinkhorn } from '../../ts/transport/index.js';
import { backendNames, exactly } from '../native.js';

/** A projector of a 2 × 2 image that loses its numbers after a few calls. */
function failing(after: number): Projector {
  let calls = 0;
  const shape = [2, 2];
  const apply = ({ data }: NdArray) => {
    calls++;
    return Promise.resolve({ data: data.map((value, k) => (calls > after ? NaN : (k + 1) * value)), shape });
  };
  return {
    imageShape: shape,
    dataShape: shape,
    project: apply,
    backproject: apply,
    select: () => failing(after),
  };
}

const smoothest: typeof cgls = (sinogram, options) => totalVariation(sinogram, { weight: 0.1, ...options });

for (const backend of backendNames) {
  test(`${backend}: reconstructions end at once where a number is lost`, async (t) => {
    const sinogram = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] };
    for (const [name, call] of Object.entries({ cgls, sirt, totalVariation: smoothest })) {
      for (const after of [0, 3]) {
        let reports = 0;
        const error = await t.throwsAsync(
          call(sinogram, {
            projector: failing(after),
            iterations: 1_000_000,
            backend,
            onProgress: () => reports++,
          }),
          { code: 'NON_FINITE', message: /divide the sinogram|float64/ },
          name,
        );
        const { iterations } = (error as unknown as { details: { iterations: number } }).details;
        t.true(iterations <= after + 1, `${name}: ${iterations}`);
      }
    }
  });
}

test('the smallest eigenvalue of no numbers is none', (t) => {
  t.is(smallestEigenvalue(Float64Array.of(1, NaN, NaN, 1), 2), NaN);
  t.true(Math.abs(smallestEigenvalue(Float64Array.of(2, 1, 1, 2), 2) - 1) < 1e-14);
});

exactly('an ε that rounding hides is refused or ends the loop, and a larger one is an answer', async (t) => {
  const sites = { data: Float64Array.of(0, 1, 2, 3), shape: [4, 1] };
  const measures = [
    [0.5, 0.5, 0, 0],
    [0, 0, 0.25, 0.75],
  ];
  for (const options of [{}, { debiased: true }, { reference: 'counting' as const }]) {
    const call = (epsilon: number) => fixedSupportBarycentre(sites, measures, { epsilon, ...options });
    await t.throwsAsync(call(1e-28), { code: 'INVALID_ARGUMENT', message: /epsilon of at least/ });
    const { masses, converged } = await call(0.1);
    t.true(converged && Math.abs(masses.reduce((sum, mass) => sum + mass, 0) - 1) < 1e-9);
  }
  const jko = (epsilon: number) =>
    entropicJkoFlow({ entropy: 1 }, sites, measures[0], { step: 0.1, steps: 1, epsilon });
  await t.throwsAsync(jko(1e-28), { code: 'INVALID_ARGUMENT', message: /epsilon of at least/ });
  t.true((await jko(0.1)).end.masses.every((mass) => mass >= 0));

  const plan = (epsilon: number) =>
    sinkhorn(sites, sites, {
      epsilon,
      weightsA: measures[0],
      weightsB: measures[1],
      maximumIterations: 100_000,
    });
  await t.throwsAsync(plan(1e-28), { code: 'NON_FINITE', message: /larger epsilon/ });
  t.true((await plan(0.1)).converged);
});
