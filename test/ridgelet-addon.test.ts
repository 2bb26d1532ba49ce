// The ridge kernels of the addon, called as no library code calls them: they refuse, or work.
import { ACTIVATION_CODES } from '../ts/core/activation.js';
import { loadAddon } from '../ts/kernel/native/addon.js';
import { exactly } from './native.js';

type Values = Record<string, unknown>;
const floats = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i));

const WELL_FORMED: Record<'ridgeSum' | 'activate' | 'convolveProjections', () => Values> = {
  ridgeSum: () => ({
    ...{ queries: floats(6), centres: floats(8), n: 3, m: 4, d: 2, k: 2 },
    ...{ values: floats(8), queryBias: floats(3), centreBias: floats(4), weights: floats(4), out: floats(6) },
    ...{ nonlinearity: 0, from: 0, to: 2, parity: 1, cells: 3, degree: 2, coefficients: floats(9) },
    scale: 2,
  }),
  activate: () => ({
    ...{ values: floats(6), rows: 2, columns: 3, rowBias: floats(2), columnBias: floats(3) },
    ...{ nonlinearity: 6, order: 8 },
  }),
  convolveProjections: () => ({
    ...{
      points: floats(10),
      n: 5,
      d: 2,
      values: floats(10),
      k: 2,
      weights: floats(5),
      directions: floats(6),
      m: 3,
    },
    ...{ first: -3, perCell: 8, length: 64, taps: 8, degree: 1, coefficients: floats(16) },
    ...{ responseReal: new Float64Array(33), responseImaginary: new Float64Array(33) },
    ...{ offset: 10, stride: 3, count: 12, scale: 1, out: floats(72) },
  }),
};

/** Changes that no call may survive. */
const REFUSED: [keyof typeof WELL_FORMED, Values][] = [
  ...(['n', 'm', 'd', 'k', 'cells', 'degree'] as const).flatMap((field) =>
    [undefined, '3', NaN, Infinity, -1, 0, 0.5, 2 ** 53].map((value): ['ridgeSum', Values] => [
      'ridgeSum',
      { [field]: value },
    ]),
  ),
  ...(
    ['queries', 'centres', 'values', 'queryBias', 'centreBias', 'weights', 'out', 'coefficients'] as const
  ).flatMap((field) =>
    [3, [1, 2], new Int32Array(6), new Float64Array(8), floats(1), floats(5)].map(
      (value): ['ridgeSum', Values] => ['ridgeSum', { [field]: value }],
    ),
  ),
  ...[-1, Math.max(...Object.values(ACTIVATION_CODES)) + 1, 0.5, NaN, 'relu'].map(
    (nonlinearity): ['ridgeSum', Values] => ['ridgeSum', { nonlinearity }],
  ),
  ['ridgeSum', { parity: 2 }],
  ['ridgeSum', { from: 1 }],
  ['ridgeSum', { from: 3, parity: 0 }],
  ['ridgeSum', { to: Infinity }],
  ['ridgeSum', { to: NaN }],
  ['ridgeSum', { degree: 16, coefficients: floats(51) }],
  ['ridgeSum', { n: 2 ** 40, d: 2 ** 40 }],
  ['activate', { order: 9 }],
  ['activate', { order: -1 }],
  ['activate', { rows: 3 }],
  ['activate', { rowBias: floats(3) }],
  ['activate', { columnBias: floats(2) }],
  ...[63, 65, 2 ** 23, 1].map((length): ['convolveProjections', Values] => [
    'convolveProjections',
    { length },
  ]),
  ['convolveProjections', { taps: 7 }],
  ['convolveProjections', { taps: 4, coefficients: floats(8) }],
  ['convolveProjections', { count: 19, out: floats(114) }],
  ['convolveProjections', { offset: 31 }],
  ['convolveProjections', { offset: 0 }],
  ['convolveProjections', { stride: 5 }],
  ['convolveProjections', { perCell: 0 }],
  ['convolveProjections', { perCell: NaN }],
  ['convolveProjections', { first: Infinity }],
  ['convolveProjections', { responseReal: new Float64Array(32) }],
  ['convolveProjections', { responseImaginary: new Float32Array(33) }],
  ['convolveProjections', { m: 2 ** 52, count: 2 ** 22 }],
  ['convolveProjections', { out: floats(71) }],
];

const call = (name: string, given: Values) =>
  (loadAddon() as unknown as Record<string, (given: Values) => unknown>)[name](given);

exactly('well-formed calls run, and what does not fit is refused', (t) => {
  for (const [name, make] of Object.entries(WELL_FORMED)) t.is(call(name, make()), undefined, name);
  for (const [name, changes] of REFUSED) {
    const error = t.throws(() => call(name, { ...WELL_FORMED[name](), ...changes }), {
      instanceOf: TypeError,
    });
    t.regex(error?.message ?? '', /^Expected .* for \w+/, `${name} ${JSON.stringify(changes)}`);
  }
});

exactly('values that are not finite end in an answer', (t) => {
  for (const value of [NaN, Infinity, -Infinity, 3e38]) {
    for (const [name, make] of Object.entries(WELL_FORMED)) {
      const problem = make();
      for (const array of Object.values(problem)) if (array instanceof Float32Array) array.fill(value);
      t.is(call(name, problem), undefined);
    }
  }
});
