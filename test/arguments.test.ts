import test from 'ava';
import * as library from '../ts/index.js';
import { type Signature, checkCall, object, options } from '../ts/core/call.js';
import { SIGNATURES as entropy } from '../ts/entropy/signatures.js';
import { SIGNATURES as representation } from '../ts/representation/signatures.js';
import { SIGNATURES as transport } from '../ts/transport/signatures.js';

const { RidgeflowError } = library;

const SIGNATURES: Readonly<Record<string, Signature>> = {
  ...entropy,
  ...representation,
  ...transport,
};

type Call = (...values: unknown[]) => unknown;

/** Every exported function with a signature. */
const FUNCTIONS = Object.keys(SIGNATURES).map(
  (name) => [name, (library as unknown as Record<string, Call>)[name]] as const,
);

async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

for (const [name, call] of FUNCTIONS) {
  test(`${name} refuses to be called without arguments or with arguments of the wrong kind, by an error of the library`, async (t) => {
    const nothing = await thrownBy(() => call());
    t.true(nothing instanceof RidgeflowError, `(): ${String(nothing)}`);
    const wrong = [null, undefined, 7, 'text', true, {}, [], new Float64Array(1), () => 1];
    for (const value of wrong) {
      const error = await thrownBy(() => call(...Array.from({ length: 4 }, () => value)));
      t.true(error === undefined || error instanceof RidgeflowError, `${typeof value}: ${String(error)}`);
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
      t.true(
        error.message.includes(wrong) && error.message.endsWith(`did you mean ${first}?`),
        error.message,
      );
      for (const value of rule.optional ? [null, 3, []] : [undefined, null, 3, []])
        t.throws(() => checkCall({ [parameter]: rule }, { [parameter]: value }), {
          instanceOf: RidgeflowError,
          code: 'INVALID_ARGUMENT',
          message: new RegExp(`for ${parameter} but received`),
        });
    });
  }
}

test('public calls look at their own options', async (t) => {
  const a = library.ndarray([
    [0, 1],
    [1, 0],
    [2, 2],
  ]);
  const refused: [string, () => unknown][] = [
    ['epsilon', () => library.sinkhorn(a, a, { epsilonn: 1 } as never)],
    ['weightsA', () => library.exactTransport(a, a, { weights_a: [1] } as never)],
    ['directions', () => library.slicedWasserstein(a, a, { direction: 4 } as never)],
  ];
  for (const [nearest, call] of refused) {
    const error = await thrownBy(call);
    t.true(error instanceof RidgeflowError, String(error));
    t.is((error as InstanceType<typeof RidgeflowError>).details.nearest, nearest, String(error));
  }
});

test('an object without what the call needs of it is named, and its missing part', (t) => {
  const rule = object(['forward', 'adjoint']);
  for (const value of [undefined, null, 3, 'x'])
    t.throws(() => checkCall({ projector: rule }, { projector: value }), {
      message: /for projector but received/,
    });
  t.throws(() => checkCall({ projector: rule }, { projector: { forward: () => 1 } }), {
    code: 'INVALID_ARGUMENT',
    message: /for projector but received an object of type Object without adjoint/,
  });
  t.notThrows(() => checkCall({ projector: rule }, { projector: { forward: 1, adjoint: 2 } }));
});

test('names that are near no option get the list alone', (t) => {
  const rule = options<{ step?: number }>()({ step: 1 });
  const error = t.throws(() => checkCall({ options: rule }, { options: { qqqqqqqq: 1 } }));
  t.regex(error.message, /Expected one of step as the name of an option in options but received "qqqqqqqq"$/);
});
