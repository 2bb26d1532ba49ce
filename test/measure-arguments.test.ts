import test from 'ava';
import { ndarray } from '../ts/core/array.js';
import {
  type EmpiricalParameters,
  empirical,
  gaussian,
  gaussianMixture,
  smoothed,
  twoMoons,
} from '../ts/measure/index.js';
import { identity } from './reference/mixtures.js';

const line = gaussian({ mean: [0], variance: 1 });

/** What a caller without types might pass. */
function untyped(value: unknown): never {
  return value as never;
}

test('the three ways to state the spread of a Gaussian agree', async (t) => {
  for (const measure of [
    gaussian({
      mean: [1, 2],
      covariance: [
        [4, 0],
        [0, 9],
      ],
    }),
    gaussian({ mean: [1, 2], covariance: ndarray([4, 0, 0, 9], [2, 2]) }),
    gaussian({ mean: [1, 2], variance: [4, 9] }),
    gaussian({ mean: [1, 2], standardDeviations: Float32Array.of(2, 3) }),
    gaussian({ mean: ndarray([1, 2]), variance: ndarray([4, 9]) }),
  ]) {
    t.deepEqual([...measure.mean()], [1, 2]);
    t.deepEqual([...(await measure.covariance())], [4, 0, 0, 9]);
    t.is(measure.collapseTime, 2);
  }
  t.deepEqual([...(await gaussian({ mean: [1, 2], variance: 3 }).covariance())], [3, 0, 0, 3]);
});

test('a mixture tells its parts', (t) => {
  const mixture = gaussianMixture({ means: [-1, 2], variances: [0.5, 0.8] }).heat(0.1);
  t.is(mixture.components, 2);
  t.deepEqual([...mixture.weights], [0.5, 0.5]);
  t.deepEqual([...mixture.means.data], [-1, 2]);
  t.deepEqual([...mixture.componentCovariance(1)], [1]);
  t.throws(() => mixture.componentCovariance(2), { code: 'INVALID_ARGUMENT' });
  const full = gaussianMixture({
    means: [
      [0, 0],
      [1, 1],
    ],
    covariances: ndarray(
      [
        [2, 1, 1, 2],
        [3, 0, 0, 4],
      ].flat(),
      [2, 2, 2],
    ),
  });
  t.deepEqual([...full.heat(0.5).componentCovariance(0)], [3, 1, 1, 3]);
  t.deepEqual([...full.componentCovariance(1)], [3, 0, 0, 4]);
});

test('points are neither copied nor changed', async (t) => {
  const { points } = twoMoons(50);
  const before = points.data.slice();
  const measure = smoothed({ points, variance: 0.1 });
  t.is(measure.means, points);
  await measure.evaluate(points, { score: true, divergence: true, logDensity: true });
  await measure.hessianVector(points, points);
  await gaussian({ mean: [0, 0], variance: [1, 2] }).hessianVector(points, points);
  await gaussian({ mean: [0, 0], variance: [1, 2] }).evaluate(points, { score: true });
  t.deepEqual(points.data, before);
});

test('refuses spreads that are none', (t) => {
  const mean = [0, 0];
  const invalid = (spread: object, message: RegExp, code = 'INVALID_ARGUMENT') =>
    t.throws(() => gaussian({ mean, ...spread }), { code, message });
  invalid({}, /exactly one of covariance, variance and standardDeviations but received 0/);
  invalid({ variance: 1, standardDeviations: 1 }, /received 2/);
  invalid({ variance: 0 }, /for variance/);
  invalid({ variance: [1, -1] }, /variance\[1\] but received -1/);
  invalid({ variance: [1, 1, 1] }, /Expected 2 numbers for variance but received 3/, 'INVALID_SHAPE');
  invalid({ standardDeviations: [1, NaN] }, /standardDeviations .* position 1/, 'NON_FINITE');
  invalid({ variance: 'large' }, /a list of numbers for variance/);
  invalid({ covariance: [[1, 0]] }, /shape \[2, 2\] for covariance but received \[1, 2\]/, 'INVALID_SHAPE');
  invalid({ covariance: [[1, 0], [0]] }, /2 numbers for row 1 of covariance/, 'INVALID_SHAPE');
  invalid(
    {
      covariance: [
        [1, 0],
        [0, Infinity],
      ],
    },
    /row 1, column 1/,
    'NON_FINITE',
  );
  invalid(
    {
      covariance: [
        [1, 0.5],
        [0.4, 1],
      ],
    },
    /symmetric matrix .* 0\.4 at row 1, column 0 and 0\.5/,
  );
  const error = invalid(
    {
      covariance: [
        [1, 2],
        [2, 1],
      ],
    },
    /positive definite .* smallest eigenvalue is -1/,
  );
  t.true(
    Math.abs(
      (error as unknown as { details: { smallestEigenvalue: number } }).details.smallestEigenvalue + 1,
    ) < 1e-14,
  );
  invalid(
    {
      covariance: [
        [1, 1],
        [1, 1],
      ],
    },
    /smallest eigenvalue/,
  );
  invalid(
    {
      covariance: [
        [1, 0],
        [0, 0],
      ],
    },
    /smallest eigenvalue is 0/,
  );
  t.throws(() => gaussian({ mean: [], variance: 1 }), { code: 'INVALID_SHAPE' });
  t.throws(() => gaussian({ mean: [1, NaN], variance: 1 }), {
    code: 'NON_FINITE',
    message: /mean .*position 1/,
  });
  t.throws(() => gaussian(untyped(undefined)), { code: 'INVALID_ARGUMENT' });
  t.throws(() => gaussian(untyped({ variance: 1 })), { code: 'INVALID_ARGUMENT', message: /for mean/ });
});

