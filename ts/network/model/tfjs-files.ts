import { open, stat } from 'node:fs/promises';
import { damaged, fileError, readError, truncated } from '../../io/errors.js';
import { insideFolder } from '../../io/inside-folder.js';
import { readWhole } from '../../io/onnx-model.js';

/** One weight as model.json lists it. */
export interface WeightSpec {
  name: string;
  shape: number[];
  dtype: string;
  quantization?: { dtype: string };
}

/** A model of TensorFlow.js as its files hold it. */
export interface TfjsFiles {
  path: string;
  format: 'layers-model' | 'graph-model';
  topology: object;
  specs: WeightSpec[];
  weights: ArrayBuffer;
  signature?: object;
}

const BYTES: Record<string, number> = {
  float32: 4,
  int32: 4,
  complex64: 8,
  float16: 2,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

/**
 * Reads model.json and the weight files that it names, all of which have to be in its folder.
 *
 * @throws FILE_NOT_FOUND, FILE_FORMAT, FILE_TRUNCATED where the weight files hold less than the model lists.
 */
export async function readTfjsFiles(path: string): Promise<TfjsFiles> {
  const text = Buffer.from(await readWhole(path)).toString('utf8');
  const json = parse(path, text);
  const topology = json.modelTopology;
  if (!isObject(topology)) throw damaged(path, 'it has no modelTopology: it is no model of TensorFlow.js');
  const format =
    json.format === 'graph-model' || json.format === 'layers-model'
      ? json.format
      : Array.isArray(topology.node)
        ? 'graph-model'
        : 'layers-model';
  const manifest: unknown = json.weightsManifest ?? [];
  if (!Array.isArray(manifest)) throw damaged(path, 'its weightsManifest is no list');
  const specs: WeightSpec[] = [];
  const parts: string[] = [];
  for (const group of manifest as unknown[]) {
    if (!isObject(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights))
      throw damaged(path, 'its weightsManifest has a group without paths or weights');
    for (const weight of group.weights as unknown[]) specs.push(checkSpec(path, weight));
    for (const part of group.paths as unknown[])
      parts.push(await insideFolder(path, part, 'weightsManifest'));
  }
  const weights = await readParts(path, parts, specs);
  const signature = isObject(json.signature) ? json.signature : undefined;
  return { path, format, topology, specs, weights, signature };
}

function parse(path: string, text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, 'it is not valid JSON', cause);
  }
  if (!isObject(json)) throw damaged(path, 'it is no model of TensorFlow.js');
  return json;
}

/**
 * The bytes of the weight files, one after the other. Nothing is allocated on the word of model.json that the sizes of the
 * files contradict.
 */
async function readParts(
  path: string,
  parts: readonly string[],
  specs: readonly WeightSpec[],
): Promise<ArrayBuffer> {
  const sizes = await Promise.all(parts.map(sizeOf));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  checkLength(path, specs, total);
  const weights = new Uint8Array(storageOf(path, total));
  let at = 0;
  for (const [p, part] of parts.entries()) {
    try {
      const handle = await open(part, 'r');
      try {
        for (let end = at + sizes[p]; at < end;) {
          const { bytesRead } = await handle.read(weights, at, Math.min(end - at, 2 ** 30));
          if (bytesRead === 0) throw truncated(part, 'weights', sizes[p], sizes[p] - (end - at));
          at += bytesRead;
        }
      } finally {
        await handle.close();
      }
    } catch (cause) {
      throw readError(cause, part);
    }
  }
  return weights.buffer;
}

function storageOf(path: string, bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw fileError('OUT_OF_MEMORY', {
      file: path,
      problem: `no memory for ${bytes} bytes of weights`,
      cause,
    });
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (cause) {
    throw readError(cause, file);
  }
}

function checkSpec(path: string, weight: unknown): WeightSpec {
  const valid =
    isObject(weight) &&
    typeof weight.name === 'string' &&
    typeof weight.dtype === 'string' &&
    Array.isArray(weight.shape) &&
    weight.shape.every((extent) => Number.isSafeInteger(extent) && (extent as number) >= 0);
  if (!valid) throw damaged(path, 'its weightsManifest lists a weight without a name, shape or dtype');
  return weight as unknown as WeightSpec;
}

function checkLength(path: string, specs: readonly WeightSpec[], actual: number): void {
  let expected = 0;
  for (const { name, shape, dtype, quantization } of specs) {
    // Texts carry their lengths themselves.
    if (dtype === 'string') return;
    const kind = quantization?.dtype ?? dtype;
    if (!Object.hasOwn(BYTES, kind)) {
      throw fileError('UNSUPPORTED', {
        file: path,
        problem: `the weight ${name} has elements of type ${kind}`,
        remedy: `Convert the model again with ${Object.keys(BYTES).join(', ')}`,
      });
    }
    expected += BYTES[kind] * shape.reduce((product, extent) => product * extent, 1);
  }
  if (actual < expected) throw truncated(path, 'weights', expected, actual);
  if (actual > expected)
    throw damaged(path, `its weight files hold ${actual} bytes but it lists weights of ${expected}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
