import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import test from 'ava';
import {
  type BackendName,
  type DType,
  type NdArray,
  exactTransport,
  fieldFromFunction,
  fisherRatio,
  linearProbe,
  principalComponents,
  radonTransform,
  score,
  sinkhorn,
  slicedWasserstein,
  writeNpy,
} from '../ts/index.js';
import { isError, isFloatData } from '../ts/core/realm.js';
import { readError } from '../ts/io/errors.js';

const elsewhere = createContext({});

/** The same, made of arrays and objects of another realm. */
function foreign<T>(value: T): T {
  if (ArrayBuffer.isView(value)) {
    const { name } = value.constructor;
    return runInContext(
      `${name}.from([${Array.from(value as unknown as number[]).join(',')}])`,
      elsewhere,
    ) as T;
  }
  if (Array.isArray(value)) return runInContext(`[${value.join(',')}]`, elsewhere) as T;
  const made = runInContext('({})', elsewhere) as Record<string, unknown>;
  for (const [key, part] of Object.entries(value as object)) made[key] = foreign(part);
  return made as T;
}

function cloud(n: number, d: number, shift: number, dtype: DType): NdArray {
  const data = new (dtype === 'float64' ? Float64Array : Float32Array)(n * d);
  for (let i = 0; i < data.length; i++) data[i] = Math.sin(7 * i + shift);
  return { data, shape: [n, d] };
}

const plain = (data: ArrayLike<number>) => Array.from(data);
const labels = Int32Array.from({ length: 12 }, (_, i) => i % 2);
const angles = [0, 0.5, 1, 2];

/** Calls whose arrays are made by `of`, and what they answer, as numbers. */
function calls(
  of: <T>(value: T) => T,
  backend: BackendName,
  dtype: DType,
): Record<string, () => Promise<number[]>> {
  const [a, b, c, image] = [
    cloud(12, 3, 0, dtype),
    cloud(12, 3, 1, dtype),
    cloud(9, 3, 2, dtype),
    cloud(8, 8, 3, dtype),
  ].map(of);
  const run = { backend };
  return {
    score: async () => plain((await score(a, c, { ...run, variance: 0.3 })).mean!.data),
    sinkhorn: async () => [(await sinkhorn(a, c, { ...run, epsilon: 0.5 })).value],
    exactTransport: async () => [(await exactTransport(a, b, run)).cost],
    slicedWasserstein: async () => [(await slicedWasserstein(a, b, run)).value],
    fisherRatio: async () => [(await fisherRatio(a, of(labels), run)).ratio],
    linearProbe: async () => [(await linearProbe(a, of(labels), run)).accuracy],
    principalComponents: async () => plain((await principalComponents(a, { ...run, count: 2 })).variances),
    radonTransform: async () =>
      plain((await radonTransform(image, { ...run, angles: of(Float64Array.from(angles)) })).data),
    'radonTransform with a list': async () =>
      plain((await radonTransform(image, { ...run, angles: of(angles) })).data),
    fieldFromFunction: async () => {
      const field = fieldFromFunction((x, time) =>
        of({ data: x.data.map((value) => time - value), shape: x.shape }),
      );
      return plain((await field.evaluate(a, 0.5, {}, run)).velocity.data);
    },
  };
}

for (const [backend, dtype] of [
  ['native', 'float64'],
  ['native', 'float32'],
  ['tfjs-wasm', 'float32'],
  ['tfjs-cpu', 'float32'],
] as [BackendName, DType][]) {
  const own = calls((value) => value, backend, dtype);
  const others = calls(foreign, backend, dtype);
  for (const name of Object.keys(own)) {
    test(`arrays of another realm give ${name} the same values: ${backend}, ${dtype}`, async (t) => {
      t.deepEqual(await others[name](), await own[name]());
    });
  }
}

test('arrays of another realm are written as those of this one', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-'));
  for (const data of [Float32Array.of(1, 2), Float64Array.of(1, 2), Int32Array.of(1, 2)]) {
    const [own, other] = [join(folder, 'own.npy'), join(folder, 'other.npy')];
    await writeNpy(own, { data, shape: [2] });
    await writeNpy(other, foreign({ data, shape: [2] }));
    t.deepEqual(readFileSync(other), readFileSync(own));
  }
});

test('an error of another realm keeps its meaning', (t) => {
  const cause: unknown = runInContext('Object.assign(new Error("x"), { code: "ENOENT" })', elsewhere);
  t.false(cause instanceof Error);
  t.true(isError(cause));
  t.is(readError(cause, 'a.npy').code, 'FILE_NOT_FOUND');
});

test('what only claims to be an array is none', (t) => {
  for (const value of [
    { [Symbol.toStringTag]: 'Float32Array', length: 2 },
    Object.create(Float32Array.prototype),
    new Uint8Array(2),
    new DataView(new ArrayBuffer(8)),
    [1, 2],
  ]) {
    t.false(isFloatData(value));
  }
});
