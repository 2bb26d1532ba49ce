import type { Tensor } from 'onnxruntime-node';
import type { NdArray } from '../../core/array.js';
import { fileError } from '../../io/errors.js';
import { type OnnxGraph, type OnnxValueInfo, toNumber } from '../../io/onnx-model.js';
import { isFloat32Array } from '../../core/realm.js';
import type { InputType, ModelInput } from './model.js';

type TensorClass = (typeof import('onnxruntime-node'))['Tensor'];

/** ONNX's numbers of the element types that inputs can have. */
const TYPES: Readonly<Record<number, InputType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
};

interface Declared {
  name: string;
  type: InputType;
  extents: readonly (number | null)[] | undefined;
  names: readonly (string | null)[];
}

/**
 * The inputs of a graph that have no value in the file. The examples lie along the first axis of the first input that has
 * axes, and in the others along the axis of the same name, or else the first where that is as open.
 *
 * @throws UNSUPPORTED for an input that is no tensor of numbers.
 */
export function onnxInputs(file: string, graph: OnnxGraph): ModelInput[] {
  const constants = new Set(graph.initializer?.map(({ name }) => name));
  const all = graph.input.filter(({ name }) => !constants.has(name)).map((info) => declared(file, info));
  const main = all.find(({ extents }) => extents === undefined || extents.length > 0);
  const batch = main?.extents?.[0] ?? null;
  const batchName = main?.names[0] ?? null;
  return all.map((entry): ModelInput => {
    const { name, type, extents, names } = entry;
    const axis = entry === main ? 0 : batchAxis(entry, batch, batchName);
    const drop = <Item>(list: readonly Item[]) => list.filter((_, i) => i !== axis);
    return {
      name,
      type,
      axis,
      shape: extents && drop(extents),
      batch: axis === null ? null : (extents?.[axis] ?? null),
      extentNames: drop(names),
    };
  });
}

function batchAxis({ extents, names }: Declared, batch: number | null, name: string | null): number | null {
  if (extents === undefined) return 0;
  const named = name === null ? -1 : names.indexOf(name);
  if (named >= 0) return named;
  if (batch !== null) return extents[0] === batch ? 0 : null;
  const open = extents.indexOf(null);
  return open < 0 ? null : open;
}

function declared(file: string, { name, type }: OnnxValueInfo): Declared {
  const tensor = type?.tensorType;
  const known = TYPES[tensor?.elemType ?? 1];
  if (!known || (type && !tensor)) {
    throw fileError('UNSUPPORTED', {
      file,
      problem: `its input ${name} is no tensor of numbers${tensor ? ` (ONNX type ${tensor.elemType})` : ''}`,
      remedy: 'Export the model with inputs of float32 or integers',
    });
  }
  const dims = tensor?.shape?.dim;
  const extents = dims?.map(({ dimValue }) => {
    const extent = dimValue === undefined || dimValue === null ? 0 : toNumber(dimValue);
    return extent > 0 ? extent : null;
  });
  return { name, type: known, extents, names: dims?.map(({ dimParam }) => dimParam || null) ?? [] };
}

/** The values as the runtime takes them. */
export function onnxTensor(Tensor: TensorClass, type: InputType, { data, shape }: NdArray): Tensor {
  const dims = [...shape];
  switch (type) {
    case 'int64':
      return new Tensor(
        type,
        BigInt64Array.from(data, (value: number) => BigInt(value)),
        dims,
      );
    case 'uint64':
      return new Tensor(
        type,
        BigUint64Array.from(data, (value: number) => BigInt(value)),
        dims,
      );
    case 'int32':
      return new Tensor(type, Int32Array.from(data), dims);
    case 'uint32':
      return new Tensor(type, Uint32Array.from(data), dims);
    case 'int16':
      return new Tensor(type, Int16Array.from(data), dims);
    case 'uint16':
      return new Tensor(type, Uint16Array.from(data), dims);
    case 'int8':
      return new Tensor(type, Int8Array.from(data), dims);
    case 'uint8':
      return new Tensor(type, Uint8Array.from(data), dims);
    case 'bool':
      return new Tensor(
        type,
        Uint8Array.from(data, (value) => Number(value !== 0)),
        dims,
      );
    case 'float64':
      return new Tensor(type, Float64Array.from(data), dims);
    default:
      return new Tensor('float32', isFloat32Array(data) ? data : Float32Array.from(data), dims);
  }
}
