import { type FloatData, type NdArray, elementCount } from '../../core/array.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import { exampleShape } from './input-shape.js';
import { type ModelData, dataByInput, inputList } from './model-data.js';
import type { ModelInput, NetworkModel } from './model.js';

/** One input with what is given for it. */
interface Given {
  readonly input: ModelInput;
  /** Examples [n, …], the one array of an input without examples, or the value of all its entries. */
  readonly array: NdArray | number;
  /** Extents of one example as the model takes them; those of the whole where the input has no examples. */
  readonly shape: readonly number[];
}

/** Examples that are looked through for different ones. */
const LOOKED = 64;

/** The examples for all inputs of a model, in batches as it takes them. */
export class Examples {
  private constructor(
    readonly count: number,
    /** Those of the first input that has an array: [n, …]. */
    readonly points: NdArray,
    /** That input. */
    readonly main: ModelInput,
    readonly given: readonly Given[],
  ) {}

  /** Throws INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, EMPTY_CLOUD. */
  static of(model: NetworkModel, data: ModelData): Examples {
    const arrays = dataByInput(model, data);
    const main = model.inputs.find(({ name, axis }) => axis !== null && typeof arrays.get(name) === 'object');
    if (!main)
      throw invalidArgument('points', `examples for one of the inputs ${inputList(model.inputs)}`, data);
    const points = arrays.get(main.name) as NdArray;
    const count = points.shape[0];
    if (count === 0)
      throw new RidgeflowError('EMPTY_CLOUD', 'Expected at least one example but received none');
    const shapes = givenShapes(model.inputs, arrays, { main, count });
    const given = model.inputs.map((input): Given => {
      const entry = { input, array: arrays.get(input.name)!, shape: shapes.get(input)! };
      checkWhole(entry);
      return entry;
    });
    return new Examples(count, points, main, given);
  }

  /** `rows` examples from `first` on; beyond the last the last again, where the model takes no fewer. */
  batch(first: number, rows: number): Map<string, NdArray> {
    return this.#arranged(rows, ({ data, shape: [n] }) => {
      const size = data.length / n;
      if (first + rows <= n) return data.subarray(first * size, (first + rows) * size);
      return taken(
        data,
        size,
        Int32Array.from({ length: rows }, (_, i) => Math.min(first + i, n - 1)),
      );
    });
  }

  /** The examples of these numbers. */
  gather(rows: ArrayLike<number>): Map<string, NdArray> {
    return this.#arranged(rows.length, ({ data, shape: [n] }) => taken(data, data.length / n, rows));
  }

  /** So many examples, different ones where there are some among the first; the last again where there are fewer. */
  differing(count: number): number[] {
    const arrays = this.given.flatMap(({ input, array }) =>
      input.axis === null || typeof array === 'number' ? [] : [array],
    );
    const same = (i: number, j: number) =>
      arrays.every(({ data }) => {
        const size = data.length / this.count;
        for (let k = 0; k < size; k++) if (data[i * size + k] !== data[j * size + k]) return false;
        return true;
      });
    const picked = [0];
    for (let i = 1; i < Math.min(this.count, Math.max(LOOKED, count)) && picked.length < count; i++)
      if (!picked.some((j) => same(i, j))) picked.push(i);
    while (picked.length < count) picked.push(picked[picked.length - 1]);
    return picked;
  }

  /** What is the same for every example, as one of them takes it, by the names of the inputs. */
  constants(): Map<string, NdArray> {
    const one = this.gather([0]);
    for (const { input, array } of this.given)
      if (input.axis !== null && typeof array !== 'number' && !allAlike(array)) one.delete(input.name);
    return one;
  }

  #arranged(rows: number, take: (array: NdArray) => FloatData): Map<string, NdArray> {
    const batch = new Map<string, NdArray>();
    for (const { input, array, shape } of this.given) {
      if (input.axis === null) {
        const data = typeof array === 'number' ? filled(shape, array) : array.data;
        batch.set(input.name, { data, shape });
        continue;
      }
      const whole = [rows, ...shape];
      const data = typeof array === 'number' ? filled(whole, array) : take(array);
      batch.set(input.name, batchAt({ data, shape: whole }, input.axis));
    }
    return batch;
  }
}