test('refuses mixtures that are none', (t) => {
  const means = [
    [0, 0],
    [1, 1],
  ];
  const invalid = (parameters: object, message: RegExp, code = 'INVALID_ARGUMENT') =>
    t.throws(() => gaussianMixture({ means, ...parameters }), { code, message });
  invalid({ variances: 1, weights: [0.5, 0.6] }, /they sum to 1\.1: divide them by their sum/);
  invalid({ variances: 1, weights: [1.5, -0.5] }, /-0\.5 at position 1/);
  invalid({ variances: 1, weights: [1] }, /2 numbers for weights but received 1/, 'INVALID_SHAPE');
  invalid({ variances: 1, weights: [NaN, 1] }, /weights .*position 0/, 'NON_FINITE');
  invalid({}, /exactly one of covariances and variances but received 0/);
  invalid({ variances: 1, covariances: [identity(2), identity(2)] }, /received 2 of them/);
  invalid({ variances: [1, 0] }, /variances\[1\]/);
  invalid({ variances: [[1, 2]] }, /2 rows for variances but received 1/, 'INVALID_SHAPE');
  invalid(
    {
      variances: [
        [1, 2],
        [3, -4],
      ],
    },
    /variances\[1\]\[1\] but received -4/,
  );
  invalid({ covariances: [identity(2)] }, /2 matrices for covariances but received 1/, 'INVALID_SHAPE');
  invalid(
    {
      covariances: [
        identity(2),
        [
          [1, 2],
          [2, 1],
        ],
      ],
    },
    /covariances\[1\].*smallest eigenvalue/,
  );
  invalid({ covariances: ndarray([1, 2, 3]) }, /shape \[2, 2, 2\] or \[2, 2\]/, 'INVALID_SHAPE');
  invalid({ covariances: 3 }, /a list of matrices/);
  t.throws(() => gaussianMixture({ means: [], variances: 1 }), { code: 'EMPTY_CLOUD', message: /means/ });
  t.notThrows(() => gaussianMixture({ means, variances: 1, weights: [0.5, 0.5 + 5e-7] }));
});

test('refuses clouds that are none', (t) => {
  for (const make of [
    empirical,
    (parameters: EmpiricalParameters) => smoothed({ ...parameters, variance: 1 }),
  ]) {
    t.throws(() => make({ points: [] }), { code: 'EMPTY_CLOUD', message: /points/ });
    t.throws(() => make({ points: ndarray([], [0, 3]) }), { code: 'EMPTY_CLOUD' });
    t.throws(
      () =>
        make({
          points: [
            [1, 2],
            [3, NaN],
          ],
        }),
      { code: 'NON_FINITE', message: /row 1, column 1/ },
    );
    t.throws(() => make({ points: [[1, 2], [3]] }), { code: 'INVALID_SHAPE', message: /row 1 of points/ });
    t.throws(() => make({ points: untyped('points') }), { code: 'INVALID_ARGUMENT' });
    t.throws(() => make({ points: [[1]], weights: [0.5] }), {
      code: 'INVALID_ARGUMENT',
      message: /sum to 0\.5/,
    });
    t.throws(() => make({ points: [[1]], weights: untyped('all') }), { code: 'INVALID_ARGUMENT' });
  }
  t.throws(() => smoothed({ points: [[1]], variance: -1 }), {
    code: 'INVALID_ARGUMENT',
    message: /for variance/,
  });
  t.throws(() => empirical(untyped(null)), { code: 'INVALID_ARGUMENT' });
});

test('says when the heat flow ends', (t) => {
  const full = gaussian({
    mean: [0, 0],
    covariance: [
      [2, 1],
      [1, 2],
    ],
  });
  t.true(Math.abs(full.collapseTime - 0.5) < 1e-15);
  const error = t.throws(() => full.heat(-0.6), {
    code: 'COLLAPSED',
    message: /time 0\.6.*collapses at time 0\.5/,
  });
  const { details } = error as unknown as { details: { collapseTime: number; time: number } };
  t.is(details.collapseTime, full.collapseTime);
  t.is(details.time, 0.6);
  t.throws(() => full.heat(-full.collapseTime), { code: 'COLLAPSED' });
  t.throws(() => smoothed({ points: [[1]], variance: 0.4 }).heat(-0.2), {
    code: 'COLLAPSED',
    message: /0\.2/,
  });
  t.notThrows(() => smoothed({ points: [[1]], variance: 0.4 }).heat(-0.199));
  const atoms = empirical({
    points: [
      [1, 2],
      [3, 4],
    ],
  });
  t.is(atoms.collapseTime, 0);
  t.throws(() => atoms.heat(-1e-9), { code: 'COLLAPSED', message: /collapses at time 0/ });
  t.is(atoms.heat(0), atoms);
  t.is(atoms.heat(0.1).collapseTime, 0.1);
  t.throws(() => full.heat(NaN), { code: 'INVALID_ARGUMENT', message: /for t / });
});

