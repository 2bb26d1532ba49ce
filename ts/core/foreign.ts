// Arrays of other libraries, read by what they have and not by their classes: the library depends on none of them for it.
import { type DType, type FloatData, type NdArray, allocate, dtypeOf, elementCount } from './array.js';
import { RidgeflowError, describe, invalidArgument } from './errors.js';
import { ColumnRanges } from './narrowing.js';
import { isError, isFloat64Array, isFloatData } from './realm.js';

/** A tensor of TensorFlow.js, whatever its version. */
export interface TensorLike {
  readonly shape: readonly number[];
  dataSync(): ArrayLike<number>;
}

/** A strided array of scijs (npm: ndarray). */
export interface StridedArrayLike {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;
}

/** A column of an Apache Arrow table, or a column of fixed-size lists, one list a point. */
export interface ArrowVectorLike {
  readonly length: number;
  readonly nullCount: number;
  /** Its `listSize`, where it has one, is how many numbers a row has. */
  readonly type: object;
  toArray(): unknown;
  getChildAt(index: number): ArrowVectorLike | null;
}

/** An Apache Arrow table, or record batch, of numbers. */
export interface ArrowTableLike {
  readonly numRows: number;
  readonly numCols: number;
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
  getChildAt(index: number): ArrowVectorLike | null;
}

/** A DataFrame of nodejs-polars, of numbers. */
export interface DataFrameLike {
  readonly height: number;
  readonly columns: readonly string[];
  getColumn(name: string): { toArray(): ArrayLike<unknown> };
}

/** Arrays that are none of the library's own: plain numbers or rows of them, and those of other libraries. */
export type ForeignArray =
  | readonly number[]
  | readonly (readonly number[])[]
  | TensorLike
  | StridedArrayLike
  | ArrowTableLike
  | ArrowVectorLike
  | DataFrameLike;

/**
 * What every call takes as an array: the library's own, plain numbers or rows of them, a tensor of TensorFlow.js, an ndarray
 * of scijs, a table or a vector of Apache Arrow, a DataFrame of nodejs-polars. Float32Array and Float64Array that lie row by
 * row are not copied: do not write to them until the call has settled. float32 and float64 keep their type. Numbers without
 * one, plain or whole, take the call's `dtype`, else that of the call's other arrays, else float32 where it tells them apart
 * and float64 where it does not.
 */
export type NdArrayLike = NdArray | ForeignArray;

/** An array of another library, looked at and not yet copied. */
export interface Foreign {
  readonly shape: readonly number[];
  /** Its element type, where that is float32 or float64. */
  readonly dtype?: DType;
  /** Its numbers row by row, where they lie so in float storage. */
  readonly data?: FloatData;
  /** Writes its numbers row by row. */
  readonly write: (out: FloatData) => void;
}

const KINDS =
  'an array { data, shape }, rows of numbers, a tensor, an ndarray, an Arrow table or vector, or a DataFrame';

/** Whether it is one of the library's own arrays, well formed or not. */
export const isOwn = (value: unknown): value is NdArray =>
  typeof value === 'object' &&
  value !== null &&
  'data' in value &&
  'shape' in value &&
  !('stride' in value) &&
  !('dataSync' in value);

/** Whether it is an array of another library or of plain numbers, by what it has. */
export const isForeign = (value: unknown): value is ForeignArray =>
  Array.isArray(value) ||
  (typeof value === 'object' &&
    value !== null &&
    ('dataSync' in value ||
      ('stride' in value && 'shape' in value) ||
      ('numRows' in value && 'schema' in value) ||
      ('columns' in value && 'getColumn' in value) ||
      ('toArray' in value && 'getChildAt' in value)));

/**
 * An array of another library, without a copy. Throws INVALID_ARGUMENT for anything else and for what the other library
 * refuses to read, INVALID_SHAPE, INVALID_DTYPE for a column of no numbers, NON_FINITE for nulls: all name the argument.
 */