/** Whether all rows are the first. */
function allAlike({ data, shape: [n] }: NdArray): boolean {
  const size = data.length / n;
  return data.every((value: number, at: number) => value === data[at % size]);
}

/** The shapes as the model takes them. What is open in an input that a number fills is as in the other inputs. */
function givenShapes(
  inputs: readonly ModelInput[],
  arrays: ReadonlyMap<string, NdArray | number>,
  { main, count }: { main: ModelInput; count: number },
): Map<ModelInput, number[]> {
  const shapes = new Map<ModelInput, number[]>();
  const extents = new Map<string, number>();
  for (const input of inputs) {
    const array = arrays.get(input.name)!;
    if (typeof array === 'number') continue;
    if (input.axis !== null && array.shape[0] !== count) {
      throw new RidgeflowError(
        'INVALID_SHAPE',
        `Expected ${count} examples for the input ${input.name}, as for ${main.name}, but received ${array.shape[0]}`,
        { details: { parameter: input.name, expected: count, received: array.shape[0] } },
      );
    }
    const shape = exampleShape(input, input.axis === null ? array.shape : array.shape.slice(1));
    shapes.set(input, shape);
    input.extentNames?.forEach((name, i) => name !== null && extents.set(name, shape[i]));
  }
  const alike = shapes.get(main)!;
  for (const input of inputs) {
    if (shapes.has(input)) continue;
    const { shape: known = alike, extentNames } = input;
    const open = (i: number) =>
      extents.get(extentNames?.[i] ?? '') ?? (known.length === alike.length ? alike[i] : 1);
    shapes.set(
      input,
      known.map((extent, i) => extent ?? open(i)),
    );
  }
  return shapes;
}

/** Throws INVALID_ARGUMENT where the model takes whole numbers and others are given. */
function checkWhole({ input: { name, type }, array }: Given): void {
  if (!type.includes('int')) return;
  const data = typeof array === 'number' ? Float64Array.of(array) : array.data;
  const least = type.startsWith('u') ? 0 : -Infinity;
  const wrong = data.findIndex((value: number) => !Number.isSafeInteger(value) || value < least);
  if (wrong < 0) return;
  const where =
    typeof array === 'number' ? '' : ` in example ${Math.floor((wrong * array.shape[0]) / data.length)}`;
  throw new RidgeflowError(
    'INVALID_ARGUMENT',
    `Expected whole numbers${least === 0 ? ' of at least 0' : ''} for the model's input ${name}, which is ${type}, ` +
      `but received ${data[wrong]}${where}`,
    { details: { parameter: name } },
  );
}

function filled(shape: readonly number[], value: number): FloatData {
  return new Float64Array(elementCount(shape)).fill(value);
}

/** The rows of these numbers, of `size` values each. */
function taken(data: FloatData, size: number, rows: ArrayLike<number>): FloatData {
  const out = new (data.constructor as Float32ArrayConstructor)(rows.length * size);
  for (let i = 0; i < rows.length; i++)
    out.set(data.subarray(rows[i] * size, (rows[i] + 1) * size), i * size);
  return out;
}

/** Examples first, with that axis brought to `axis`. */
function batchAt(array: NdArray, axis: number): NdArray {
  if (axis === 0) return array;
  const [n, ...example] = array.shape;
  const [outer, inner] = [elementCount(example.slice(0, axis)), elementCount(example.slice(axis))];
  const out = new (array.data.constructor as Float32ArrayConstructor)(array.data.length);
  for (let i = 0; i < n; i++) {
    for (let o = 0; o < outer; o++) {
      const from = (i * outer + o) * inner;
      out.set(array.data.subarray(from, from + inner), (o * n + i) * inner);
    }
  }
  return { data: out, shape: [...example.slice(0, axis), n, ...example.slice(axis)] };
}
