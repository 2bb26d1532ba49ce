import test from 'ava';
import * as library from '../ts/index.js';
import { checkCall } from '../ts/core/call.js';
import { NUMBER, ifObject, object, options } from '../ts/core/rules.js';
import { SIGNATURES } from './signatures.js';
import { ANYTHING, isCoded, parametersOf, rightFor, thrownBy, wrongFor } from './wrong-values.js';

const { RidgeflowError } = library;

type Call = (...values: unknown[]) => unknown;

/** Functions of ts/core and ts/kernel, which lie below the mechanism or take numbers only. */
const BELOW = ['activation', 'availableBackends', 'ndarray', 'uniformDirections', 'zeros'];

const FUNCTIONS: readonly (readonly [string, Call])[] = Object.entries(library).flatMap(([name, value]) =>
  typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value))
    ? [[name, value as unknown as Call] as const]
    : [],
);

test('every exported function has a signature, and says its arguments by the names in it', (t) => {
  const names = FUNCTIONS.map(([name]) => name);
  t.deepEqual(
    names.filter((name) => !(name in SIGNATURES) && !BELOW.includes(name)),
    [],
  );
  for (const [name, call] of FUNCTIONS) {
    const parameters = parametersOf(call);
    for (const parameter of Object.keys(SIGNATURES[name] ?? {}))
      t.true(
        parameters.includes(parameter) || parameters.includes(`...${parameter}`),
        `${name}: ${parameter} in (${parameters.join(', ')})`,
      );
  }
});

for (const [name, call] of FUNCTIONS) {
  const signature = SIGNATURES[name] ?? {};
  const parameters = parametersOf(call);

  test(`${name} refuses arguments of the wrong kind by an error of the library`, async (t) => {
    for (const value of ANYTHING) {
      const error = await thrownBy(() => call(...Array.from({ length: 4 }, () => value)));
      t.true(error === undefined || isCoded(error), `${typeof value}: ${String(error)}`);
    }
    if (parameters.some((parameter) => signature[parameter]?.optional === false))
      t.true(isCoded(await thrownBy(() => call())), 'no argument at all');
    const fixed = parameters.filter((parameter) => !parameter.startsWith('...'));
    const right = fixed.map((parameter) => rightFor(signature[parameter]));
    for (const [i, parameter] of fixed.entries()) {
      const rule = signature[parameter];
      for (const value of rule ? wrongFor(rule) : ANYTHING) {
        const values = right.with(i, value);
        const error = await thrownBy(() => call(...values));
        const said = `${parameter}: ${typeof value} ${JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? 'big' : v))}: ${String(error)}`;
        t.true(isCoded(error) || (!rule && error === undefined), said);
        if (rule?.kind === 'options' && isCoded(error))
          t.true(['INVALID_ARGUMENT', 'INVALID_DTYPE'].includes(error.code), said);
      }
    }
  });
}

for (const [name, signature] of Object.entries(SIGNATURES)) {
  for (const [parameter, rule] of Object.entries(signature)) {
    if (rule.kind !== 'options') continue;
    test(`${name} refuses an unknown name in ${parameter} and gives the nearest`, (t) => {
      const [first] = rule.fields;
      const wrong = `${first}x`;
      const error = t.throws(() => checkCall({ [parameter]: rule }, { [parameter]: { [wrong]: 1 } }));
      t.true(error instanceof RidgeflowError);
      t.true(error.message.includes(wrong) && error.message.includes('did you mean '), error.message);
      for (const value of rule.optional ? [null, 3, []] : [undefined, null, 3, []])
        t.throws(() => checkCall({ [parameter]: rule }, { [parameter]: value }), {
          instanceOf: RidgeflowError,
          code: 'INVALID_ARGUMENT',
          message: new RegExp(`for ${parameter} but received`),
        });
    });
  }
}

