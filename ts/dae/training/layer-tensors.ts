import type { ActivationName } from '../../core/activation.js';
import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import { type ShallowNetwork, shallowNetwork } from '../../network/shallow-network.js';
import { historyArray, historyOf } from './history.js';
import { type EpochLoss, REASONS, type TrainedDae, TwoLayerDae } from './trained-dae.js';

/** What a file says of a layer beside its tensors. */
export interface LayerFacts {
  activation: string;
  residual: boolean;
  reason: TrainedDae['reason'];
  regression?: TrainedDae['regression'];
}

/** Layers as files hold them: `layers.<l>.A`, `.b`, `.C`, `.c` and the loss curve `.history` of each. */
export function tensorsOf(layers: readonly TrainedDae[]): Record<string, NdArray> {
  const tensors: Record<string, NdArray> = {};
  for (const [l, { network, history }] of layers.entries()) {
    const { A, b, C, bias: c } = network;
    for (const [name, array] of Object.entries({ A, b, C, c })) tensors[`layers.${l}.${name}`] = array;
    tensors[`layers.${l}.history`] = historyArray(history);
  }
  return tensors;
}

/** What a file says of these layers. */
export function factsOf(layers: readonly TrainedDae[]): LayerFacts[] {
  return layers.map(({ network, residual, reason, regression }) => ({
    activation: network.activation.name,
    residual,
    reason,
    regression,
  }));
}

/** The layers of these tensors. Throws where they are not what {@link tensorsOf} makes. */
export function layersFrom(
  tensors: ReadonlyMap<string, NdArray>,
  facts: readonly LayerFacts[],
): TrainedDae[] {
  return facts.map((layer, l) => {
    const [A, b, C, bias, history] = ['A', 'b', 'C', 'c', 'history'].map((name) =>
      tensors.get(`layers.${l}.${name}`)!,
    );
    const network = shallowNetwork({ activation: layer.activation as ActivationName, A, b, C, bias });
    return layerFrom(network, layer, historyOf(history));
  });
}

/** A layer of what a file says of it. Throws where that makes no sense. */
export function layerFrom(
  network: ShallowNetwork,
  { residual, reason, regression }: LayerFacts,
  history: readonly EpochLoss[],
): TrainedDae {
  const sound =
    network.inputs === network.outputs && typeof residual === 'boolean' && REASONS.includes(reason);
  if (!sound)
    throw new RidgeflowError('INVALID_SHAPE', 'What the file says of a layer does not fit its weights');
  return new TwoLayerDae(network, {
    residual,
    reason,
    regression: regression && { ridge: Number(regression.ridge), copies: Number(regression.copies) },
    history,
  });
}

/** Throws INVALID_SHAPE where layers do not follow one another as those of this kind do. */
export function checkSequence(layers: readonly TrainedDae[], kind: string): void {
  if (layers.length === 0 || !['dae', 'composition', 'stack'].includes(kind)) throw mismatch(0);
  for (const [l, layer] of layers.entries()) {
    const below = layers[l - 1]?.network;
    const inputs = kind === 'stack' ? below?.width : below?.inputs;
    if (inputs !== undefined && layer.dimension !== inputs) throw mismatch(l);
    if (kind === 'stack' && layer.residual) throw mismatch(l);
  }
}

function mismatch(layer: number): RidgeflowError {
  return new RidgeflowError('INVALID_SHAPE', `Layer ${layer} does not fit the one before it`);
}
