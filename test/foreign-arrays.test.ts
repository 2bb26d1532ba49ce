// Every call that takes an array takes it in the forms of other libraries, and does the same with it to the last bit.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { FixedSizeList, Field, Float32, Float64, Table, makeData, makeVector } from 'apache-arrow';
import test from 'ava';
import type { Rule, Signature } from '../ts/core/rules.js';
import * as library from '../ts/index.js';
import type { NdArray, NdArrayLike } from '../ts/index.js';
import { exportedMethods } from './exported-calls.js';
import { METHODS, SIGNATURES } from './signatures.js';
import { validCalls } from './valid-calls.js';
import { isCoded, isPlain, parametersOf, rightFor } from './wrong-values.js';

type Call = (...values: unknown[]) => unknown;

const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-foreign-'));
const calls = validCalls(folder);

test.before(() => tf.setBackend('cpu'));
test.after.always(() => rmSync(folder, { recursive: true }));

/** What needs ranks or uses its source up, gives memory to dispose of, takes long, or has the caller's own methods. */
const NOT_CALLED = [
  'entropyOverRanks',
  'refitStream',
  'runClaim',
  'toTensor',
  'writeRows',
  'noiseFromDensity',
];

const isArray = (value: unknown): value is NdArray =>
  isPlain(value) && 'shape' in value && 'data' in value && ArrayBuffer.isView(value.data);

const columnsOf = ({ data, shape: [n, d] }: NdArray) =>
  Array.from({ length: d }, (_, k) => data.filter((_value, i) => i % d === k).slice(0, n));

const toColumnMajor = ({ data, shape: [n, d] }: NdArray) =>
  data.map((_, at) => data[(at % n) * d + Math.floor(at / n)]);

/** What other libraries hold an array in; undefined where they have no such array. */
const FORMS: Readonly<Record<string, (array: NdArray) => NdArrayLike | undefined>> = {
  'a tensor': ({ data, shape }) =>
    data instanceof Float32Array ? tf.tensor(data, [...shape], 'float32') : undefined,
  'rows of numbers': ({ data, shape }) => {
    if (shape.length > 2) return undefined;
    if (shape.length < 2) return Array.from(data);
    return Array.from({ length: shape[0] }, (_, i) => [...data.subarray(i * shape[1], (i + 1) * shape[1])]);
  },
  'an ndarray': ({ data, shape }) => {
    const stride = shape.map((_, axis) =>
      shape.slice(axis + 1).reduce((product, extent) => product * extent, 1),
    );
    const held =
      data instanceof Float64Array ? new Float64Array(data.length + 3) : new Float32Array(data.length + 3);
    held.set(data, 3);
    return { data: held, shape: [...shape], stride, offset: 3 };
  },
  'an ndarray by columns': (array) =>
    array.shape.length === 2
      ? { data: toColumnMajor(array), shape: array.shape, stride: [1, array.shape[0]], offset: 0 }
      : undefined,
  'an Arrow table': (array) =>
    array.shape.length === 2 && array.shape[1] > 0
      ? new Table(
          Object.fromEntries(
            columnsOf(array).map((column, k) => [`x${k}`, makeVector(column as Float32Array)]),
          ),
        )
      : undefined,
  'an Arrow vector of lists': ({ data, shape: [n, d], shape }) => {
    if (shape.length !== 2) return undefined;
    const type = data instanceof Float64Array ? new Float64() : new Float32();
    const child = makeData({ type: type as Float32, data: data as Float32Array, length: data.length });
    return makeVector(
      makeData({ type: new FixedSizeList(d, new Field('x', type as Float32)), length: n, child }),
    );
  },
  'a DataFrame': (array) =>
    array.shape.length === 2
      ? {
          height: array.shape[0],
          columns: columnsOf(array).map((_, k) => `x${k}`),
          getColumn: (name: string) => ({ toArray: () => columnsOf(array)[Number(name.slice(1))] }),
        }
      : undefined,
};

/** The value with the arrays that its rule asks for in another form. */
function reformed(rule: Rule | undefined, value: unknown, form: (array: NdArray) => unknown): unknown {
  const fields = (rules: Readonly<Record<string, Rule | 1>>) =>
    isPlain(value)
      ? {
          ...value,
          ...Object.fromEntries(
            Object.entries(value)
              .filter(([name]) => Object.hasOwn(rules, name))
              .map(([name, each]) => [name, reformed(rules[name] as Rule, each, form)]),
          ),
        }
      : value;
  switch (rule?.kind) {
    case 'array':
    case 'arrayOr':
      return isArray(value) ? (form(value) ?? value) : value;
    case 'list':
      return rule.each && Array.isArray(value) ? value.map((each) => reformed(rule.each, each, form)) : value;
    case 'object':
      return Object.keys(rule.arrays).length > 0 && Object.getPrototypeOf(value) === Object.prototype
        ? fields(rule.arrays)
        : value;
    case 'options':
      return fields(rule.rules);
    case 'either':
      return reformed(rule.rule, value, form);
    default:
      return value;
  }
}

