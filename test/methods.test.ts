// Arguments of the methods of what exported functions return, and options within options: as arguments.test.ts does for the
// functions themselves. What there is, the types say.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { describe } from '../ts/core/errors.js';
import * as library from '../ts/index.js';
import { type ExportedMethod, exportedMethods, nestedOptions } from './exported-calls.js';
import { METHODS, SIGNATURES } from './signatures.js';
import { validCalls } from './valid-calls.js';
import { ANYTHING, isCoded, isPlain, parametersOf, rightFor, thrownBy, wrongFor } from './wrong-values.js';

type Call = (...values: unknown[]) => unknown;

/** Functions of numbers alone, which inner loops call. */
const NUMERIC = ['Activation', 'CustomActivation', 'DiffusionProcess', 'Profile', 'RidgeletPair'];

/** Objects whose methods are the caller's own, and kernels, which lie below the mechanism. */
const NOT_CHECKED = ['FlowEvent', 'Kernels', 'Potential', ...NUMERIC];

/** Reports of what other calls return, a claim and fits that take long, what uses its source up or needs ranks. */
const NOT_CALLED = [
  'entropyOverRanks',
  'networkReport',
  'refitStream',
  'ridgeletReport',
  'runClaim',
  'trainReport',
  'transportReport',
  'writeRefittedOnnx',
  'writeRows',
];

/** Values that no option or number takes, all quick: no large number. */
const WRONG = [
  null,
  NaN,
  -1,
  'text',
  true,
  {},
  [],
  new Float64Array(1),
  () => 1,
  1n,
  [null],
  [{}],
  Symbol('a'),
];

const methods = exportedMethods().filter(
  ({ types, from }) =>
    !NOT_CHECKED.includes(types[0]) && !NOT_CALLED.includes(from) && from !== 'noiseFromDensity',
);
const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-calls-'));
const calls = validCalls(folder);

test.after.always(() => rmSync(folder, { recursive: true }));

/** The rules of a method, by its own type or one of those it extends. */
const signatureOf = ({ types, name }: ExportedMethod) =>
  types.map((type) => METHODS[type]?.[name]).find((found) => found !== undefined);

async function resultOf(name: string): Promise<unknown> {
  const values = (await calls)[name];
  return (library as unknown as Record<string, Call>)[name](...values);
}

test('every method that takes more than numbers has a signature with the names of its parameters', (t) => {
  t.true(methods.length > 300);
  for (const method of methods) {
    const named = method.parameters.filter(({ isNumber }) => !isNumber).map(({ name }) => name);
    const missing = named.filter((name) => !(name in (signatureOf(method) ?? {})));
    const { from, path, types, name } = method;
    t.deepEqual(missing, [], `${types[0]}.${name} of ${[from, ...path].join('.')}`);
  }
});

test('every exported function has a call that succeeds', async (t) => {
  const functions = Object.entries(library).filter(
    ([, value]) => typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value)),
  );
  for (const [name] of functions) {
    if (NOT_CALLED.includes(name)) continue;
    t.true(name in (await calls), name);
    await t.notThrowsAsync(async () => resultOf(name), name);
  }
});

for (const from of new Set(methods.map((method) => method.from))) {
  test(`methods of what ${from} returns refuse arguments of the wrong kind by an error of the library`, async (t) => {
    const result = await resultOf(from);
    t.pass();
    for (const method of methods.filter((each) => each.from === from)) {
      const object = method.path.reduce<unknown>(
        (value, key) => (value as Record<string, unknown> | undefined)?.[key],
        result,
      ) as Record<string, Call> | undefined;
      // An optional part of a result, or an optional method, that is not there.
      if (typeof object?.[method.name] !== 'function') continue;
      await hold(t, object, method);
    }
  });
}

async function hold(
  t: ExecutionContext,
  object: Record<string, Call>,
  method: ExportedMethod,
): Promise<void> {
  const { name, parameters } = method;
  const signature = signatureOf(method) ?? {};
  const right = parameters.map((parameter) => rightFor(signature[parameter.name]));
  for (const [i, parameter] of parameters.entries()) {
    const rule = signature[parameter.name];
    for (const value of rule ? wrongFor(rule) : WRONG) {
      const error = await thrownBy(() => object[name](...right.with(i, value)));
      const said = `${method.types[0]}.${name}, ${parameter.name}: ${typeof value}: ${String(error)}`;
      t.true(isCoded(error) || (!rule && error === undefined), said);
      if (rule && isCoded(error) && isPlain(value) && 'nothingOfThatName' in value)
        t.is(error.details.unknown, 'nothingOfThatName', said);
    }
  }
  for (const value of ANYTHING) {
    const error = await thrownBy(() => object[name](...parameters.map(() => value)));
    t.true(
      error === undefined || isCoded(error),
      `${method.types[0]}.${name}(${typeof value}): ${String(error)}`,
    );
  }
}

/** `function.argument.option`. */
const nested = nestedOptions().filter((path) => {
  const [name, argument] = path.split('.');
  return SIGNATURES[name]?.[argument]?.kind === 'options';
});

for (const [name, signature] of Object.entries(SIGNATURES)) {
  if (NOT_CALLED.includes(name) || !(name in library)) continue;
  const call = (library as unknown as Record<string, Call>)[name];
  const parameters = parametersOf(call);
  const taking = Object.entries(signature).filter(([, rule]) => rule.kind === 'options');
  if (taking.length === 0) continue;

  test(`${name} answers every wrong value of every option by an error of the library`, async (t) => {
    const values = (await calls)[name];
    for (const [parameter, rule] of taking) {
      const at = parameters.indexOf(parameter);
      const given = values[at] as object;
      const withOption = (option: string, value: unknown) =>
        thrownBy(() => call(...values.with(at, { ...given, [option]: value })));
      const fields = rule.kind === 'options' ? rule.fields : [];
      for (const option of fields) {
        for (const value of WRONG) {
          const error = await withOption(option, value);
          t.true(error === undefined || isCoded(error), `${option}: ${describe(value)}: ${String(error)}`);
        }
        if (!nested.includes(`${name}.${parameter}.${option}`)) continue;
        const error = await withOption(option, { nothingOfThatName: 1 });
        const found = isCoded(error) && (error.details.unknown ?? error.details.missing);
        t.truthy(found, `${option}: ${String(error)}`);
      }
      const unknown = await withOption('nothingOfThatName', 1);
      t.true(isCoded(unknown) && unknown.details.unknown === 'nothingOfThatName', String(unknown));
    }
  });
}
