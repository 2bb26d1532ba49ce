import { type OnnxGraph, type OnnxNode, type OnnxTensor, toNumber } from '../../io/onnx-model.js';

/** Operators that give images and sequences with their channels after the batch. */
const MAPS =
  /^(?:Conv|ConvTranspose|ConvInteger|QLinearConv|BatchNormalization|InstanceNormalization|GroupNormalization|LRN|DepthToSpace|SpaceToDepth|(?:Global)?(?:Average|Max|Lp)Pool)$/;
/** Operators whose channels are last. */
const LAST =
  /^(?:MatMul|Gemm|LayerNormalization|SimplifiedLayerNormalization|Attention|MultiHeadAttention|Flatten)$/;
/** Operators that may put their values anywhere. */
const LOST = /^(?:Gather|GatherND|GatherElements|ScatterND|Shape|Einsum|LSTM|GRU|RNN|TopK|Tile|Expand)$/;
const REDUCES = /^(?:Reduce|Arg)/;

/**
 * The axis of the channels in the values of a graph, the batch counted; -1 for the last. Followed from the convolutions and
 * products through transposes; back to what convolutions are given. Values that nothing is known of are left out.
 */
export function channelAxes(graph: OnnxGraph): ReadonlyMap<string, number> {
  const constants = new Map<string, OnnxTensor>();
  for (const tensor of graph.initializer ?? []) constants.set(tensor.name ?? '', tensor);
  for (const { opType, output, attribute } of graph.node) {
    const tensor = opType === 'Constant' ? attribute?.find(({ name }) => name === 'value')?.t : undefined;
    if (tensor) constants.set(output[0], tensor);
  }
  const axes = new Map<string, number>();
  // Back first: what a convolution takes has its channels there as well, before anything says otherwise.
  for (let i = graph.node.length - 1; i >= 0; i--) {
    const { opType, input, output } = graph.node[i];
    const axis = MAPS.test(opType) ? 1 : keeps(opType) ? axes.get(output[0]) : undefined;
    const givers = MAPS.test(opType) ? input.slice(0, 1) : input;
    if (axis !== undefined) for (const name of givers) if (!constants.has(name)) axes.set(name, axis);
  }
  for (const node of graph.node) {
    const known = node.input.filter((name) => !constants.has(name)).map((name) => axes.get(name));
    const from = known.find((axis) => axis !== undefined);
    const axis = axisAfter(node, from, constants);
    for (const name of node.output) {
      if (name === '') continue;
      if (axis !== undefined) axes.set(name, axis);
      else if (!keeps(node.opType)) axes.delete(name);
    }
  }
  return axes;
}

/** Whether values stay where they are. */
function keeps(opType: string): boolean {
  return ![MAPS, LAST, LOST, REDUCES, /^(?:Transpose|Reshape|Squeeze|Unsqueeze)$/].some((kind) =>
    kind.test(opType),
  );
}

function axisAfter(
  node: OnnxNode,
  from: number | undefined,
  constants: ReadonlyMap<string, OnnxTensor>,
): number | undefined {
  const { opType, input, attribute } = node;
  if (MAPS.test(opType)) return 1;
  if (LAST.test(opType)) return -1;
  if (from === undefined || LOST.test(opType)) return undefined;
  if (REDUCES.test(opType)) {
    const kept = attribute?.find(({ name }) => name === 'keepdims')?.i ?? 1;
    return toNumber(kept) === 1 ? from : undefined;
  }
  if (opType === 'Transpose') {
    const order = attribute?.find(({ name }) => name === 'perm')?.ints?.map(toNumber);
    const axis = order?.indexOf(from < 0 ? order.length + from : from) ?? -1;
    return axis < 0 ? undefined : axis;
  }
  if (opType !== 'Squeeze' && opType !== 'Unsqueeze') return from;
  const listed = attribute?.find(({ name }) => name === 'axes')?.ints?.map(toNumber);
  const moved = listed ?? integers(constants.get(input[1] ?? ''));
  if (!moved || from < 0 || moved.some((axis) => axis < 0)) return undefined;
  if (opType === 'Squeeze')
    return moved.includes(from) ? undefined : from - moved.filter((axis) => axis < from).length;
  return [...moved].sort((a, b) => a - b).reduce((axis, added) => (added <= axis ? axis + 1 : axis), from);
}

function integers(tensor: OnnxTensor | undefined): number[] | undefined {
  if (!tensor) return undefined;
  if (tensor.int64Data?.length) return tensor.int64Data.map(toNumber);
  const { rawData } = tensor;
  if (!rawData || rawData.byteLength % 8 !== 0) return undefined;
  const bytes = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Array.from({ length: rawData.byteLength / 8 }, (_, i) => Number(bytes.getBigInt64(8 * i, true)));
}