export function openForeign(value: unknown, name: string): Foreign {
  if (!isForeign(value)) throw invalidArgument(name, KINDS, value);
  try {
    const foreign = open(value, name);
    if (foreign.shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0)) return foreign;
    throw invalidArgument(`${name}.shape`, 'whole non-negative numbers', foreign.shape);
  } catch (error) {
    if (error instanceof RidgeflowError) throw error;
    const why = isError(error) ? error.message : String(error);
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected ${KINDS} for ${name} but reading it failed: ${why}`,
      {
        cause: error,
        details: { parameter: name },
      },
    );
  }
}

/** The numbers in the library's own form; where no `dtype` is asked for, in theirs, else as float32 allows. */
export function ownForm({ shape, dtype, data, write }: Foreign, wanted: DType | undefined): NdArray {
  if (data) return { data, shape: [...shape] };
  const out = allocate(dtype ?? wanted ?? 'float64', elementCount(shape));
  write(out);
  const array = { data: out, shape: [...shape] };
  return dtype || wanted || isNarrowed(array) ? array : { data: Float32Array.from(out), shape: array.shape };
}

/** An array in the library's own form, whoever made it. Its own form is not checked. Throws what {@link openForeign} throws. */
export const toOwn = (value: NdArrayLike, name: string, wanted?: DType): NdArray =>
  isOwn(value) ? value : ownForm(openForeign(value, name), wanted);

/** Whether float32 would take together what float64 tells apart. */
function isNarrowed({ data, shape }: NdArray): boolean {
  const columns = shape.length === 2 ? shape[1] : 1;
  return (
    columns > 0 && ColumnRanges.of([{ data, shape: [data.length / columns, columns] }]).tooNarrow().length > 0
  );
}

function open(value: ForeignArray, name: string): Foreign {
  if (Array.isArray(value)) return openRows(value as readonly unknown[], name);
  if ('dataSync' in value) return openDense(value.dataSync(), value.shape, name);
  if ('stride' in value && 'shape' in value) return openStrides(value, name);
  if ('numRows' in value) {
    const columns = value.schema.fields.map((field, i) => openVector(value.getChildAt(i), field.name, name));
    return openColumns(columns, value.numRows, name);
  }
  if ('columns' in value) {
    const columns = value.columns.map((column) => ({
      name: column,
      values: value.getColumn(column).toArray(),
      width: 1,
    }));
    return openColumns(columns, value.height, name);
  }
  const vector = value as ArrowVectorLike;
  return openColumns([openVector(vector, 'value', name)], vector.length, name);
}

function openRows(rows: readonly unknown[], name: string): Foreign {
  const nested = Array.isArray(rows[0]);
  const width = nested ? (rows[0] as readonly unknown[]).length : 1;
  const write = (out: FloatData) => {
    for (const [i, row] of rows.entries()) {
      if (Array.isArray(row) !== nested || (nested && (row as readonly unknown[]).length !== width))
        throw new RidgeflowError(
          'INVALID_SHAPE',
          `Expected ${nested ? `${width} numbers` : 'a number'} in row ${i} of ${name} but received ${describe(row)}`,
          { details: { parameter: name, row: i } },
        );
      const values = nested ? (row as readonly unknown[]) : [row];
      for (let k = 0; k < width; k++) {
        const cell = values[k];
        if (typeof cell !== 'number')
          throw invalidArgument(nested ? `${name}[${i}][${k}]` : `${name}[${i}]`, 'a number', cell);
        out[i * width + k] = cell;
      }
    }
  };
  return { shape: nested ? [rows.length, width] : [rows.length], write };
}

function openDense(values: ArrayLike<number>, shape: readonly number[], name: string): Foreign {
  if (values.length !== elementCount(shape))
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${elementCount(shape)} values for ${name} of shape [${shape.join(', ')}] but received ${values.length}`,
      { details: { parameter: name } },
    );
  return { shape, ...(isFloatData(values) && floats(values)), write: (out) => out.set(values) };
}

const floats = (data: FloatData) => ({ data, dtype: dtypeOf({ data }) });

