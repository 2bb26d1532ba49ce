import { type NdArray, elementCount } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import type { ModelInput } from './model.js';

/** The shape of `rows` examples as a model takes them: that of the data where it fits, else one of as many values. */
export function inputShape(model: ModelInput, rows: number, example: readonly number[]): number[] {
  const { shape } = model;
  const values = elementCount(example);
  if (shape === undefined) return [rows, ...example];
  const fits = shape.length === example.length && shape.every((e, i) => e === null || e === example[i]);
  if (fits) return [rows, ...example];
  const known = shape.reduce<number>((product, extent) => product * (extent ?? 1), 1);
  const open = shape.filter((extent) => extent === null).length;
  const left = values / known;
  if (open <= 1 && Number.isInteger(left) && left > 0 && (open === 1 || left === 1))
    return [rows, ...shape.map((extent) => extent ?? left)];
  throw new RidgeflowError(
    'INVALID_SHAPE',
    `Expected examples of shape [${shape.map((extent) => extent ?? 'any').join(', ')}] for the model's input ` +
      `${model.name} but received [${example.join(', ')}], ${values} values: give the data that the model was trained on`,
    { details: { parameter: 'points', expected: [...shape], received: [...example] } },
  );
}

/** A batch of `rows` examples from `first` on; beyond the last the last again, where the model takes no fewer. */
export function batchOf(points: NdArray, first: number, rows: number): NdArray {
  const [n, ...example] = points.shape;
  const size = elementCount(example);
  if (first + rows <= n)
    return { data: points.data.subarray(first * size, (first + rows) * size), shape: [rows, ...example] };
  const data = new (points.data.constructor as Float32ArrayConstructor)(rows * size);
  data.set(points.data.subarray(first * size));
  for (let i = n - first; i < rows; i++)
    data.copyWithin(i * size, (n - first - 1) * size, (n - first) * size);
  return { data, shape: [rows, ...example] };
}