test('just before the collapse the density is computed or refused, never NaN', async (t) => {
  const covariance = [
    [1, 0.3, 0.1],
    [0.3, 1, 0.2],
    [0.1, 0.2, 1],
  ];
  const measure = gaussian({ mean: [0, 0, 0], covariance });
  const x = ndarray([[1, 2, 3]]);
  for (const gap of [1e-3, 1e-9, 1e-15, 1e-16]) {
    const late = measure.heat(-measure.collapseTime * (1 - gap));
    const outcome = await late.evaluate(x, { score: true }).then(
      ({ score }) => score!.data.every(Number.isFinite),
      (error: { code: string }) => error.code === 'COLLAPSED',
    );
    t.true(outcome, `gap ${gap}`);
    const sampled = await late.sample(3).then(
      ({ data }) => data.every(Number.isFinite),
      (error: { code: string }) => error.code === 'COLLAPSED',
    );
    t.true(sampled, `gap ${gap}`);
  }
});

test('an empirical measure says to smooth it', async (t) => {
  const atoms = empirical({
    points: [
      [1, 2],
      [3, 4],
    ],
  });
  await t.throwsAsync(atoms.evaluate(), { code: 'UNSUPPORTED', message: /smooth it first/ });
  await t.throwsAsync(atoms.hessianVector(), { code: 'UNSUPPORTED', message: /smooth it first/ });
});

test('refuses points that do not fit', async (t) => {
  const want = { score: true };
  await t.throwsAsync(line.evaluate(ndarray([[1, 2]]), want), {
    code: 'INVALID_SHAPE',
    message: /points of dimension 1 for x but received 2/,
  });
  await t.throwsAsync(line.evaluate(ndarray([], [0, 1]), want), { code: 'EMPTY_CLOUD' });
  await t.throwsAsync(line.evaluate(ndarray([[1], [NaN]]), want), {
    code: 'NON_FINITE',
    message: /in x .* row 1, column 0/,
  });
  await t.throwsAsync(line.evaluate(untyped([1, 2]), want), { code: 'INVALID_SHAPE', message: /for x / });
  await t.throwsAsync(line.hessianVector(ndarray([[1]]), ndarray([[1], [2]])), {
    code: 'INVALID_SHAPE',
    message: /1 vectors, one for each row of x, for v but received 2/,
  });
  await t.throwsAsync(line.hessianVector(ndarray([[1]]), ndarray([[Infinity]])), {
    code: 'NON_FINITE',
    message: /in v /,
  });
  await t.throwsAsync(line.sample(0), { code: 'INVALID_ARGUMENT', message: /for n / });
  await t.throwsAsync(line.sample(3, { seed: 0.5 }), { code: 'INVALID_ARGUMENT', message: /for seed/ });
  await t.throwsAsync(line.evaluate(ndarray([[1]], undefined, 'float64'), want, { backend: 'tfjs-cpu' }), {
    code: 'UNSUPPORTED',
    message: /float64/,
  });
});

test('the dtype option overrides that of the points, and nothing wanted costs nothing', async (t) => {
  const mixture = gaussianMixture({ means: [[0], [1]], variances: [1, 2] });
  const x = ndarray([[1]], undefined, 'float64');
  for (const measure of [line, mixture, smoothed({ points: [[0], [1]], variance: 1 })]) {
    const { score, logDensity, divergence } = await measure.evaluate(
      x,
      { score: true, logDensity: true, divergence: true },
      { dtype: 'float32' },
    );
    for (const data of [score!.data, logDensity, divergence]) t.true(data instanceof Float32Array);
    t.true((await measure.hessianVector(x, x, { dtype: 'float32' })).data instanceof Float32Array);
    const nothing = await measure.evaluate(x, {});
    t.deepEqual([nothing.score, nothing.logDensity, nothing.divergence], [undefined, undefined, undefined]);
  }
});

test('evaluation can be aborted', async (t) => {
  const options = { signal: AbortSignal.abort() };
  const x = ndarray([[1]]);
  const mixture = gaussianMixture({ means: [[0], [1]], variances: [1, 2] });
  for (const measure of [line, mixture, smoothed({ points: [[0], [1]], variance: 1 })]) {
    await t.throwsAsync(measure.evaluate(x, { score: true }, options), { code: 'ABORTED' });
    await t.throwsAsync(measure.hessianVector(x, x, options), { code: 'ABORTED' });
  }
});
