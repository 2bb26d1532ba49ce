import { invalidArgument } from './errors.js';
import { normalDensity, normalTail } from './normal-law.js';

/** A complex number. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** The activation functions that every subject knows by name; orders of the Gaussian's derivatives go up to 8. */
export type ActivationName =
  | 'relu'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'step'
  | 'gaussian'
  | `gaussian-derivative-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`
  | 'cosine'
  | 'gelu';

/** How the kernels know an activation: a number, and the order of a Gaussian's derivative (0 for the others). */
export interface ActivationCode {
  readonly code: number;
  readonly order: number;
}

/** The numbers of {@link ActivationCode}, as native/ridgelet/nonlinearity.hpp has them. */
export const ACTIVATION_CODES = {
  relu: 1,
  tanh: 2,
  sigmoid: 3,
  softplus: 4,
  step: 5,
  gaussian: 6,
  cosine: 7,
  gelu: 8,
} as const;

/**
 * An activation function η: ℝ → ℝ as data. Its Fourier transform η̂(ζ) = ∫ η(z) e^{−iζz} dz is in general a distribution:
 * a function away from ζ = 0 (`transform`) and atoms at single frequencies (`atoms`). What sits at ζ = 0 itself is left
 * out, since no admissible ridgelet sees it.
 */
export interface Activation {
  readonly name: ActivationName;
  /** η(z), to a few roundings for every finite z. */
  readonly value: (z: number) => number;
  /** η′(z), almost everywhere; at a kink or jump the value from the left. */
  readonly derivative: (z: number) => number;
  /** η̂(ζ) at ζ ≠ 0. */
  readonly transform: (frequency: number) => Complex;
  /** Point masses of η̂ away from 0: η̂ ∋ mass · δ(ζ − frequency). */
  readonly atoms: readonly { readonly frequency: number; readonly mass: Complex }[];
  /** `even`: η̂ is real and even away from 0; `odd`: imaginary and odd. */
  readonly parity: 'even' | 'odd';
  /** s with |η̂(ζ)| ∼ |ζ|^{−s} at 0; −Infinity where η̂ vanishes about 0. */
  readonly singularity: number;
  /** Name of the ONNX operator, where there is one. */
  readonly onnx?: 'Relu' | 'Tanh' | 'Sigmoid' | 'Softplus' | 'Cos';
  /** Name of the activation of a TensorFlow.js layer, where there is one. */
  readonly tfjs?: 'relu' | 'tanh' | 'sigmoid' | 'softplus' | 'gelu';
  readonly kernel: ActivationCode;
}

const real = (re: number): Complex => ({ re, im: 0 });
const imaginary = (im: number): Complex => ({ re: 0, im });
/** e^{−|z|}-forms: none of them overflows, none loses digits in a tail. */
const logistic = (z: number) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
const logisticSlope = (z: number) => {
  const e = Math.exp(-Math.abs(z));
  return e / (1 + e) ** 2;
};

/** z φ(z), 0 at both ends. */
const zDensity = (z: number) => (Math.abs(z) < 40 ? z * normalDensity(z) : 0);

/**
 * The k-th derivative of the standard normal density, (−1)^k He_k(z) φ(z), by the three-term recurrence. O(k).
 */
export function gaussianDerivative(z: number, order: number): number {
  let value = normalDensity(z);
  let before = 0;
  for (let k = 0; k < order; k++) [before, value] = [value, -z * value - k * before];
  return value === 0 ? 0 : value;
}

/** i^k · size. */
function phased(size: number, order: number): Complex {
  const sign = order % 4 < 2 ? 1 : -1;
  return order % 2 === 0 ? real(sign * size) : imaginary(sign * size);
}

function gaussianActivation(order: number): Activation {
  const name = order === 0 ? 'gaussian' : (`gaussian-derivative-${order}` as ActivationName);
  return {
    name,
    value: (z) => gaussianDerivative(z, order),
    derivative: (z) => gaussianDerivative(z, order + 1),
    transform: (frequency) => phased(frequency ** order * Math.exp((-frequency * frequency) / 2), order),
    atoms: [],
    parity: order % 2 === 0 ? 'even' : 'odd',
    singularity: -order,
    kernel: { code: ACTIVATION_CODES.gaussian, order },
  };
}