/** Numbers of float32, in both element types. */
const asFloat32 = (array: NdArray): NdArray => ({ ...array, data: Float32Array.from(array.data) });

/** What can be compared of a result: not its functions, nor what depends on the clock. */
function comparable(value: unknown, depth = 0): unknown {
  if (typeof value === 'function' || depth > 6) return typeof value;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (value instanceof Map) return [...value].map((entry) => comparable(entry, depth + 1));
  if (Array.isArray(value)) return value.map((each) => comparable(each, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !/seconds|milliseconds|elapsed/i.test(name))
      .map(([name, each]) => [name, comparable(each, depth + 1)]),
  );
}

async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return comparable(await call());
  } catch (error) {
    if (isCoded(error)) return { failed: error.code };
    throw error;
  }
}

const codeOf = (result: unknown) =>
  isPlain(result) && 'failed' in result ? String(result.failed) : undefined;

/** Calls with every form, and says where what comes back is not what { data, shape } gives; and how many forms there were. */
async function differences(
  call: Call,
  values: readonly unknown[],
  rules: readonly (Rule | undefined)[],
): Promise<{ wrong: string[]; forms: number; failed: number }> {
  const wrong: string[] = [];
  let [forms, failed] = [0, 0];
  for (const given of [values, rules.map((rule, i) => reformed(rule, values[i], asFloat32))]) {
    let reference: unknown;
    for (const [name, form] of Object.entries(FORMS)) {
      let count = 0;
      const others = rules.map((rule, i) =>
        reformed(rule, given[i], (array) => {
          // Numbers without a type of their own take float32 where nothing says otherwise.
          if (name === 'rows of numbers' && !(array.data instanceof Float32Array)) return array;
          const other = form(array);
          if (other !== undefined) count++;
          return other;
        }),
      );
      if (count === 0) continue;
      forms++;
      reference ??= { is: await outcome(() => call(...given)) };
      const found = await outcome(() => call(...others));
      const { is } = reference as { is: unknown };
      if (codeOf(is) !== undefined) failed++;
      if (!isDeepStrictEqual(found, is))
        wrong.push(`${name}: ${codeOf(found) ?? 'a result'}, not ${codeOf(is) ?? 'that'}`);
    }
  }
  return { wrong, forms, failed };
}

const hasArrays = (rule: Rule): boolean =>
  rule.kind === 'array' ||
  rule.kind === 'arrayOr' ||
  (rule.kind === 'list' && rule.each !== undefined && hasArrays(rule.each)) ||
  (rule.kind === 'either' && hasArrays(rule.rule)) ||
  (rule.kind === 'object' && Object.keys(rule.arrays).length > 0) ||
  (rule.kind === 'options' && Object.values(rule.rules).some((each) => each !== 1 && hasArrays(each)));

const takesArrays = (signature: Signature) => Object.values(signature).some(hasArrays);

for (const [name, signature] of Object.entries(SIGNATURES)) {
  if (!(name in library) || NOT_CALLED.includes(name) || !takesArrays(signature)) continue;
  test(`${name} takes arrays of other libraries as its own`, async (t) => {
    const call = (library as unknown as Record<string, Call>)[name];
    const values = (await calls)[name];
    const rules = parametersOf(call).map((parameter) => signature[parameter]);
    const { wrong, forms, failed } = await differences(call, values, rules);
    t.deepEqual(wrong, []);
    t.true(forms > failed || forms === 0, 'some call succeeds');
  });
}

const methods = exportedMethods().filter(({ types, name }) =>
  types.some((type) => METHODS[type]?.[name] && takesArrays(METHODS[type][name])),
);

for (const from of new Set(methods.map((method) => method.from))) {
  if (NOT_CALLED.includes(from)) continue;
  test(`methods of what ${from} returns take arrays of other libraries as their own`, async (t) => {
    const result = await (library as unknown as Record<string, Call>)[from](...(await calls)[from]);
    t.pass();
    for (const { path, types, name, parameters } of methods.filter((each) => each.from === from)) {
      const object = path.reduce<unknown>(
        (value, key) => (value as Record<string, unknown> | undefined)?.[key],
        result,
      ) as Record<string, Call> | undefined;
      if (typeof object?.[name] !== 'function') continue;
      const signature = types.map((type) => METHODS[type]?.[name]).find((found) => found !== undefined)!;
      const rules = parameters.map((parameter) => signature[parameter.name] as Rule | undefined);
      const values = rules.map((rule) => (rule?.kind === 'options' ? {} : rightFor(rule)));
      const { wrong } = await differences((...given) => object[name](...given), values, rules);
      t.deepEqual(wrong, [], `${types[0]}.${name}`);
    }
  });
}
