import test from 'ava';
import type { NdArray } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';
import type { VelocityField } from '../ts/field/field.js';
import { type IntegrateOptions, SOLVERS, integrate, leavingBall, straightness } from '../ts/flow/index.js';
import { linearField } from './reference/flow.js';

const A = [
  [-0.4, 1.3],
  [0, 0.7],
];
const rate = Math.cos;
const field = linearField(A, { rate });
const plain = linearField(A, { rate, differentiable: false });

/** exp(A ∫₀ᵗ rate), the flow map. */
function flowMap(t: number): number[][] {
  const s = Math.sin(t);
  const [[a, b], [, c]] = A;
  const [p, q] = [Math.exp(a * s), Math.exp(c * s)];
  return [
    [p, (b * (p - q)) / (a - c)],
    [0, q],
  ];
}

function gaussianCloud(n: number, d: number, seed = 1): NdArray {
  const data = new Float64Array(n * d);
  new RandomStream(seed, 'sample').fillNormal(data);
  return { data, shape: [n, d] };
}

function float32({ data, shape }: NdArray): NdArray {
  return { data: Float32Array.from(data), shape };
}

/** log N(x; 0, MMᵀ) for the upper triangular 2 × 2 matrix M. */
function logDensity([x, y]: readonly number[], [[p, r], [, q]]: number[][]): number {
  const v = y / q;
  const u = (x - r * v) / p;
  return -Math.log(2 * Math.PI) - Math.log(Math.abs(p * q)) - (u * u + v * v) / 2;
}

const rows = ({ data, shape: [n, d] }: NdArray) =>
  Array.from({ length: n }, (_, i) => Array.from(data.subarray(i * d, (i + 1) * d)));
const identity = [
  [1, 0],
  [0, 1],
];
const tight = { relative: 1e-10, absolute: 1e-10, logDensity: 1e-10 };
const largest = (values: Iterable<number>) => Math.max(0, ...values);

for (const [name, x0, tolerance, allowed] of [
  ['float64', gaussianCloud(50, 2), tight, 1e-8],
  ['float32', float32(gaussianCloud(50, 2)), { relative: 1e-6 }, 5e-5],
] as const) {
  for (const [kind, v, probes] of [
    ['exact', field, 1],
    ['by differences', plain, 2],
  ] as const) {
    test(`positions, log-densities and Jacobians on a linear field (${name}, ${kind})`, async (t) => {
      const start = Float64Array.from(rows(x0), (row) => logDensity(row, identity));
      const { states, end } = await integrate(v, x0, {
        to: 2.5,
        saveAt: [1],
        logDensity0: start,
        track: { jacobian: true },
        tolerance,
        probes,
      });
      t.deepEqual(
        states.map(({ time }) => time),
        [0, 1, 2.5],
      );
      t.is(states[2], end);
      for (const { time, positions, logDensity: found, jacobian } of states) {
        const map = flowMap(time);
        const expected = rows(x0).map(([x, y]) => [map[0][0] * x + map[0][1] * y, map[1][1] * y]);
        const errors = rows(positions)
          .flat()
          .map((value, i) => Math.abs(value - expected.flat()[i]));
        t.true(largest(errors) < allowed, `positions at ${time}: ${largest(errors)}`);
        const exact = expected.map((row) => logDensity(row, map));
        const density = exact.map((value, i) => Math.abs(value - found![i]));
        t.true(
          largest(density) < allowed * (kind === 'exact' ? 1 : 5),
          `log-densities at ${time}: ${largest(density)}`,
        );
        const tangents = Array.from(jacobian!.data, (value, i) => Math.abs(value - map.flat()[i % 4]));
        t.true(
          largest(tangents) < allowed * (kind === 'exact' ? 1 : 5),
          `Jacobians at ${time}: ${largest(tangents)}`,
        );
      }
    });
  }
}