test('what users of other libraries type gets the name that is meant here', async (t) => {
  const a = library.ndarray([
    [0, 1],
    [1, 0],
    [2, 2],
  ]);
  const pull = library.linearField({ matrix: -1 });
  const refused: [string, () => unknown][] = [
    ['epsilon', () => library.sinkhorn(a, a, { reg: 1 } as never)],
    ['epsilon', () => library.sinkhorn(a, a, { epsilonn: 1 } as never)],
    ['maximumIterations', () => library.sinkhorn(a, a, { numItermax: 1 } as never)],
    ['weightsA', () => library.exactTransport(a, a, { weights_a: [1] } as never)],
    ['directions', () => library.slicedWasserstein(a, a, { n_projections: 4 } as never)],
    ['k', () => library.nearestNeighbourEntropy(a, { K: 3 } as never)],
    ['k', () => library.nearestNeighbours(a, a, { n_neighbors: 3 } as never)],
    ['depths', () => library.compareDepths(a, { depth: [1] } as never)],
    ['maximumStep', () => library.integrate(pull, a, { to: 1, max_step: 0.1 } as never)],
    ['maximumStep', () => library.integrate(pull, a, { to: 1, maxStep: 0.1 } as never)],
    ['minimumStep', () => library.integrate(pull, a, { to: 1, minStep: 0.1 } as never)],
    ['maximumStep', () => library.integrate(pull, a, { to: 1, maxstep: 0.1 } as never)],
    ['tolerance', () => library.integrate(pull, a, { to: 1, rtol: 1e-3 } as never)],
    ['tolerance', () => library.integrate(pull, a, { to: 1, atol: 1e-3 } as never)],
    ['saveAt', () => library.integrate(pull, a, { to: 1, t_eval: [0.5] } as never)],
    ['solver', () => library.integrate(pull, a, { to: 1, method: 'RK45' } as never)],
    ['seed', () => library.klDivergence(a, a, { random_state: 1 } as never)],
    ['count', () => library.principalComponents(a, { n_components: 1 } as never)],
    ['maximumIterations', () => library.fitNetwork({ points: a, values: a }, { maxIterations: 3 } as never)],
    ['optimiser', () => library.trainNetwork({ points: a, values: a }, { learningRate: 0.1 } as never)],
    ['noise', () => library.trainDae(a, { sigma: 1 } as never)],
    ['batch', () => library.trainDae(a, { batchSize: 1 } as never)],
    ['angles', () => library.radonTransform(a, { theta: [0] } as never)],
  ];
  for (const [nearest, call] of refused) {
    const error = await thrownBy(call);
    t.true(isCoded(error), String(error));
    if (isCoded(error)) t.is(error.details.nearest, nearest, String(error));
  }
});

test('an object without what the call needs of it is named, and its missing part', (t) => {
  const rule = object(['forward()', 'size']);
  for (const value of [undefined, null, 3, 'x'])
    t.throws(() => checkCall({ projector: rule }, { projector: value }), {
      message: /for projector but received/,
    });
  t.throws(() => checkCall({ projector: rule }, { projector: { forward: () => 1 } }), {
    code: 'INVALID_ARGUMENT',
    message: /for projector but received an object of type Object without size/,
  });
  t.throws(() => checkCall({ projector: rule }, { projector: { forward: 1, size: 2 } }), {
    message: /without forward\(\)/,
  });
  t.notThrows(() => checkCall({ projector: rule }, { projector: { forward: () => 1, size: 2 } }));
});

test('names that are near no option get the list alone', (t) => {
  const rule = options<{ step?: number }>()({ step: NUMBER });
  const error = t.throws(() => checkCall({ options: rule }, { options: { qqqqqqqq: 1 } }));
  t.regex(error.message, /Expected one of step as the name of an option in options but received "qqqqqqqq"$/);
});

test('options within options are looked at, where they are given as an object', (t) => {
  interface Outer {
    step?: number | { steps: number };
  }
  const rule = options<Outer>()({ step: ifObject(options<{ steps: number }>()({ steps: NUMBER }, true)) });
  const check = (step: unknown) => checkCall({ options: rule }, { options: { step } });
  t.notThrows(() => check(3));
  t.notThrows(() => check({ steps: 3 }));
  t.notThrows(() => check(undefined));
  t.throws(() => check({ step: 3 }), { code: 'INVALID_ARGUMENT', message: /in step .*did you mean steps/ });
});
