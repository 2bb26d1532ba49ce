import { open } from 'node:fs/promises';
import { type DType, elementCount } from '../../core/array.js';
import { throwIfAborted } from '../../core/options.js';
import { type ElementType, type Elements, decodeElements, elementBytes } from '../elements.js';
import { readError, truncated } from '../errors.js';

/**
 * The rows of an array that a file holds column by column, the first index fastest, from byte `start` on. A lot costs one
 * read a column. Throws FILE_NOT_FOUND, FILE_TRUNCATED, ABORTED.
 */
export async function columnsOfRows(
  path: string,
  start: number,
  { type, littleEndian, shape }: { type: ElementType; littleEndian: boolean; shape: readonly number[] },
  { dtype, signal }: { dtype: DType; signal?: AbortSignal },
): Promise<{ take: (count: number, first: number) => Promise<Elements>; close: () => Promise<void> }> {
  const handle = await open(path).catch((cause: unknown) => {
    throw readError(cause, path);
  });
  const size = elementBytes(type);
  const [n, ...extents] = shape;
  const width = elementCount(extents);
  const places = columnPlaces(extents);
  const take = async (count: number, first: number): Promise<Elements> => {
    const rows = new Uint8Array(count * width * size);
    const column = new Uint8Array(count * size);
    for (let k = 0; k < width; k++) {
      throwIfAborted(signal);
      const at = start + (places[k] * n + first) * size;
      const { bytesRead } = await handle.read(column, 0, column.length, at);
      if (bytesRead < column.length) throw truncated(path, 'array data', at + column.length, at + bytesRead);
      for (let row = 0; row < count; row++)
        for (let byte = 0; byte < size; byte++)
          rows[(row * width + k) * size + byte] = column[row * size + byte];
    }
    return decodeElements(rows.buffer, type, { littleEndian, dtype, file: path, signal });
  };
  return { take, close: () => handle.close() };
}

/** Where in the file, counted in columns, each element of a row is. */
function columnPlaces(extents: readonly number[]): number[] {
  const strides = extents.map((_, axis) => elementCount(extents.slice(0, axis)));
  return Array.from({ length: elementCount(extents) }, (_, k) => {
    let [rest, at] = [k, 0];
    for (let axis = extents.length - 1; axis >= 0; axis--) {
      at += (rest % extents[axis]) * strides[axis];
      rest = Math.floor(rest / extents[axis]);
    }
    return at;
  });
}
