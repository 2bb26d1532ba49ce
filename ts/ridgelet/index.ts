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
export type { AdmissibilityConstant } from './admissibility.js';
export type { RidgeUnits, RidgeletData } from './arguments.js';
export type { CustomActivation } from './custom-activation.js';
export {
  type DualRidgeletOptions,
  type RidgeCoefficients,
  dualRidgeletTransform,
  normalisedReconstruction,
} from './dual.js';
export { type GridGeometry, functionOnGrid } from './function-on-grid.js';
export { ridgeletTransformOfMeasure } from './of-measure.js';
export { RidgeletPair, type RidgeletPairOptions, ridgeletPair } from './pair.js';
export type { Profile } from './ridgelet.js';
export { type RidgeletTransformOptions, ridgeletTransform } from './transform.js';
export { type RidgeletSample, type SampleRidgeletOptions, sampleRidgelet } from './sampling.js';
export { type RidgeletAxis, type RidgeletGrid, unitsOfGrid } from './grid.js';
export {
  type RidgeletSpectrum,
  ridgeletTransformAlong,
  ridgeletTransformOnGrid,
  sampleSpectrum,
} from './spectrum.js';
