import { halfToNumber } from '../../io/elements.js';
import {
  ONNX_TYPES,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
  toNumber,
} from '../../io/onnx-model.js';

/** ONNX's numbers of the types of 16 bits. */
const HALVES = new Set([10, 16]);
const BFLOAT16 = 16;
/** Attributes that hold the number of a type. */
const TYPED = new Set(['to', 'dtype', 'output_dtype', 'stash_type']);

/**
 * Makes a model of 16-bit floats (float16, bfloat16) one of float32, in place: the weights are the same numbers, and what is
 * computed from them is rounded less. Runtimes lack most operators of these types on CPUs, and convert back and forth.
 */
export function widenHalves(model: OnnxModel): void {
  const graphs: OnnxGraph[] = [model.graph];
  const nodes = (list: readonly OnnxNode[]) => {
    for (const { attribute = [] } of list)
      for (const entry of attribute) graphs.push(...widenAttribute(entry));
  };
  for (const { node } of model.functions ?? []) nodes(node);
  // Not recursive: hostile models are nested as deep as they please.
  while (graphs.length > 0) {
    const graph = graphs.pop()!;
    nodes(graph.node);
    graph.initializer?.forEach(widenTensor);
    graph.sparseInitializer?.forEach(({ values }) => values && widenTensor(values));
    for (const info of [...graph.input, ...graph.output, ...(graph.valueInfo ?? [])]) widenType(info.type);
  }
}

/** Returns the graphs that it holds. */
function widenAttribute(attribute: OnnxAttribute): OnnxGraph[] {
  const { name, i, t, tensors, g, graphs = [] } = attribute;
  if (i !== undefined && i !== null && TYPED.has(name) && HALVES.has(toNumber(i)))
    attribute.i = ONNX_TYPES.float;
  if (t) widenTensor(t);
  tensors?.forEach(widenTensor);
  return g ? [...graphs, g] : graphs;
}

function widenType(type: OnnxValueInfo['type']): void {
  const tensors = [type?.tensorType, type?.sequenceType?.elemType?.tensorType];
  for (const tensor of tensors)
    if (tensor && HALVES.has(tensor.elemType ?? 0)) tensor.elemType = ONNX_TYPES.float;
}

function widenTensor(tensor: OnnxTensor): void {
  if (!HALVES.has(tensor.dataType)) return;
  const value = tensor.dataType === BFLOAT16 ? brainToNumber : halfToNumber;
  const { rawData, int32Data } = tensor;
  tensor.dataType = ONNX_TYPES.float;
  if (rawData && rawData.length > 0) {
    const halves = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
    const count = rawData.byteLength >> 1;
    const bytes = new DataView(new ArrayBuffer(4 * count));
    for (let k = 0; k < count; k++) bytes.setFloat32(4 * k, value(halves.getUint16(2 * k, true)), true);
    tensor.rawData = new Uint8Array(bytes.buffer);
  } else if (int32Data?.length) {
    tensor.floatData = int32Data.map((bits) => value(bits & 0xffff));
    tensor.int32Data = [];
  }
}

const BITS = new DataView(new ArrayBuffer(4));

/** The value of a bfloat16: the upper half of a float32. */
function brainToNumber(bits: number): number {
  BITS.setUint16(0, bits);
  BITS.setUint16(2, 0);
  return BITS.getFloat32(0);
}
