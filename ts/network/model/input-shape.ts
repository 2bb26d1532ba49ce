import { elementCount } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import { spoken } from '../../core/spoken.js';
import type { ModelInput } from './model.js';

/**
 * The shape of one example as a model takes it: that of the data where it fits, else one of as many values in the same order,
 * so that rows of 784 values serve a model of 28 × 28 × 1 images. Throws INVALID_SHAPE, also where the values are as many but
 * their axes in another order.
 */
export function exampleShape(input: ModelInput, example: readonly number[]): number[] {
  const { shape } = input;
  if (shape === undefined || fits(shape, example)) return [...example];
  const filled = filledBy(shape, example) ?? withOnes(shape, example);
  if (filled && nested(filled, example)) return filled;
  throw unfit(input, shape, example, filled);
}

function fits(shape: readonly (number | null)[], example: readonly number[]): boolean {
  return shape.length === example.length && shape.every((e, i) => e === null || e === example[i]);
}

/** The shape with its one open extent found from the number of values. */
function filledBy(shape: readonly (number | null)[], example: readonly number[]): number[] | undefined {
  const known = shape.reduce<number>((product, extent) => product * (extent ?? 1), 1);
  const open = shape.filter((extent) => extent === null).length;
  const left = elementCount(example) / known;
  const whole = Number.isInteger(left) && left > 0 && (open === 1 || (open === 0 && left === 1));
  return whole ? shape.map((extent) => extent ?? left) : undefined;
}

/** The shape with its open extents taken from the data, which may have axes of extent 1 more or fewer. */
function withOnes(shape: readonly (number | null)[], example: readonly number[]): number[] | undefined {
  const extents = example.filter((extent) => extent !== 1);
  const filled = shape.map((extent) => (extent === 1 ? 1 : (extents.shift() ?? 1)));
  return extents.length === 0 && fits(shape, filled) ? filled : undefined;
}

/** Whether one shape splits the axes of the other, so that the values stay in order: [3, 1024] and [3, 32, 32]. */
function nested(a: readonly number[], b: readonly number[]): boolean {
  const [few, many] = [edges(a), edges(b)].sort((one, other) => one.size - other.size);
  return [...few].every((edge) => many.has(edge));
}

/** The products of the leading extents. */
function edges(shape: readonly number[]): Set<number> {
  let product = 1;
  return new Set(shape.map((extent) => (product *= extent)));
}

function unfit(
  { name }: ModelInput,
  shape: readonly (number | null)[],
  example: readonly number[],
  filled: readonly number[] | undefined,
): RidgeflowError {
  const expected = `[${shape.map((extent) => extent ?? 'any').join(', ')}]`;
  const open = shape.filter((extent) => extent === null).length;
  const order = orderFor(shape, example);
  const remedy = order
    ? `the axes are in another order: transpose the data (in NumPy: x.transpose(0, ${order.map((axis) => axis + 1).join(', ')}))`
    : filled
      ? 'the values are as many, but their axes do not agree: give the data in the shape that the model was trained on'
      : open > 1 && example.length === 1
        ? `its extents are open and the data flat: give the shape of an example${spoken('', ' (--example-shape)')}`
        : 'give the data that the model was trained on';
  return new RidgeflowError(
    'INVALID_SHAPE',
    `Expected examples of shape ${expected} for the model's input ${name} but received [${example.join(', ')}], ` +
      `${elementCount(example)} values: ${remedy}`,
    { details: { parameter: 'points', expected: [...shape], received: [...example] } },
  );
}

/** The order of the data's axes that the model takes, where there is one: channels first for last, or the other way. */
function orderFor(shape: readonly (number | null)[], example: readonly number[]): number[] | undefined {
  if (shape.length !== example.length || shape.length < 2) return undefined;
  const axes = example.map((_, axis) => axis);
  const last = axes.length - 1;
  const turns = [
    [...axes.slice(1), 0],
    [last, ...axes.slice(0, last)],
  ];
  return turns.find((turn) =>
    fits(
      shape,
      turn.map((axis) => example[axis]),
    ),
  );
}