const ACTIVATIONS: readonly Activation[] = [
  {
    name: 'relu',
    value: (z) => (z > 0 ? z : 0),
    derivative: (z) => (z > 0 ? 1 : 0),
    transform: (frequency) => real(-1 / (frequency * frequency)),
    atoms: [],
    parity: 'even',
    singularity: 2,
    onnx: 'Relu',
    tfjs: 'relu',
    kernel: { code: ACTIVATION_CODES.relu, order: 0 },
  },
  {
    name: 'tanh',
    value: Math.tanh,
    derivative: (z) => 4 * logisticSlope(2 * z),
    transform: (frequency) => imaginary(-Math.PI / Math.sinh((Math.PI * frequency) / 2)),
    atoms: [],
    parity: 'odd',
    singularity: 1,
    onnx: 'Tanh',
    tfjs: 'tanh',
    kernel: { code: ACTIVATION_CODES.tanh, order: 0 },
  },
  {
    name: 'sigmoid',
    value: logistic,
    derivative: logisticSlope,
    transform: (frequency) => imaginary(-Math.PI / Math.sinh(Math.PI * frequency)),
    atoms: [],
    parity: 'odd',
    singularity: 1,
    onnx: 'Sigmoid',
    tfjs: 'sigmoid',
    kernel: { code: ACTIVATION_CODES.sigmoid, order: 0 },
  },
  {
    name: 'softplus',
    value: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
    derivative: logistic,
    transform: (frequency) => real(-Math.PI / (frequency * Math.sinh(Math.PI * frequency))),
    atoms: [],
    parity: 'even',
    singularity: 2,
    onnx: 'Softplus',
    tfjs: 'softplus',
    kernel: { code: ACTIVATION_CODES.softplus, order: 0 },
  },
  {
    name: 'step',
    value: (z) => (z > 0 ? 1 : 0),
    derivative: () => 0,
    transform: (frequency) => imaginary(-1 / frequency),
    atoms: [],
    parity: 'odd',
    singularity: 1,
    kernel: { code: ACTIVATION_CODES.step, order: 0 },
  },
  ...Array.from({ length: 9 }, (_, order) => gaussianActivation(order)),
  {
    name: 'cosine',
    value: Math.cos,
    derivative: (z) => -Math.sin(z),
    transform: () => real(0),
    atoms: [
      { frequency: 1, mass: real(Math.PI) },
      { frequency: -1, mass: real(Math.PI) },
    ],
    parity: 'even',
    singularity: -Infinity,
    onnx: 'Cos',
    kernel: { code: ACTIVATION_CODES.cosine, order: 0 },
  },
  {
    name: 'gelu',
    value: (z) => Math.max(z, 0) - Math.min(Math.abs(z), 40) * normalTail(z),
    derivative: (z) => (z > 0 ? 1 - normalTail(z) : normalTail(z)) + zDensity(z),
    transform: (frequency) =>
      real(-Math.exp((-frequency * frequency) / 2) * (1 + 1 / (frequency * frequency))),
    atoms: [],
    parity: 'even',
    singularity: 2,
    tfjs: 'gelu',
    kernel: { code: ACTIVATION_CODES.gelu, order: 0 },
  },
];

/** The names of all activations. */
export const ACTIVATION_NAMES: readonly ActivationName[] = ACTIVATIONS.map(({ name }) => name);

/**
 * An activation by its name: `relu` max(z, 0); `tanh`; `sigmoid` 1/(1 + e^{−z}); `softplus` log(1 + e^z); `step` 1 for
 * z > 0, else 0; `gaussian` the standard normal density, `gaussian-derivative-k` its k-th derivative, k ≤ 8; `cosine`; `gelu` z Φ(z) with
 * the normal distribution function Φ (D. Hendrycks, K. Gimpel, arXiv:1606.08415; not its approximation by tanh).
 *
 * @throws INVALID_ARGUMENT for another name.
 */
export function activation(name: ActivationName): Activation {
  const found = ACTIVATIONS.find((candidate) => candidate.name === name);
  if (!found) throw invalidArgument('activation', `one of ${ACTIVATION_NAMES.join(', ')}`, name);
  return found;
}
