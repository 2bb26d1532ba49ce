import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import { ComposedLayers, type TrainedComposition } from './composition.js';
import { checkSequence } from './layer-tensors.js';
import { EncoderStack, type StackedDae } from './stack.js';
import { type TrainedDae, TwoLayerDae } from './trained-dae.js';

/** Trained autoencoders that files can hold. */
export type AnyTrainedDae = TrainedDae | TrainedComposition | StackedDae;

/** What files call them. */
export type DaeKind = 'dae' | 'composition' | 'stack';

/** Which of them it is. Throws INVALID_ARGUMENT for anything else. */
export function kindOf(dae: AnyTrainedDae): DaeKind {
  if (dae instanceof TwoLayerDae) return 'dae';
  if (dae instanceof ComposedLayers) return 'composition';
  if (dae instanceof EncoderStack) return 'stack';
  throw invalidArgument('dae', 'a trained autoencoder, a composition or a stack', dae);
}

/** Its layers; of a single autoencoder, itself. */
export function layersOf(dae: AnyTrainedDae): readonly TrainedDae[] {
  return 'layers' in dae ? dae.layers : [dae];
}

/** The autoencoder of these layers. Throws INVALID_SHAPE where they do not fit. */
export function assembleDae(kind: DaeKind, layers: readonly TrainedDae[]): AnyTrainedDae {
  checkSequence(layers, kind);
  if (kind === 'stack') return new EncoderStack(layers);
  if (kind === 'composition') return new ComposedLayers(layers);
  if (layers.length === 1) return layers[0];
  throw new RidgeflowError('INVALID_SHAPE', `Expected one layer but received ${layers.length}`);
}