test("Hutchinson's estimate: unbiased, seeded, and better with more probes", async (t) => {
  const d = 6;
  const random = gaussianCloud(d, d, 9).data;
  const matrix = Array.from({ length: d }, (_, i) => Array.from(random.subarray(i * d, (i + 1) * d)));
  const trace = matrix.reduce((sum, row, i) => sum + row[i], 0);
  const v = linearField(matrix, { differentiable: false });
  const x0 = gaussianCloud(2000, d);
  const change = async (options: Partial<IntegrateOptions>) => {
    const { end } = await integrate(v, x0, {
      to: 0.5,
      solver: SOLVERS.rk4,
      step: { steps: 2 },
      track: { logDensity: true },
      ...options,
    });
    return end.logDensity!;
  };
  const deviation = (values: Float64Array, mean: number) =>
    Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  const one = await change({});
  const spread = deviation(one, -trace / 2);
  const mean = one.reduce((sum, value) => sum + value, 0) / one.length;
  t.true(spread > 0.1);
  t.true(Math.abs(mean + trace / 2) < (4 * spread) / Math.sqrt(one.length), `${mean} and ${-trace / 2}`);
  t.deepEqual(await change({}), one);
  t.notDeepEqual(await change({ seed: 1 }), one);
  const four = deviation(await change({ probes: 4 }), -trace / 2);
  t.true(Math.abs(four / spread - 0.5) < 0.1, `${four} and ${spread}`);
  t.true(deviation(await change({ probes: d }), -trace / 2) < 1e-7);
  // A differentiable field can be estimated, too: with its own products.
  const { end } = await integrate(linearField(matrix), x0, {
    to: 0.5,
    solver: SOLVERS.rk4,
    step: { steps: 2 },
    track: { logDensity: true },
    divergence: 'hutchinson',
  });
  t.true(largest(end.logDensity!.map((value, i) => Math.abs(value - one[i]))) < 1e-6);
});

test('action, arc length and straightness of a contraction', async (t) => {
  const x0 = gaussianCloud(40, 3);
  const contraction = linearField([
    [-1, 0, 0],
    [0, -1, 0],
    [0, 0, -1],
  ]);
  const options = { to: 2, tolerance: tight, track: { action: true, arcLength: true } };
  const trajectory = await integrate(contraction, x0, options);
  const lengths = rows(x0).map((row) => Math.hypot(...row));
  const square = lengths.reduce((sum, length) => sum + length ** 2, 0) / 40;
  const { end } = trajectory;
  t.true(Math.abs(end.action! - (square * (1 - Math.exp(-4))) / 2) < 1e-7);
  t.true(
    largest(lengths.map((length, i) => Math.abs(length * (1 - Math.exp(-2)) - end.arcLength![i]))) < 1e-7,
  );
  const expected = (1 - Math.exp(-2)) ** 2 / (1 - Math.exp(-4));
  t.true(Math.abs(straightness(trajectory) - expected) < 1e-7);
  t.true(Math.abs(straightness(trajectory, 2 * end.action!) - 1) < 1e-12);
  // Backwards the same path has the same action and the same length.
  const back = await integrate(contraction, end.positions, { ...options, from: 2, to: 0 });
  t.true(Math.abs(back.end.action! - end.action!) < 1e-6);
  t.true(largest(back.end.arcLength!.map((value, i) => Math.abs(value - end.arcLength![i]))) < 1e-6);
  t.true(Math.abs(straightness(back) - expected) < 1e-6);
  t.throws(() => straightness({ states: [], end: { time: 0, positions: x0 } }), {
    code: 'INVALID_ARGUMENT',
    message: /track: \{ action: true \}/,
  });
});

test('what is tracked does not change the path of fixed steps', async (t) => {
  const x0 = gaussianCloud(20, 2);
  const options = { to: 1, step: { steps: 10 } };
  const bare = await integrate(field, x0, options);
  const full = await integrate(field, x0, {
    ...options,
    track: { logDensity: true, action: true, arcLength: true, jacobian: true },
  });
  t.deepEqual(full.end.positions, bare.end.positions);
  t.deepEqual(Object.keys(bare.end), ['time', 'positions']);
});

test('units do not matter: a cloud × 1000 takes the same steps', async (t) => {
  const x0 = gaussianCloud(30, 2);
  const large = { data: x0.data.map((value) => value * 1024), shape: x0.shape };
  const small = await integrate(field, x0, { to: 2 });
  const scaled = await integrate(field, large, { to: 2 });
  t.deepEqual(scaled.statistics, small.statistics);
  t.deepEqual(
    scaled.end.positions.data,
    small.end.positions.data.map((value) => value * 1024),
  );
});

test('dense output and events carry what is tracked', async (t) => {
  const x0 = gaussianCloud(5, 2);
  const { dense, events, reason, end } = await integrate(linearField(identity), x0, {
    to: 10,
    track: { logDensity: true },
    tolerance: tight,
    dense: true,
    events: [leavingBall([0, 0], 20)],
  });
  t.is(reason, 'leaving-ball');
  const far = largest(rows(x0).map((row) => Math.hypot(...row)));
  t.true(Math.abs(end.time - Math.log(20 / far)) < 1e-8);
  t.is(events[0].name, 'leaving-ball');
  t.true(Math.abs(events[0].logDensity![0] + 2 * end.time) < 1e-7);
  t.true(Math.abs(dense!(0.5).logDensity![3] + 1) < 1e-7);
});

