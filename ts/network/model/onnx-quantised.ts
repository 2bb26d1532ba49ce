import type { OnnxGraph, OnnxNode } from '../../io/onnx-model.js';

/** Where operators on quantised values have the scale and zero point of their result. */
const SCALES: readonly (readonly [kinds: RegExp, scale: number])[] = [
  [/^(?:QLinearConv|QLinearMatMul|QLinearAdd|QLinearMul)$/, 6],
  [/^QLinear(?:Sigmoid|LeakyRelu|AveragePool|GlobalAveragePool|Softmax|ReduceMean)$/, 3],
  [/^QLinearConcat$/, 0],
  [/^QGemm$/, 7],
  [/^QuantizeLinear$/, 1],
];

/** Operators whose result has the scale of their first input where that is quantised. */
const KEEPING =
  /^(?:MaxPool|Relu|Clip|Max|Min|Reshape|Flatten|Transpose|Squeeze|Unsqueeze|Identity|Pad|Slice|Split|Gather|Resize|DepthToSpace|SpaceToDepth)$/;
/** Products of integers, whose result is made a number by a Cast and a Mul. */
const INTEGER = /^(?:MatMulInteger|ConvInteger)$/;

/** How the quantised values of a graph are looked at. */
export interface Dequantisation {
  /** The value to take in the place of another, by name: the same in floating point. */
  readonly instead: ReadonlyMap<string, string>;
  /** Nodes to add to the graph for them, by the value that they make. */
  readonly nodes: ReadonlyMap<string, OnnxNode>;
  /** The operator that a value stands for, where it is another than the one that makes it. */
  readonly kinds: ReadonlyMap<string, string>;
  /** What a value is known by, where that is an output of the model. */
  readonly names: ReadonlyMap<string, string>;
}

/**
 * Finds for the values of a quantised graph what they are in floating point, as the next layer sees them: a value that is
 * only quantised, by its DequantizeLinear; the results of operators on integers, by one that is added; those of integer
 * products, by the Mul that scales them.
 */
export function dequantisation(graph: OnnxGraph): Dequantisation {
  const consumers = new Map<string, OnnxNode[]>();
  for (const node of graph.node) {
    for (const name of new Set(node.input)) {
      const known = consumers.get(name);
      if (known) known.push(node);
      else consumers.set(name, [node]);
    }
  }
  const outputs = new Set(graph.output.map(({ name }) => name));
  const only = (name: string, kind: string) => {
    const [user, ...others] = consumers.get(name) ?? [];
    return user?.opType === kind && others.length === 0 && !outputs.has(name) ? user : undefined;
  };
  const backFrom = (name: string) =>
    consumers.get(name)?.find(({ opType }) => opType === 'DequantizeLinear')?.output[0];
  const scales = new Map<string, [scale: string, zero: string | undefined]>();
  const instead = new Map<string, string>();
  const nodes = new Map<string, OnnxNode>();
  const kinds = new Map<string, string>();
  for (const { opType, input, output } of graph.node) {
    const [name] = output;
    const at = SCALES.find(([kind]) => kind.test(opType))?.[1];
    const own =
      at !== undefined && input[at] ? ([input[at], input[at + 1] || undefined] as const) : undefined;
    const scale = own ?? (KEEPING.test(opType) ? scales.get(input[0]) : undefined);
    if (scale) {
      scales.set(name, [...scale]);
      const back = backFrom(name);
      if (back) {
        instead.set(name, back);
        continue;
      }
      const made = `${name}/dequantised`;
      instead.set(name, made);
      const given = [name, scale[0], ...(scale[1] ? [scale[1]] : [])];
      nodes.set(made, { opType: 'DequantizeLinear', input: given, output: [made] });
      continue;
    }
    if (INTEGER.test(opType)) {
      const cast = only(name, 'Cast');
      const product = cast && only(cast.output[0], 'Mul');
      if (product) kinds.set(product.output[0], opType);
      continue;
    }
    const quantised = only(name, 'QuantizeLinear')?.output[0];
    const back = quantised && backFrom(quantised);
    if (back) instead.set(name, back);
  }
  const names = new Map([...instead].filter(([, value]) => outputs.has(value)));
  return { instead, nodes, kinds, names };
}
