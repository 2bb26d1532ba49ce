import type { Tensor } from '@tensorflow/tfjs-core';
import type { Table, Vector } from 'apache-arrow';
import {
  type DType,
  type NdArray,
  allocate,
  checkPoints,
  elementCount,
  ndarray,
  toDtype,
} from '../core/array.js';
import { RidgeflowError, describe, invalidArgument } from '../core/errors.js';
import { checkCall } from '../core/call.js';
import { isFloatData } from '../core/realm.js';
import { SIGNATURES } from './signatures.js';

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

/** An Apache Arrow table of numbers. */
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

/** What {@link asCloud} takes. */
export type CloudLike =
  | NdArray
  | readonly number[]
  | readonly (readonly number[])[]
  | TensorLike
  | StridedArrayLike
  | ArrowTableLike
  | ArrowVectorLike
  | DataFrameLike;

/**
 * The cloud, n × d, in what other libraries hold: an array of the library's own or of plain numbers or rows, a tensor of
 * TensorFlow.js, an ndarray of scijs, a table or a vector of Apache Arrow, a DataFrame of nodejs-polars. One axis becomes
 * [n, 1], more than two [n, rest]. Float32Array and Float64Array that lie row by row are not copied: do not write to them.
 *
 * @param options.dtype the element type of the result. Default: the input's where it is float32 or float64, else float32.
 * @throws INVALID_ARGUMENT for anything else, INVALID_DTYPE for a column of no numbers, NON_FINITE for nulls,
 *   INVALID_SHAPE for no points' shape.
 * @example const { value } = await sinkhorn(asCloud(tensor), asCloud(arrowTable), { epsilon: 0.1 });
 */
export function asCloud(value: CloudLike, options: { dtype?: DType } = {}): NdArray {
  checkCall(SIGNATURES.asCloud, { value, options });
  const { dtype } = options;
  const array = rowsOf(value, dtype);
  const { data, shape } = array;
  const points: NdArray =
    shape.length === 2 ? array : { data, shape: [shape[0] ?? 1, elementCount(shape.slice(1))] };
  checkPoints(points, 'value', { minimum: 0 });
  return toDtype(points, dtype);
}

function rowsOf(value: CloudLike, dtype: DType | undefined): NdArray {
  if (Array.isArray(value)) return ndarray(value as number[] | number[][], undefined, dtype);
  if (value === null || typeof value !== 'object') throw unknown(value);
  if ('dataSync' in value) return typed(value.dataSync(), value.shape, dtype);
  if ('stride' in value && 'shape' in value) return fromStrides(value, dtype);
  if ('numRows' in value) {
    const names = value.schema.fields.map(({ name }) => name);
    const columns = names.map((name, i) => ({ name, ...vectorValues(value.getChildAt(i), name) }));
    return fromColumns(columns, value.numRows, dtype);
  }
  if ('columns' in value && 'getColumn' in value) {
    const columns = value.columns.map((name) => ({
      name,
      values: value.getColumn(name).toArray(),
      width: 1,
    }));
    return fromColumns(columns, value.height, dtype);
  }
  if ('toArray' in value) {
    const { values, width } = vectorValues(value, 'value');
    if (isFloatData(values)) return { data: values, shape: [value.length, width] };
    return fromColumns([{ name: 'value', values, width }], value.length, dtype);
  }
  if ('data' in value && 'shape' in value) return value;
  throw unknown(value);
}

function unknown(value: unknown): RidgeflowError {
  const kinds =
    'an array { data, shape }, rows of numbers, a tensor, an ndarray, an Arrow table or vector, or a DataFrame';
  return invalidArgument('value', kinds, value);
}

function typed(values: ArrayLike<number>, shape: readonly number[], dtype: DType | undefined): NdArray {
  if (isFloatData(values)) return { data: values, shape: [...shape] };
  const data = allocate(dtype ?? 'float32', values.length);
  data.set(values);
  return { data, shape: [...shape] };
}