test('fields that end', async (t) => {
  const ending: VelocityField = { ...linearField(identity), times: { from: -1, to: 1 } };
  const x0 = gaussianCloud(5, 2);
  await t.throwsAsync(integrate(ending, x0, { to: 1 }), {
    code: 'COLLAPSED',
    message: /between times -1 and 1/,
  });
  await t.throwsAsync(integrate(ending, x0, { from: 0.5, to: -2 }), { code: 'COLLAPSED' });
  await t.notThrowsAsync(integrate(ending, x0, { to: 0.99 }));
  // A terminal event may come first.
  const { reason } = await integrate(ending, x0, { to: 5, events: [leavingBall([0, 0], 4)] });
  t.is(reason, 'leaving-ball');
});

test('dtype and backend', async (t) => {
  const x0 = float32(gaussianCloud(20, 2));
  const native = await integrate(field, x0, { to: 2, dtype: 'float64' });
  t.true(native.end.positions.data instanceof Float64Array);
  t.true(x0.data instanceof Float32Array);
  const fallback = await integrate(field, x0, { to: 2, backend: 'tfjs-cpu', track: { logDensity: true } });
  t.true(fallback.end.positions.data instanceof Float32Array);
  const differences = native.end.positions.data.map((value, i) =>
    Math.abs(value - fallback.end.positions.data[i]),
  );
  t.true(largest(differences) < 1e-4);
  await t.throwsAsync(integrate(field, x0, { to: 2, backend: 'tfjs-cpu', dtype: 'float64' }), {
    code: 'UNSUPPORTED',
  });
});

const cloud = gaussianCloud(4, 2);
const bad: [
  what: string,
  v: VelocityField,
  x0: NdArray,
  options: Partial<IntegrateOptions>,
  code: string,
  message: RegExp,
][] = [
  ['an empty cloud', field, gaussianCloud(0, 2), {}, 'EMPTY_CLOUD', /x0/],
  ['another dimension', field, gaussianCloud(4, 3), {}, 'INVALID_SHAPE', /dimension 2 for x0/],
  ['NaN', field, { data: Float64Array.of(1, NaN), shape: [1, 2] }, {}, 'NON_FINITE', /x0.*row 0, column 1/],
  [
    'log-densities of others',
    field,
    cloud,
    { logDensity0: new Float64Array(3) },
    'INVALID_SHAPE',
    /logDensity0/,
  ],
  [
    'an exact divergence that is not there',
    plain,
    cloud,
    { divergence: 'exact' },
    'INVALID_ARGUMENT',
    /hutchinson/,
  ],
  ['a divergence unknown', field, cloud, { divergence: 'fd' as 'exact' }, 'INVALID_ARGUMENT', /divergence/],
  ['no probes', plain, cloud, { probes: 0 }, 'INVALID_ARGUMENT', /probes/],
  ['a seed below 0', plain, cloud, { seed: -1 }, 'INVALID_ARGUMENT', /seed/],
  ['a step and a tolerance', field, cloud, { step: 1, tolerance: {} }, 'INVALID_ARGUMENT', /tolerance/],
  [
    'a tolerance that is a number',
    field,
    cloud,
    { tolerance: 1e-4 as never },
    'INVALID_ARGUMENT',
    /relative/,
  ],
  ['the name of a solver', field, cloud, { solver: 'dopri5' as never }, 'INVALID_ARGUMENT', /not its name/],
  [
    'a tolerance of 0',
    field,
    cloud,
    { tolerance: { absolute: 0 } },
    'INVALID_ARGUMENT',
    /tolerance\.absolute/,
  ],
];
for (const [what, v, x0, options, code, message] of bad) {
  test(`refused: ${what}`, async (t) => {
    await t.throwsAsync(integrate(v, x0, { to: 1, ...options }), { code, message });
  });
}

test('refused: Jacobians in many dimensions', async (t) => {
  const v = linearField(Array.from({ length: 65 }, () => new Array<number>(65).fill(0)));
  const run = integrate(v, gaussianCloud(1, 65), { to: 1, track: { jacobian: true } });
  await t.throwsAsync(run, { code: 'INVALID_ARGUMENT', message: /64 dimensions/ });
});

test('refused: fields that return something else', async (t) => {
  const wrong = (values: object): VelocityField => ({
    ...linearField(identity),
    evaluate: async (x) => ({ velocity: x, ...values }),
  });
  const options = { to: 1, track: { logDensity: true } };
  await t.throwsAsync(integrate(wrong({ velocity: gaussianCloud(3, 2) }), cloud, options), {
    code: 'INVALID_SHAPE',
    message: /8 values of velocity from the field but received 6/,
  });
  await t.throwsAsync(integrate(wrong({}), cloud, options), {
    code: 'INVALID_SHAPE',
    message: /4 values of divergence from the field but received none/,
  });
});
