import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type ModelLayer, computes } from './model.js';
import type { TfjsFiles } from './tfjs-files.js';
import type { TfjsProgram } from './tfjs-network.js';
import { walkBack } from './walk-back.js';

type Layer = LayersModel['layers'][number];
type Node = Layer['inboundNodes'][number];

/** Loads a LayersModel of TensorFlow.js. */
export async function loadLayersProgram(files: TfjsFiles): Promise<TfjsProgram> {
  const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
  const { topology, specs, weights } = files;
  const artifacts = { modelTopology: topology, weightSpecs: specs as never, weightData: weights };
  const model = await loadLayersModel({ load: () => Promise.resolve(artifacts) });
  const nodes = nodesOf(model);
  // By the names of their layers: those of symbols are made unique in the process.
  const inputs = model.inputs.map(({ sourceLayer: { name }, shape, dtype }) => ({ name, shape, dtype }));
  const symbols = new Map(model.inputs.map((input) => [input.sourceLayer.name, input]));
  const layers: ModelLayer[] = [];
  for (const { outboundLayer, outputTensors } of nodes) {
    const kind = outboundLayer.getClassName();
    if (!computes(kind) || outputTensors.length === 0) continue;
    let name = outboundLayer.name;
    for (let use = 2; symbols.has(name); use++) name = `${outboundLayer.name} (${use})`;
    symbols.set(name, outputTensors[0]);
    const first = outboundLayer.getConfig().dataFormat === 'channelsFirst';
    layers.push({ name, kind, ...(first ? { channelAxis: 1 } : {}) });
  }
  return {
    format: 'tfjs-layers',
    unit: 'layer',
    inputs,
    layers,
    compute(given, names) {
      const known = new Map(Array.from(given, ([name, x]) => [symbols.get(name)!.id, x]));
      const values = valuesFrom(nodes, known);
      return names.map((name) => values.get(symbols.get(name)!.id)!);
    },
    follows: (from, to) => follows(symbols.get(from)!, symbols.get(to)!),
    dispose: () => void model.dispose(),
  };
}

/** Follows the graph with some values given: all that can be computed, by the numbers of the symbols. */
function valuesFrom(nodes: readonly Node[], given: ReadonlyMap<number, Tensor>): Map<number, Tensor> {
  const values = new Map(given);
  for (const node of nodes) {
    if (node.outputTensors.some(({ id }) => values.has(id))) continue;
    const inputs = node.inputTensors.map(({ id }) => values.get(id));
    if (inputs.length === 0 || inputs.some((input) => input === undefined)) continue;
    const ready = inputs as Tensor[];
    const out = node.outboundLayer.apply(ready.length === 1 ? ready[0] : ready, node.callArgs);
    const tensors = (Array.isArray(out) ? out : [out]) as Tensor[];
    node.outputTensors.forEach(({ id }, i) => values.set(id, tensors[i]));
  }
  return values;
}

/** The nodes of a model's graph, each after those it needs. */
function nodesOf(model: LayersModel): Node[] {
  const seen = new Set<Node>();
  const ordered: Node[] = [];
  // Not recursive: hostile or deep models would exhaust the stack.
  const stack = [...model.outputs].reverse().map((tensor) => ({ node: nodeOf(tensor), entered: false }));
  while (stack.length > 0) {
    const { node, entered } = stack.pop()!;
    if (entered) {
      ordered.push(node);
      continue;
    }
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push({ node, entered: true });
    for (const tensor of [...node.inputTensors].reverse())
      stack.push({ node: nodeOf(tensor), entered: false });
  }
  return ordered;
}

const nodeOf = ({ sourceLayer, nodeIndex }: SymbolicTensor): Node => sourceLayer.inboundNodes[nodeIndex];

/** Whether `last` follows from `first` alone. */
function follows(first: SymbolicTensor, last: SymbolicTensor): boolean {
  const met = walkBack(last, first, (tensor) => {
    const { inputTensors } = nodeOf(tensor);
    return inputTensors.length === 0 ? undefined : inputTensors;
  });
  return met?.has(first) ?? false;
}
