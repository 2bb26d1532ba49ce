import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';

type Layer = LayersModel['layers'][number];
type Node = Layer['inboundNodes'][number];

/** What a layer gives in one of its uses. */
export class LayerValue {
  /** The step that makes it; undefined for an input. */
  step?: LayerStep;
}

/** One use of a layer, after those it needs. */
export interface LayerStep {
  readonly layer: Layer;
  readonly callArgs: Node['callArgs'];
  readonly inputs: readonly LayerValue[];
  readonly outputs: readonly LayerValue[];
  /** The path of the layer, through the models around it: `encoder/dense`. */
  readonly name: string;
}

/** The steps of a model, with those of the models within it in their place. `inputs` are the values of its inputs. */
export function stepsOf(model: LayersModel, inputs: readonly LayerValue[], prefix = ''): LayerStep[] {
  return unfold(model, inputs, prefix).steps;
}

function unfold(
  model: LayersModel,
  given: readonly LayerValue[],
  prefix: string,
): { steps: LayerStep[]; outputs: LayerValue[] } {
  const values = new Map<number, LayerValue>(model.inputs.map(({ id }, i) => [id, given[i]]));
  const steps: LayerStep[] = [];
  for (const node of nodesOf(model)) {
    const { outboundLayer: layer, inputTensors, outputTensors, callArgs } = node;
    if (outputTensors.every(({ id }) => values.has(id))) continue;
    const inputs = inputTensors.map(({ id }) => values.get(id)!);
    const name = prefix + layer.name;
    if (isModel(layer) && inputs.length === layer.inputs.length) {
      const inner = unfold(layer, inputs, `${name}/`);
      steps.push(...inner.steps);
      outputTensors.forEach(({ id }, i) => values.set(id, inner.outputs[i]));
      continue;
    }
    const outputs = outputTensors.map(() => new LayerValue());
    const step: LayerStep = { layer, callArgs, inputs, outputs, name };
    for (const output of outputs) output.step = step;
    outputTensors.forEach(({ id }, i) => values.set(id, outputs[i]));
    steps.push(step);
  }
  return { steps, outputs: model.outputs.map(({ id }) => values.get(id)!) };
}

function isModel(layer: Layer | LayersModel): layer is LayersModel {
  return 'layers' in layer && 'inputs' in layer && Array.isArray(layer.layers) && Array.isArray(layer.inputs);
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
