// Arguments of the constructors that the library exports: as arguments.test.ts and methods.test.ts do for calls.
import test from 'ava';
import * as library from '../ts/index.js';
import { METHODS } from './signatures.js';
import { isCoded, parametersOf, thrownBy, wrongFor, ANYTHING } from './wrong-values.js';

type Class = new (...values: never[]) => object;

const isClass = (value: unknown): value is Class =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

const classes = Object.entries<unknown>(library as never).filter(
  (entry): entry is [string, Class] => isClass(entry[1]) && entry[0] !== 'RidgeflowError',
);

const field = library.heatField(library.gaussianMixture({ weights: [1], means: [[0]], variances: [1] }));
const pair = library.ridgeletPair('tanh', 2);
const parts = { name: 'a flow', from: 0, to: 1 };

/** Arguments that each takes. */
const RIGHT: Readonly<Record<string, readonly unknown[]>> = {
  EntropicPlan: [
    { a: Float64Array.of(1), b: Float64Array.of(1), epsilon: 1, kernel: {}, penalty: Infinity },
    {
      f: Float64Array.of(0),
      g: Float64Array.of(0),
      iterations: 1,
      converged: true,
      marginalError: 0,
      mass: 1,
    },
  ],
  Flow: [{ ...parts, field }],
  RandomProjection: [8, 4, 1],
  RandomStream: [1, 'sample', 0],
  RidgeletPair: [2, pair.activation, pair.profile, pair.constant],
  StochasticFlow: [{ ...parts, drift: field, noise: 1, step: 0.1 }],
};

/** Values of the right kind that are wrong all the same: class, argument, value. */
const IMPOSSIBLE: readonly (readonly [string, number, unknown])[] = [
  ['Flow', 0, { ...parts, field, from: NaN }],
  ['Flow', 0, { ...parts, field, to: Infinity }],
  ['Flow', 0, { ...parts, field: {} }],
  ['Flow', 0, { ...parts, field, law: 3 }],
  ['Flow', 0, { ...parts, field, defaults: { solvr: 'rk4' } }],
  ['StochasticFlow', 0, { ...parts, drift: field, step: 0.1 }],
  ['StochasticFlow', 0, { ...parts, drift: field, noise: -1, step: 0.1 }],
  ['StochasticFlow', 0, { ...parts, drift: field, noise: [1, NaN], step: 0.1 }],
  ['StochasticFlow', 0, { ...parts, drift: field, noise: null, step: 0.1 }],
  ['StochasticFlow', 0, { ...parts, drift: field, noise: 1, to: NaN }],
  ['RandomProjection', 0, 0],
  ['RandomProjection', 1, 9],
  ['RandomProjection', 2, -1],
  ['RandomStream', 0, 0.5],
  ['RandomStream', 1, 'toString'],
  ['RandomStream', 2, 2 ** 32],
  ['RidgeletPair', 0, 1.5],
  ['RidgeletPair', 3, { log: 'x', sign: 1 }],
];

for (const [name, Made] of classes) {
  const make = (...values: unknown[]) => new Made(...(values as never[]));
  const right = RIGHT[name];

  test(`new ${name} refuses arguments of the wrong kind by an error of the library`, async (t) => {
    const rules = METHODS[name].new;
    const parameters = parametersOf(Made);
    t.deepEqual(Object.keys(rules), parameters);
    t.notThrows(() => make(...right));
    for (const [i, rule] of Object.values(rules).entries()) {
      for (const value of wrongFor(rule)) {
        const error = await thrownBy(() => make(...right.with(i, value)));
        t.true(isCoded(error), `${parameters[i]}: ${typeof value}: ${String(error)}`);
      }
    }
    for (const [of, i, value] of IMPOSSIBLE) {
      if (of !== name) continue;
      const error = await thrownBy(() => make(...right.with(i, value)));
      t.true(isCoded(error), `${parameters[i]}: ${JSON.stringify(value)}: ${String(error)}`);
    }
    for (const value of ANYTHING) {
      const error = await thrownBy(() => make(...right.map(() => value)));
      t.true(error === undefined || isCoded(error), `${typeof value}: ${String(error)}`);
    }
  });
}

test('a random stream refuses positions and arrays that are none', (t) => {
  const stream = new library.RandomStream(1, 'sample');
  const out = new Float64Array(2);
  for (const wrong of [null, undefined, 3, 'x', {}]) {
    t.throws(() => stream.fillUniform(wrong as never), { code: 'INVALID_ARGUMENT' });
    t.throws(() => stream.fillNormal(wrong as never), { code: 'INVALID_ARGUMENT' });
  }
  for (const wrong of [NaN, -1, 0.5, 'x' as never]) {
    t.throws(() => stream.fillUniform(out, wrong), { code: 'INVALID_ARGUMENT' });
    t.throws(() => stream.fillNormal(out, wrong), { code: 'INVALID_ARGUMENT' });
    t.throws(() => stream.uniform(wrong), { code: 'INVALID_ARGUMENT' });
    t.throws(() => stream.choose(wrong, 1), { code: 'INVALID_ARGUMENT' });
    t.throws(() => stream.choose(3, wrong), { code: 'INVALID_ARGUMENT' });
  }
  t.is(stream.choose(3, 7).length, 3);
});