function fromStrides({ data, shape, stride, offset }: StridedArrayLike, dtype: DType | undefined): NdArray {
  const count = elementCount(shape);
  const isDense = shape.every(
    (_, axis) => shape[axis] === 1 || stride[axis] === elementCount(shape.slice(axis + 1)),
  );
  if (isDense && isFloatData(data)) return { data: data.subarray(offset, offset + count), shape: [...shape] };
  const wide =
    dtype ?? (Object.prototype.toString.call(data) === '[object Float64Array]' ? 'float64' : 'float32');
  const out = allocate(wide, count);
  for (let i = 0; i < count; i++) {
    let [at, rest] = [offset, i];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (rest % shape[axis]) * stride[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    out[i] = data[at];
  }
  return { data: out, shape: [...shape] };
}

interface Column {
  name: string;
  values: ArrayLike<unknown>;
  width: number;
}

/** The numbers of a vector, one after the other; a list of fixed size is so many to a row. */
function vectorValues(vector: ArrowVectorLike | null, name: string): Omit<Column, 'name'> {
  if (!vector) throw notNumbers(name, 'nothing');
  if (vector.nullCount > 0) throw hasNulls(name);
  const { listSize } = vector.type as { listSize?: number };
  if (listSize === undefined) return { values: vector.toArray() as ArrayLike<unknown>, width: 1 };
  const child = vector.getChildAt(0);
  if (!child) throw notNumbers(name, 'nothing');
  if (child.nullCount > 0) throw hasNulls(name);
  return { values: child.toArray() as ArrayLike<unknown>, width: listSize };
}

function fromColumns(columns: readonly Column[], rows: number, dtype: DType | undefined): NdArray {
  const isWide = columns.some(({ values }) => !(values instanceof Float32Array) && isFloatData(values));
  const d = columns.reduce((sum, { width }) => sum + width, 0);
  const data = allocate(dtype ?? (isWide ? 'float64' : 'float32'), rows * d);
  let offset = 0;
  for (const { name, values, width } of columns) {
    for (let i = 0; i < rows * width; i++) {
      const cell = values[i];
      if (cell === null || cell === undefined) throw hasNulls(name);
      if (typeof cell !== 'number' && typeof cell !== 'bigint' && typeof cell !== 'boolean')
        throw notNumbers(name, describe(cell));
      data[Math.floor(i / width) * d + offset + (i % width)] = Number(cell);
    }
    offset += width;
  }
  return { data, shape: [rows, d] };
}

function hasNulls(name: string): RidgeflowError {
  return new RidgeflowError(
    'NON_FINITE',
    `Expected a number in every row of column ${describe(name)} but some are null`,
    {
      details: { column: name },
    },
  );
}

function notNumbers(name: string, what: string): RidgeflowError {
  return new RidgeflowError(
    'INVALID_DTYPE',
    `Expected numbers in column ${describe(name)} but received ${what}: select the columns of numbers first`,
    { details: { column: name } },
  );
}

/**
 * Points as a table of Apache Arrow, one column a coordinate, in their element type.
 *
 * @param options.columns d names. Default: the numbers of the coordinates from 0.
 * @throws INVALID_SHAPE for points of no cloud or another number of names.
 * @example await writeFile('moved.arrow', tableToIPC(await toArrow(positions, { columns: ['x', 'y'] })));
 */
export async function toArrow(
  points: NdArray,
  options: { columns?: readonly string[] } = {},
): Promise<Table> {
  checkCall(SIGNATURES.toArrow, { points, options });
  const { columns } = options;
  const { n, d } = checkPoints(points, 'points', { minimum: 0 });
  if (columns && columns.length !== d)
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${d} names for columns but received ${columns.length}`,
    );
  const { Table: ArrowTable, makeVector } = await import('apache-arrow');
  const { data } = points;
  const vectors: Record<string, Vector> = {};
  for (let k = 0; k < d; k++) {
    const values = data instanceof Float64Array ? new Float64Array(n) : new Float32Array(n);
    for (let i = 0; i < n; i++) values[i] = data[i * d + k];
    vectors[columns?.[k] ?? String(k)] = makeVector(values as Float32Array) as Vector;
  }
  return new ArrowTable(vectors) as Table;
}

/**
 * An array as a tensor of TensorFlow.js, which has float32 alone: float64 is rounded. Its memory is the caller's to
 * dispose of. Throws what `checkArray` throws.
 */
export async function toTensor(array: NdArray): Promise<Tensor> {
  checkCall(SIGNATURES.toTensor, { array });
  const { data, shape } = toDtype(array, 'float32');
  const { tensor } = await import('@tensorflow/tfjs-core');
  return tensor(data as Float32Array, [...shape], 'float32');
}
