import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { type DType, type NdArray, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { readCloud, readNpy, readNpz } from '../io/index.js';
import { fileError, readError } from '../io/errors.js';
import { hasPngSignature, readPng } from '../io/png.js';
import { refuseUnused } from './unused-options.js';

/** An image or a sinogram, with what its reader should know. */
export interface Picture {
  array: NdArray;
  notes: string[];
}

const extentsOf = ({ shape }: NdArray) => `shape [${shape.join(', ')}]`;

/** Reads an array of two dimensions from a .png, .npy or .npz file, told apart by their first bytes. */
export async function readPicture(
  path: string,
  { dtype, array: name, signal }: { dtype: DType; array?: string; signal: AbortSignal },
): Promise<Picture> {
  const start = await firstBytes(path);
  let picture: Picture;
  if (hasPngSignature(start)) {
    const { image, notes } = await readPng(path, { signal });
    picture = { array: image, notes };
  } else if (start.toString('latin1', 0, 2) === 'PK') {
    picture = { array: chooseArray(path, await readNpz(path, { signal }), name), notes: [] };
  } else if (start.toString('latin1', 1, 6) === 'NUMPY') {
    picture = { array: await readNpy(path, { signal }), notes: [] };
  } else {
    throw fileError('FILE_FORMAT', {
      file: path,
      problem: 'expected a .png, .npy or .npz file but its first bytes are those of another',
      remedy: 'Convert it to one of these',
    });
  }
  const isNamed = start.toString('latin1', 0, 2) === 'PK';
  if (!isNamed)
    refuseUnused({ array: name }, ['array'], `with ${path}: it names one of several arrays in a file`);
  const { array, notes } = picture;
  if (array.shape.length !== 2 || array.data.length === 0) {
    throw fileError('INVALID_SHAPE', {
      file: path,
      problem: `expected an array of two dimensions but received ${extentsOf(array)}`,
      remedy: 'Save one image, or one sinogram, as [rows, columns]',
    });
  }
  return { array: toDtype(array, dtype), notes: notes.map((note) => `${basename(path)}: ${note}`) };
}

async function firstBytes(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw readError(cause, path);
  }
}

function chooseArray(path: string, arrays: Record<string, NdArray>, name: string | undefined): NdArray {
  const names = Object.keys(arrays);
  const flat = names.filter((key) => arrays[key].shape.length === 2);
  const chosen = name ?? (flat.length === 1 ? flat[0] : undefined);
  if (chosen !== undefined && Object.hasOwn(arrays, chosen)) return arrays[chosen];
  throw fileError('FILE_FORMAT', {
    file: path,
    problem:
      name === undefined
        ? `expected one array of two dimensions but received ${flat.length}`
        : `expected an array named ${name} but received none`,
    remedy: `Name one with --array: ${names.join(', ')}`,
  });
}

/** Whether --angles is a number of them, not a file. */
export const isCount = (text: string): boolean => /^\d+$/.test(text);

/** The angles of a command, in radians: `count` at equal distances over `range` degrees, or a file's numbers in degrees. */
export async function readAngles(text: string, range: number, signal: AbortSignal): Promise<Float64Array> {
  if (isCount(text)) {
    const count = Number(text);
    if (count < 1 || count > 1e6) {
      throw new RidgeflowError('INVALID_ARGUMENT', `Expected 1 to 1000000 for --angles but received ${text}`);
    }
    return Float64Array.from({ length: count }, (_, a) => (a * range * Math.PI) / (180 * count));
  }
  const { points } = await readCloud(text, { dtype: 'float64', labelColumn: false, signal });
  if (points.shape[1] !== 1 && points.shape[0] !== 1) {
    throw fileError('INVALID_SHAPE', {
      file: text,
      problem: `expected one angle, in degrees, on each line but received ${points.shape[1]} numbers`,
    });
  }
  return Float64Array.from(points.data, (degrees) => (degrees * Math.PI) / 180);
}
