export {
  ACTIVATION_NAMES,
  type Activation,
  type ActivationCode,
  type ActivationName,
  type Complex,
  activation,
} from '../core/activation.js';
export { type RidgeletDenoisingOptions, denoiseByRidgelets } from './denoise.js';
export { finiteRadonTransform, inverseFiniteRadonTransform } from './finite-radon.js';
export {
  type FiniteRidgeletOptions,
  type FiniteRidgelets,
  finiteRidgeletTransform,
  inverseFiniteRidgeletTransform,
} from './finite-ridgelet.js';
export type { Denoising, ThresholdOptions } from './threshold.js';
export { type WaveletDenoisingOptions, denoiseByWavelets } from './wavelet-denoise.js';
export type { WaveletName } from './wavelet.js';