function openStrides({ data, shape, stride, offset }: StridedArrayLike, name: string): Foreign {
  const count = elementCount(shape);
  const reach = shape.map((extent, axis) => (extent - 1) * stride[axis]);
  const sum = (steps: readonly number[]) => steps.reduce((total, step) => total + step, offset);
  const first = sum(reach.map((step) => Math.min(step, 0)));
  const last = sum(reach.map((step) => Math.max(step, 0)));
  if (count > 0 && !(first >= 0 && last < data.length))
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected storage of more than ${last} values for ${name} with its strides and offset but received ${data.length}`,
      { details: { parameter: name } },
    );
  const isDense = shape.every(
    (extent, axis) => extent === 1 || stride[axis] === elementCount(shape.slice(axis + 1)),
  );
  if (isDense && isFloatData(data)) return openDense(data.subarray(offset, offset + count), shape, name);
  const write = (out: FloatData) => {
    for (let i = 0; i < count; i++) {
      let [at, rest] = [offset, i];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += (rest % shape[axis]) * stride[axis];
        rest = Math.floor(rest / shape[axis]);
      }
      out[i] = data[at];
    }
  };
  return { shape, ...(isFloatData(data) && { dtype: dtypeOf({ data }) }), write };
}

interface Column {
  name: string;
  values: ArrayLike<unknown>;
  width: number;
}

/** The numbers of a vector, one after the other; a list of fixed size is so many to a row. */
function openVector(vector: ArrowVectorLike | null, column: string, name: string): Column {
  if (!vector) throw notNumbers(column, name, 'nothing');
  if (vector.nullCount > 0) throw hasNulls(column, name);
  const { listSize } = vector.type as { listSize?: number };
  if (listSize === undefined)
    return { name: column, values: vector.toArray() as ArrayLike<unknown>, width: 1 };
  const child = vector.getChildAt(0);
  if (!child) throw notNumbers(column, name, 'nothing');
  if (child.nullCount > 0) throw hasNulls(column, name);
  return { name: column, values: child.toArray() as ArrayLike<unknown>, width: listSize };
}

function openColumns(columns: readonly Column[], rows: number, name: string): Foreign {
  const d = columns.reduce((sum, { width }) => sum + width, 0);
  const short = columns.find(({ values, width }) => values.length < rows * width);
  if (short)
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${rows * short.width} values in column ${describe(short.name)} of ${name} but received ${short.values.length}`,
      { details: { parameter: name, column: short.name } },
    );
  const [only] = columns;
  if (columns.length === 1 && isFloatData(only.values) && only.values.length === rows * d)
    return openDense(only.values, [rows, d], name);
  const typed = columns.filter(({ values }) => isFloatData(values));
  const dtype: DType | undefined = typed.some(({ values }) => isFloat64Array(values))
    ? 'float64'
    : typed.length > 0 && typed.length === columns.length
      ? 'float32'
      : undefined;
  const write = (out: FloatData) => {
    let offset = 0;
    for (const { name: column, values, width } of columns) {
      for (let i = 0; i < rows * width; i++) {
        const cell = values[i];
        if (cell === null || cell === undefined) throw hasNulls(column, name);
        if (typeof cell !== 'number' && typeof cell !== 'bigint' && typeof cell !== 'boolean')
          throw notNumbers(column, name, describe(cell));
        out[Math.floor(i / width) * d + offset + (i % width)] = Number(cell);
      }
      offset += width;
    }
  };
  return { shape: [rows, d], ...(dtype && { dtype }), write };
}

function hasNulls(column: string, name: string): RidgeflowError {
  return new RidgeflowError(
    'NON_FINITE',
    `Expected a number in every row of column ${describe(column)} of ${name} but some are null`,
    { details: { parameter: name, column } },
  );
}

function notNumbers(column: string, name: string, what: string): RidgeflowError {
  return new RidgeflowError(
    'INVALID_DTYPE',
    `Expected numbers in column ${describe(column)} of ${name} but received ${what}: select the columns of numbers first`,
    { details: { parameter: name, column } },
  );
}
