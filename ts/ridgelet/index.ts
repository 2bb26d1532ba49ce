export {
  ACTIVATION_NAMES,
  type Activation,
  type ActivationCode,
  type ActivationName,
  type Complex,
  activation,
} from '../core/activation.js';
