import type { OnnxGraph, OnnxModel, OnnxNode } from '../../io/onnx-model.js';
import { type LeftOutLayer, type ModelInput, type ModelLayer, type ModelValue, computes } from './model.js';
import { channelAxes } from './onnx-channels.js';
import { nodePath } from './onnx-paths.js';
import { type Dequantisation, dequantisation } from './onnx-quantised.js';

/** What hands quantised values on, or makes them of others and back; integer products stand in the Mul that scales them. */
const QUANTISING = /^(?:QuantizeLinear|DequantizeLinear|DynamicQuantizeLinear|MatMulInteger|ConvInteger)$/;
/** What says how large something is, and what it is not. */
const SIZES = /^(?:Shape|Size|ConstantOfShape|Range)$/;
/** What gives no tensor. */
const NO_TENSOR = /^(?:Sequence\w+|SplitToSequence|Optional\w*|DictVectorizer|CastMap)$/;
/** Makes dictionaries of the probabilities that are its input. */
const ZIP_MAP = 'ZipMap';
/** Classifiers of ai.onnx.ml: labels first, then the scores. */
const CLASSIFIER = /Classifier$/;
const MASK = /mask/i;

/** The layers of a graph, and how to get them. */
export interface OnnxLayers {
  readonly layers: readonly ModelLayer[];
  readonly leftOut: readonly LeftOutLayer[];
  readonly quantised: Dequantisation;
  readonly values: readonly ModelValue[];
}

/**
 * The values that are computed from the inputs' values, in the file's order, which is that of computation. What is computed
 * from their sizes alone, or from a mask alone, is none.
 */
export function onnxLayers(model: OnnxModel, inputs: readonly ModelInput[]): OnnxLayers {
  const { graph } = model;
  const quantised = dequantisation(graph);
  const axes = channelAxes(graph);
  const data = inputs.filter(({ name, type }) => !(MASK.test(name) && inputs.length > 1 && type !== 'uint8'));
  const fed = new Set(data.map(({ name }) => name));
  const functions = new Map(model.functions?.map((made) => [`${made.domain ?? ''}:${made.name}`, made]));
  const layers: ModelLayer[] = [];
  const leftOut: LeftOutLayer[] = [];
  const seen = new Set<string>();
  const called = (name: string) => quantised.names.get(name) ?? name;
  const values: ModelValue[] = data.map(({ name }) => ({ name, kind: 'Input', path: name, inputs: [] }));
  for (const node of graph.node) {
    const { opType, input, output, domain = '' } = node;
    if (!input.some((name) => fed.has(name)) && !refersTo(node, fed)) continue;
    if (SIZES.test(opType)) continue;
    const given = opType === 'DynamicQuantizeLinear' ? output.slice(0, 1) : output;
    const from = [...new Set(input.filter((name) => fed.has(name)).map(called))];
    for (const name of given) {
      if (name === '' || fed.has(name)) continue;
      values.push({ name: called(name), kind: opType, path: nodePath(node) ?? called(name), inputs: from });
    }
    for (const name of given) if (name !== '') fed.add(name);
    // A recurrent layer may give its last state alone: its first output has no name then.
    const name = output.find((value, at) => value !== '' && (at > 0 || !CLASSIFIER.test(opType)));
    if (!name || seen.has(name)) continue;
    seen.add(name);
    const within = bodies(node);
    const made = functions.get(`${domain}:${opType}`);
    for (const { reason, nodes } of [
      ...within.map((body) => ({ reason: `is inside the ${opType} ${node.name || name}`, nodes: body.node })),
      ...(made ? [{ reason: `is inside the function ${opType}`, nodes: made.node }] : []),
    ])
      leftOut.push(...computing(nodes, name, reason));
    if (NO_TENSOR.test(opType)) {
      leftOut.push({ name, kind: opType, reason: 'gives a list, not a tensor' });
      continue;
    }
    if (opType === ZIP_MAP || QUANTISING.test(opType) || !computes(opType)) continue;
    const channelAxis = axes.get(name);
    const kind = quantised.kinds.get(name) ?? opType;
    layers.push({
      name: called(name),
      kind,
      ...(channelAxis === undefined ? {} : { channelAxis }),
    });
  }
  return { layers, leftOut, quantised, values };
}

/** The graphs within a node. */
function bodies({ attribute = [] }: OnnxNode): OnnxGraph[] {
  return attribute.flatMap(({ g, graphs = [] }) => (g ? [g, ...graphs] : graphs));
}

/** Whether a graph within the node takes one of these values from around it. */
function refersTo(node: OnnxNode, names: ReadonlySet<string>): boolean {
  const stack = bodies(node);
  while (stack.length > 0) {
    for (const inner of stack.pop()!.node) {
      if (inner.input.some((name) => names.has(name))) return true;
      stack.push(...bodies(inner));
    }
  }
  return false;
}

function computing(nodes: readonly OnnxNode[], around: string, reason: string): LeftOutLayer[] {
  const found: LeftOutLayer[] = [];
  const stack = [...nodes].reverse();
  while (stack.length > 0) {
    const node = stack.pop()!;
    const inner = bodies(node).flatMap((body) => body.node);
    stack.push(...inner.reverse());
    if (!computes(node.opType) || SIZES.test(node.opType)) continue;
    found.push({ name: `${around}/${node.output[0] ?? ''}`, kind: node.opType, reason });
  }
  return found;
}
