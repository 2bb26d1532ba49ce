// Values that the rules of ts/core/rules.ts refuse, and values that they let pass.
import { ARRAY, type Rule } from '../ts/core/rules.js';
import { RidgeflowError } from '../ts/index.js';

/** The names of a function's parameters, or of a constructor's, which are the names in its signature. */
export function parametersOf(
  call: ((...values: never[]) => unknown) | (new (...values: never[]) => unknown),
): string[] {
  const source = Function.prototype.toString.call(call).replace(/^class\b[^]*?\bconstructor(?=\()/, '');
  const list = source.slice(source.indexOf('(') + 1, source.indexOf(')'));
  return list
    .split(',')
    .map((parameter) => parameter.split('=')[0].trim())
    .filter((name) => /^(\.\.\.)?\w+$/.test(name));
}

/** What a call throws or rejects with, if it does. */
export async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Whether it is an error of the library. */
export const isCoded = (error: unknown): error is RidgeflowError => error instanceof RidgeflowError;

/** An array whose storage has gone to another thread. */
function detached() {
  const data = new Float64Array(4);
  structuredClone(data, { transfer: [data.buffer] });
  return { data, shape: [2, 2] };
}

/** Arrays of other libraries that cannot be read. */
function foreignWrong() {
  const column = { length: 2, nullCount: 0, type: {}, toArray: () => ['a', 'b'], getChildAt: () => null };
  return [
    [[1, 2], [3]],
    [1, [2]],
    ['1', '2'],
    [[1, null]],
    { shape: [2, 2], dataSync: () => new Float32Array(3) },
    {
      shape: [1, 1],
      dataSync: () => {
        throw new Error('Tensor is disposed.');
      },
    },
    { data: new Float32Array(4), shape: [2, 3], stride: [3, 1], offset: 0 },
    { ...column, nullCount: 1, toArray: () => [1, null] },
    column,
    { numRows: 2, numCols: 1, schema: { fields: [{ name: 'x' }] }, getChildAt: () => column },
    { height: 1, columns: ['x'], getColumn: () => ({ toArray: () => [null] }) },
  ];
}

export const ANYTHING = [
  null,
  undefined,
  7,
  NaN,
  'text',
  true,
  {},
  [],
  new Float64Array(1),
  () => 1,
  2e12,
  1n,
];

/** Whether it is an object, and neither null nor an array. */
export const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

/** Values that a rule must refuse. */
export function wrongFor(rule: Rule): unknown[] {
  const wrong = ANYTHING.filter((value) => value !== undefined || !rule.optional);
  switch (rule.kind) {
    case 'array':
      return [
        ...wrong.filter((value) => !Array.isArray(value)),
        ...foreignWrong(),
        detached(),
        { data: new Float64Array(4), shape: [2e12, 2] },
        { data: new Float64Array(4), shape: [-1, -4] },
        { data: new Float64Array(4), shape: 'x' },
        { data: new Int32Array(4), shape: [2, 2] },
        { data: [1, 2, 3, 4], shape: [2, 2] },
      ];
    case 'list':
      return wrong.filter((value) => !Array.isArray(value) && !ArrayBuffer.isView(value));
    case 'callback':
      return wrong.filter((value) => typeof value !== 'function');
    case 'text':
      return wrong.filter((value) => typeof value !== 'string');
    case 'number':
      return wrong.filter((value) => typeof value !== 'number');
    case 'flag':
      return wrong.filter((value) => typeof value !== 'boolean');
    case 'any':
      return [];
    case 'either':
      return wrongFor(rule.rule).filter((value) => isPlain(value));
    case 'arrayOr':
      return wrong.filter((value) => rule.fields.length > 0 || typeof value !== 'object' || value === null);
    case 'object':
      return wrong.filter((value) => rule.fields.length > 0 || typeof value !== 'object' || value === null);
    case 'options': {
      const values: Record<string, unknown[]> = {
        backend: ['nowhere', null, 3],
        dtype: ['int8', null, 3],
        onEpoch: [3, null, {}],
        onProgress: [3, null, 'x', {}],
        onRun: [3, null, {}],
        onStep: [3, null, {}],
        seed: [-1, 0.5, '1', null, 2 ** 53],
        signal: [3, null, {}, 'x', () => 1, new AbortController()],
      };
      return [
        ...wrong.filter((value) => !isPlain(value)),
        { nothingOfThatName: 1 },
        ...Object.entries(values).flatMap(([name, list]) =>
          rule.fields.includes(name) ? list.map((value) => ({ [name]: value })) : [],
        ),
      ];
    }
  }
}

/** A value that a rule lets pass; options abort the call before it does much. */
export function rightFor(rule: Rule | undefined): unknown {
  switch (rule?.kind) {
    case undefined:
      return 1;
    case 'array':
      return { data: Float64Array.of(0, 1, 1, 0, 2, 2), shape: [3, 2] };
    case 'list':
      return [1, 2, 3];
    case 'callback':
      return () => 1;
    case 'text':
      return 'no such file';
    case 'any':
    case 'number':
      return 1;
    case 'flag':
      return true;
    case 'arrayOr':
    case 'either':
      return rightFor(rule.kind === 'either' ? rule.rule : ARRAY);
    case 'object':
      return Object.fromEntries(
        rule.fields.map((name) => (name.endsWith('()') ? [name.slice(0, -2), () => 1] : [name, 1])),
      );
    case 'options':
      return rule.fields.includes('signal') ? { signal: AbortSignal.abort() } : {};
  }
}
