import { RidgeflowError, describe, invalidArgument } from './errors.js';
import { requireMemory } from './memory.js';
import { isFloat64Array, isFloatData } from './realm.js';

/** Element types of the library's arrays. */
export type DType = 'float32' | 'float64';

/** Bytes of an element. */
export const BYTES: Readonly<Record<DType, number>> = { float32: 4, float64: 8 };

/** The storage of a library array. */
export type FloatData = Float32Array | Float64Array;

/**
 * A dense row-major array. In a cloud of points (`shape` = [n, d]) a row is a point. Functions of the library never
 * change an array they are given and never copy it on the way in: do not write to it, and do not transfer its buffer
 * to another thread, until the call that uses it has settled.
 */
export interface NdArray {
  readonly data: FloatData;
  readonly shape: readonly number[];
}

/** The element type of an array. */
export function dtypeOf(array: { readonly data: FloatData }): DType {
  return isFloat64Array(array.data) ? 'float64' : 'float32';
}

/** Zero-filled storage. Throws OUT_OF_MEMORY, naming `what`, where the memory is not there. */
export function allocate(dtype: DType, length: number, what = 'a result'): FloatData {
  requireMemory(length * BYTES[dtype], `${length} ${dtype} values for ${what}`);
  try {
    return dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
  } catch (cause) {
    throw outOfMemory(dtype, length, what, cause);
  }
}

function outOfMemory(dtype: DType, length: number, what: string, cause: unknown): RidgeflowError {
  return new RidgeflowError('OUT_OF_MEMORY', `Cannot allocate ${length} ${dtype} values for ${what}`, {
    cause,
  });
}

/** Zero-filled storage of whole numbers. Throws OUT_OF_MEMORY, naming `what`, where the memory is not there. */
export function allocateIntegers(length: number, what: string): Int32Array {
  requireMemory(4 * length, `${length} whole numbers for ${what}`);
  return new Int32Array(length);
}

/** A copy of the values. Throws OUT_OF_MEMORY, naming `what`, where the memory is not there. */
export function copyOf(data: FloatData, what = 'a copy'): FloatData {
  requireMemory(data.byteLength, what);
  try {
    return data.slice();
  } catch (cause) {
    throw outOfMemory(dtypeOf({ data }), data.length, what, cause);
  }
}

/** `into` where it has that element type and length, else new storage. Its values may be any. Throws OUT_OF_MEMORY. */
export function storage(into: FloatData | undefined, dtype: DType, length: number, what?: string): FloatData {
  return into?.length === length && dtypeOf({ data: into }) === dtype ? into : allocate(dtype, length, what);
}

/** A zero-filled array. Throws INVALID_SHAPE, INVALID_DTYPE, OUT_OF_MEMORY. */
export function zeros(shape: readonly number[], dtype: DType = 'float32', what?: string): NdArray {
  checkShape(shape, 'shape');
  checkDType(dtype);
  return { data: allocate(dtype, elementCount(shape), what), shape: [...shape] };
}

/** Product of a shape's extents; 1 for a scalar's empty shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/**
 * An array over existing storage, or over a plain array of numbers or of rows (which is copied; float32 unless `dtype`
 * says otherwise). Throws INVALID_SHAPE where shape and length disagree, INVALID_DTYPE, INVALID_ARGUMENT.
 */
export function ndarray(
  data: FloatData | readonly number[] | readonly (readonly number[])[],
  shape?: readonly number[],
  dtype: DType = 'float32',
): NdArray {
  if (isFloatData(data)) {
    const array = { data, shape: shape ?? [data.length] };
    checkArray(array, 'data');
    return { data, shape: [...array.shape] };
  }
  if (!Array.isArray(data)) throw invalidArgument('data', 'a Float32Array, a Float64Array or an array', data);
  checkDType(dtype);
  const rows = data as readonly (number | readonly number[])[];
  const nested = Array.isArray(rows[0]);
  const columns = nested ? (rows[0] as readonly number[]).length : 1;
  const out = allocate(dtype, rows.length * columns);
  for (const [i, row] of rows.entries()) {
    if (Array.isArray(row) !== nested || (nested && (row as readonly number[]).length !== columns)) {
      throw new RidgeflowError(
        'INVALID_SHAPE',
        `Expected ${nested ? `${columns} values` : 'a number'} in row ${i} of data but received ${describe(row)}`,
        { details: { row: i } },
      );
    }
    const values = nested ? (row as readonly number[]) : [row as number];
    const wrong = values.findIndex((value) => typeof value !== 'number');
    if (wrong >= 0)
      throw invalidArgument(nested ? `data[${i}][${wrong}]` : `data[${i}]`, 'a number', values[wrong]);
    out.set(values, i * columns);
  }
  const array = { data: out, shape: shape ?? (nested ? [rows.length, columns] : [rows.length]) };
  checkArray(array, 'data');
  return { data: out, shape: [...array.shape] };
}

