import { readFile } from 'node:fs/promises';
import type { RidgeflowError } from '../core/errors.js';
import { invalidArgument } from '../core/errors.js';
import { fileError, readError } from './errors.js';
import { onnxModelType } from './onnx-schema.js';
import { type WriteOptions, writeAtomic } from './write.js';

/** A whole number of 64 bits as it is read; {@link toNumber} makes a number of it. Numbers are taken where it is written. */
export type Int64 = number | { toNumber(): number };

/** ONNX's numbers of element types. */
export const ONNX_TYPES = { float: 1, int64: 7, bool: 9, double: 11 } as const;

/** ONNX's numbers of kinds of attributes. */
export const ONNX_ATTRIBUTES = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7 } as const;

export interface OnnxEntry {
  key: string;
  value: string;
}

export interface OnnxTensor {
  name?: string;
  dims: Int64[];
  dataType: number;
  /** Little-endian. */
  rawData?: Uint8Array;
  floatData?: number[];
  doubleData?: number[];
  int32Data?: number[];
  int64Data?: Int64[];
  externalData?: OnnxEntry[];
  dataLocation?: number;
}

export interface OnnxAttribute {
  name: string;
  type: number;
  f?: number;
  i?: Int64;
  s?: Uint8Array;
  t?: OnnxTensor;
  g?: OnnxGraph;
  tensors?: OnnxTensor[];
  graphs?: OnnxGraph[];
  floats?: number[];
  ints?: Int64[];
}

export interface OnnxNode {
  input: string[];
  output: string[];
  name?: string;
  opType: string;
  domain?: string;
  attribute?: OnnxAttribute[];
  metadataProps?: OnnxEntry[];
}

export interface OnnxValueInfo {
  name: string;
  type?: OnnxType;
}

export interface OnnxType {
  tensorType?: {
    elemType?: number;
    shape?: { dim: { dimValue?: Int64; dimParam?: string }[] };
  };
  sequenceType?: { elemType?: OnnxType };
}

export interface OnnxGraph {
  name?: string;
  node: OnnxNode[];
  initializer?: OnnxTensor[];
  input: OnnxValueInfo[];
  output: OnnxValueInfo[];
  valueInfo?: OnnxValueInfo[];
  sparseInitializer?: { values?: OnnxTensor }[];
}

/** An ONNX model, as far as its fields are used here; those that are not are kept when it is written again. */
export interface OnnxModel {
  irVersion: Int64;
  producerName?: string;
  producerVersion?: string;
  opsetImport: { domain?: string; version: Int64 }[];
  graph: OnnxGraph;
  functions?: { name: string; domain?: string; node: OnnxNode[] }[];
  metadataProps?: OnnxEntry[];
}

/** A whole number that was read. */
export function toNumber(value: Int64): number {
  return typeof value === 'number' ? value : value.toNumber();
}

/** The bytes of a model. */
export async function encodeOnnx(model: OnnxModel): Promise<Uint8Array> {
  const type = await onnxModelType();
  return type.encode(model).finish();
}

/** The model that these bytes are. Throws FILE_FORMAT, naming `file`, where they are not. */
export async function decodeOnnx(bytes: Uint8Array, file = 'the model'): Promise<OnnxModel> {
  const type = await onnxModelType();
  let model: OnnxModel | undefined;
  try {
    model = type.decode(bytes) as unknown as OnnxModel;
  } catch (cause) {
    throw notOnnx(file, cause);
  }
  if (!model.graph || model.opsetImport.length === 0) throw notOnnx(file);
  return model;
}

function notOnnx(file: string, cause?: unknown): RidgeflowError {
  return fileError('FILE_FORMAT', {
    file,
    problem: 'it is not an ONNX model, or it is damaged',
    remedy: 'Export the model again',
    cause,
  });
}

/** Reads an .onnx file. Throws FILE_NOT_FOUND, FILE_FORMAT. */
export async function readOnnx(path: string): Promise<OnnxModel> {
  if (typeof path !== 'string' || path === '') throw invalidArgument('path', 'the path of a file', path);
  return decodeOnnx(await readWhole(path), path);
}

/** Writes an .onnx file, atomically. Throws FILE_WRITE, ABORTED. */
export async function writeOnnx(path: string, model: OnnxModel, options: WriteOptions = {}): Promise<void> {
  const bytes = await encodeOnnx(model);
  await writeAtomic(path, (append) => append(bytes), options);
}

/** The bytes of a file. Throws FILE_NOT_FOUND. */
export async function readWhole(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw readError(cause, path);
  }
}

/** A float32 tensor. */
export function floatTensor(name: string, dims: readonly number[], values: ArrayLike<number>): OnnxTensor {
  const data = Float32Array.from(values);
  const bytes = new DataView(new ArrayBuffer(4 * data.length));
  data.forEach((value, i) => bytes.setFloat32(4 * i, value, true));
  return { name, dims: [...dims], dataType: ONNX_TYPES.float, rawData: new Uint8Array(bytes.buffer) };
}

/** The values of a float32 tensor, or undefined where it is something else, or not in the file. */
export function floatValues(tensor: OnnxTensor): Float32Array | undefined {
  const { dims, dataType, rawData, floatData, dataLocation } = tensor;
  const count = dims.reduce((product: number, extent) => product * toNumber(extent), 1);
  if (dataType !== ONNX_TYPES.float || dataLocation === 1) return undefined;
  if (rawData?.length === 4 * count && count > 0) {
    const bytes = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
    return Float32Array.from({ length: count }, (_, i) => bytes.getFloat32(4 * i, true));
  }
  return floatData?.length === count ? Float32Array.from(floatData) : undefined;
}

/** A float32 input or output whose named extents are left open. */
export function floatValueInfo(name: string, shape: readonly (number | string)[]): OnnxValueInfo {
  const dim = shape.map((extent) =>
    typeof extent === 'number' ? { dimValue: extent } : { dimParam: extent },
  );
  return { name, type: { tensorType: { elemType: ONNX_TYPES.float, shape: { dim } } } };
}
