import { type NdArray, checkArray } from '../../core/array.js';
import { RidgeflowError, describe } from '../../core/errors.js';
import { type NdArrayLike, isForeign, toOwn } from '../../core/foreign.js';
import { spoken } from '../../core/spoken.js';
import { isFloatData } from '../../core/realm.js';
import type { ModelInput, NetworkModel } from './model.js';

/**
 * What goes into a model: examples [n, …] for a model of one input; else arrays by the names of the inputs, the examples first
 * wherever the model has them, and for an input without examples, such as a sampling rate, its one array. A number fills an
 * input, as 1 does an attention mask without padding.
 */
export type ModelData<A extends NdArrayLike = NdArray> = A | Readonly<Record<string, A | number>>;

/**
 * What is given by the names of the inputs; one array alone is that of the one input.
 *
 * @throws INVALID_ARGUMENT for inputs that are missing or that the model does not have, INVALID_SHAPE, INVALID_DTYPE.
 */
export function dataByInput(model: NetworkModel, data: ModelData): Map<string, NdArray | number> {
  const { inputs } = model;
  const named = isNamed(data) ? data : { [inputs[0].name]: data };
  if (named !== data) checkArray(data as NdArray, 'points');
  for (const name of Object.keys(named)) {
    if (inputs.some((input) => input.name === name)) continue;
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `${model.source} has no input ${describe(name)}: it takes ${inputList(inputs)}`,
      { details: { parameter: name } },
    );
  }
  const absent = inputs.filter(({ name }) => named[name] === undefined).map(({ name }) => name);
  if (absent.length > 0) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `${model.source} takes ${inputs.length} inputs, ${inputList(inputs)}, but nothing is given for ${absent.join(', ')}: ` +
        spoken(
          'give an array for each by its name, or a number that fills it',
          'give each with --input name=file, or name=number, or all in an .npz file of arrays by these names',
        ),
      { details: { parameter: 'points', missing: absent } },
    );
  }
  for (const { name, axis } of inputs) {
    const value = named[name];
    if (typeof value === 'number') continue;
    checkArray(value, inputs.length > 1 ? name : 'points');
    if (axis === null || value.shape.length >= (inputs.length > 1 ? 1 : 2)) continue;
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected shape [n, …] for ${inputs.length > 1 ? name : 'points'} but received [${value.shape.join(', ')}]`,
      { details: { parameter: 'points' } },
    );
  }
  return new Map(inputs.map(({ name }) => [name, named[name]]));
}

function isNamed<A extends NdArrayLike>(data: ModelData<A>): data is Readonly<Record<string, A | number>> {
  if (data === null || typeof data !== 'object') return false;
  const given = data as { data?: unknown; shape?: unknown };
  return !isFloatData(given.data) && !Array.isArray(given.shape) && Object.keys(data).length > 0;
}

/** The same where arrays of other libraries have become the library's own. Throws what `openForeign` throws. */
export function ownData(data: ModelData<NdArrayLike>): ModelData {
  if (isForeign(data)) return toOwn(data, 'points');
  if (!isNamed(data)) return data;
  const own = (value: NdArrayLike | number, name: string) => (isForeign(value) ? toOwn(value, name) : value);
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, own(value, name)]));
}

/** The inputs as a message lists them: `ids [n, any] int64`. */
export function inputList(inputs: readonly ModelInput[]): string {
  return inputs
    .map(({ name, shape, axis, type }) => {
      const extents = shape?.map((extent) => String(extent ?? 'any')) ?? ['…'];
      if (axis !== null) extents.unshift('n');
      return `${name} [${extents.join(', ')}] ${type}`;
    })
    .join(', ');
}

/** The examples of these numbers alone; what is the same for all examples stays. */
export function someExamples(model: NetworkModel, data: ModelData, rows: ArrayLike<number>): ModelData {
  const taken = (array: NdArray): NdArray => {
    const [n, ...example] = array.shape;
    const size = array.data.length / n;
    const out = new (array.data.constructor as Float32ArrayConstructor)(rows.length * size);
    for (let i = 0; i < rows.length; i++)
      out.set(array.data.subarray(rows[i] * size, (rows[i] + 1) * size), i * size);
    return { data: out, shape: [rows.length, ...example] };
  };
  if (!isNamed(data)) return taken(data);
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => {
      const each = model.inputs.some((input) => input.name === name && input.axis !== null);
      return [name, each && typeof value !== 'number' ? taken(value) : value];
    }),
  );
}