/** Throws unless `array` is well formed: float storage, whole non-negative extents that multiply to its length. */
export function checkArray(array: NdArray, name: string): void {
  if (array === null || typeof array !== 'object' || !('data' in array) || !('shape' in array)) {
    throw invalidArgument(name, 'an array { data, shape }', array);
  }
  const { data, shape } = array;
  if (!isFloatData(data)) {
    throw new RidgeflowError(
      'INVALID_DTYPE',
      `Expected a Float32Array or a Float64Array for ${name}.data but received ${describe(data)}`,
      {
        details: { parameter: name },
      },
    );
  }
  if ((data.buffer as { resizable?: boolean }).resizable === true) {
    // A buffer that shrinks while a kernel reads it would take the process down.
    throw invalidArgument(`${name}.data`, 'storage that is not a resizable ArrayBuffer', data);
  }
  checkShape(shape, `${name}.shape`);
  if (elementCount(shape) !== data.length) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${elementCount(shape)} values for ${name} of shape [${shape.join(', ')}] but received ${data.length}`,
      { details: { parameter: name } },
    );
  }
}

/** Throws INVALID_SHAPE unless `shape` is an array of whole non-negative numbers. */
export function checkShape(shape: readonly number[], name: string): void {
  if (Array.isArray(shape) && shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0)) return;
  throw new RidgeflowError(
    'INVALID_SHAPE',
    `Expected whole non-negative numbers for ${name} but received ${describe(shape)}`,
    { details: { parameter: name } },
  );
}

/** Throws INVALID_DTYPE unless `dtype` names an element type. */
export function checkDType(dtype: DType): void {
  if (dtype === 'float32' || dtype === 'float64') return;
  throw new RidgeflowError(
    'INVALID_DTYPE',
    `Expected "float32" or "float64" for dtype but received ${describe(dtype)}`,
    { details: { parameter: 'dtype' } },
  );
}

/**
 * Throws unless `points` is a cloud: shape [n, d] with n ≥ `minimum` (EMPTY_CLOUD), d ≥ 1, d equal to `dimension`
 * where that is given (INVALID_SHAPE). Returns n and d. O(1): it does not look at the values.
 */
export function checkPoints(
  points: NdArray,
  name: string,
  { minimum = 1, dimension }: { minimum?: number; dimension?: number } = {},
): { n: number; d: number } {
  checkArray(points, name);
  const [n, d] = points.shape;
  if (points.shape.length !== 2 || d === 0) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected shape [n, d] with d ≥ 1 for ${name} but received [${points.shape.join(', ')}]`,
      {
        details: { parameter: name },
      },
    );
  }
  if (n < minimum) {
    throw new RidgeflowError(
      'EMPTY_CLOUD',
      `Expected at least ${minimum} point${minimum === 1 ? '' : 's'} for ${name} but received ${n}`,
      {
        details: { parameter: name, points: n },
      },
    );
  }
  if (dimension !== undefined && d !== dimension) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected points of dimension ${dimension} for ${name} but received ${d}`,
      {
        details: { parameter: name },
      },
    );
  }
  return { n, d };
}

/** Throws INVALID_DTYPE unless both arrays have the same element type. */
export function checkSameDtype(a: NdArray, aName: string, b: NdArray, bName: string): void {
  if (dtypeOf(a) !== dtypeOf(b)) {
    throw new RidgeflowError(
      'INVALID_DTYPE',
      `Expected the same dtype for ${aName} and ${bName} but received ${dtypeOf(a)} and ${dtypeOf(b)}`,
    );
  }
}

/** The array itself where it has that element type or none is asked for, else a converted copy. Throws INVALID_DTYPE. */
export function toDtype(array: NdArray, dtype: DType | undefined): NdArray {
  if (dtype === undefined || dtypeOf(array) === dtype) return array;
  checkDType(dtype);
  const data = allocate(dtype, array.data.length);
  data.set(array.data);
  return { data, shape: array.shape };
}
