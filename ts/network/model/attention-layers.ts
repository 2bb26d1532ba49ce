import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';
import type { LeftOutLayer, NetworkModel } from './model.js';
import { ValueGraph } from './value-graph.js';

/** Where a model weighs positions by attention. */
export interface AttentionLayer {
  /** The layer that gives the weights: the softmax. */
  readonly name: string;
  /** Where it is in the model by the exporter's words, as `/encoder/layer.3/attention/self`; else the name. */
  readonly path: string;
}

/** What {@link attentionLayers} finds. */
export interface AttentionLayers {
  readonly layers: readonly AttentionLayer[];
  /** Attention in one operator, whose weights cannot be seen. */
  readonly fused: readonly LeftOutLayer[];
}

/** What may be a softmax; of layers of Keras that have an activation the graph does not say which. */
const SOFTMAX = /softmax|^Activation$/i;
const PRODUCT = /^(?:(?:Fused|Batch)?MatMul(?:V\d)?|Einsum|Dot|BatchDot)$/;
const FUSED =
  /^(?:Q|Packed)?(?:MultiHead|GroupQuery|DecoderMasked(?:MultiHead|Self)|Longformer|Paged)?Attention$/;
/** Values that are looked through on the way to a product: masks, scales and how the heads are arranged take a few. */
const LOOKED = 48;

/**
 * The attention in a model's graph: every softmax between two products of values that are both computed from the examples, as
 * softmax(QKᵀ)V is, whatever scales, masks and rearrangements lie between. Heads are found when they are run
 * (`analyseAttention`). Empty where the graph is not known. O(values).
 */
export function attentionLayers(model: NetworkModel): AttentionLayers {
  checkCall(SIGNATURES.attentionLayers, { model });
  const graph = new ValueGraph(model.values ?? []);
  const shown = new Set(model.layers.map(({ name }) => name));
  const found = graph.values.filter(
    ({ name, kind }, value) => SOFTMAX.test(kind) && shown.has(name) && weighs(graph, value),
  );
  const paths = found.map(({ path }) => moduleOf(path));
  const once = (path: string) => path !== '' && paths.filter((other) => other === path).length === 1;
  return {
    layers: found.map(({ name }, i) => ({ name, path: once(paths[i]) ? paths[i] : name })),
    fused: model.layers
      .filter(({ kind }) => FUSED.test(kind))
      .map(({ name, kind }) => ({ name, kind, reason: 'computes attention in one operator' })),
  };
}

/** Whether scores are made of two values of the data, and what comes of them weighs another. */
function weighs(graph: ValueGraph, softmax: number): boolean {
  const isProduct = (value: number) =>
    PRODUCT.test(graph.values[value].kind) && graph.values[value].inputs.length > 1;
  const reaches = (next: (value: number) => readonly number[]) => {
    const met = new Set<number>([softmax]);
    const queue = [...next(softmax)];
    while (queue.length > 0 && met.size < LOOKED) {
      const value = queue.shift()!;
      if (met.has(value)) continue;
      met.add(value);
      if (isProduct(value)) return true;
      if (!graph.mixes(value)) queue.push(...next(value));
    }
    return false;
  };
  return reaches((value) => graph.inputs[value]) && reaches((value) => graph.followers[value]);
}

/** The module of `/encoder/attention/Softmax`, `/encoder/attention`; nothing of a name without one. */
function moduleOf(path: string): string {
  const parts = path.split('/');
  while (parts.length > 0 && /softmax/i.test(parts[parts.length - 1])) parts.pop();
  return parts.length < path.split('/').length ? parts.join('/') : '';
}
