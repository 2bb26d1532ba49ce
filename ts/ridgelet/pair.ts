import { type Activation, type ActivationName, type Complex, activation } from '../core/activation.js';
import { type DType, checkDType } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { checkInteger, checkPositive } from '../core/options.js';
import type { PiecewisePolynomials } from '../core/piecewise.js';
import {
  type AdmissibilityConstant,
  type FourierActivation,
  admissibilityConstant,
  inadmissible,
} from './admissibility.js';
import { type CustomActivation, checkCustomActivation, moment } from './custom-activation.js';
import { gaussianProfile } from './gaussian-profile.js';
import { logHump, phaseProfile } from './phase-profile.js';
import { type Profile, transformOf } from './ridgelet.js';
import { tabulate } from './table.js';
import { checkCall } from '../core/call.js';
import { METHODS } from './method-signatures.js';
import { SIGNATURES } from './signatures.js';

/** Largest dimension that pairs are made for. */
export const LARGEST_DIMENSION = 100;
const LARGEST_ORDER = 1000;

/**
 * Of an activation of one's own the singularity at ζ = 0 is not known: orders this much above the dimension are good for
 * |ζ|^{−12}.
 */
const MARGIN = 12;
/** Widths that are tried for an activation of one's own: one where its transform does not vanish is enough. */
const WIDTHS = [1, 1 / 8, 8];

/** Options of {@link ridgeletPair}. */
export interface RidgeletPairOptions {
  /**
   * p, where |ψ̂(ζ)| ∝ |ζ|^p e^{−w²ζ²/2}. For an activation by name ψ is the p-th derivative of a Gaussian. Default: the
   * lowest p with the parity of η̂ for which the constant is finite and R[f] is integrable: d, or one to three more; for
   * an activation of one's own d + 12, where also the least is d + 12.
   */
  order?: number;
  /** w, the Gaussian's standard deviation, 0.001 to 1000. Default 1. */
  width?: number;
}

/**
 * An activation η and a ridgelet ψ with ((η, ψ)) = (2π)^{d−1} ∫ η̂(ζ) ψ̂(ζ)* |ζ|^{−d} dζ = 1, so that S[R[f]] = f: see
 * {@link ridgeletPair}. ψ = ψ₀ / ((η, ψ₀)), where the profile ψ₀ has size 1.
 */
export class RidgeletPair {
  readonly dimension: number;
  readonly activation: Activation | CustomActivation;
  /** ψ₀, its transform, its reach. */
  readonly profile: Profile;
  /** ((η, ψ₀)), which over- and underflows in high dimension. */
  readonly constant: AdmissibilityConstant;
  readonly #tables = new Map<number, PiecewisePolynomials>();

  /**
   * For {@link ridgeletPair}. Throws INVALID_ARGUMENT.
   *
   * @internal
   */
  constructor(
    dimension: number,
    ofActivation: Activation | CustomActivation,
    profile: Profile,
    constant: AdmissibilityConstant,
  ) {
    checkCall(METHODS.RidgeletPair.new, { dimension, ofActivation, profile, constant });
    checkInteger(dimension, 'dimension', 1, LARGEST_DIMENSION);
    this.dimension = dimension;
    this.activation = ofActivation;
    this.profile = profile;
    this.constant = constant;
  }

  /** The factor ψ/ψ₀ = 1/((η, ψ₀)); 0 or ±Infinity where that under- or overflows (see `constant.log`). */
  get scale(): number {
    return this.constant.sign * Math.exp(-this.constant.log);
  }

  /** ψ(z). */
  value(z: number): number {
    return this.scale * this.profile.value(z);
  }

  /** ψ̂(ζ), ζ ≠ 0. */
  transform(frequency: number): Complex {
    const { re, im } = transformOf(this.profile, frequency);
    return { re: this.scale * re, im: this.scale * im };
  }

  /** ψ₀ as kernels take it, to rounding of the dtype, or to a `tolerance`. Made once. */
  table(dtype: DType, tolerance = dtype === 'float64' ? 2e-14 : 1e-8): PiecewisePolynomials {
    checkDType(dtype);
    let table = this.#tables.get(tolerance);
    if (!table) {
      const { parity, value } = this.profile;
      const to = this.profile.reach(tolerance);
      const from = parity === 'none' ? -to : 0;
      const cells = dtype === 'float64' ? 128 : 32;
      table = tabulate(value, { from, to, parity, tolerance, cells });
      this.#tables.set(tolerance, table);
    }
    return table;
  }
}

/**
 * An admissible ridgelet for an activation, normalised so that ((η, ψ)) = 1.
 *
 * @param of An activation by name, or one's own by formula or Fourier transform (real, of at most polynomial growth).
 * @param dimension d, 1 to 100.
 * @returns The pair. Its constant is computed by quadrature in log ζ, in logarithms, to about 1e-13 (by formula: 1e-5).
 * @throws INVALID_ARGUMENT: unknown activation, d out of range, an inadmissible pair. `details.reason` says why:
 *   `divergent` (the order is too low for this dimension), `zero` (ψ̂ and η̂ have different parity, or η̂ vanishes, as
 *   that of a polynomial does), `growth`, `transform`. NON_FINITE, NOT_CONVERGED for one's own activation.
 *
 * Source: S. Sonoda, N. Murata, "Neural network with unbounded activation functions is universal approximator", Appl.
 * Comput. Harmon. Anal. 43 (2017) 233; derivatives of odd order take the place of Hilbert transforms there.
 *
 * @example
 * const pair = ridgeletPair('relu', 2);
 * pair.value(0.3); // ψ(0.3)
 */
export function ridgeletPair(
  of: ActivationName | CustomActivation,
  dimension: number,
  options: RidgeletPairOptions = {},
): RidgeletPair {
  checkCall(SIGNATURES.ridgeletPair, { options });
  checkInteger(dimension, 'dimension', 1, LARGEST_DIMENSION);
  const { order, width = 1 } = options;
  if (checkPositive(width, 'width') < 1e-3 || width > 1e3)
    throw invalidArgument('width', 'a number from 0.001 to 1000', width);
  if (order !== undefined) checkInteger(order, 'order', 0, LARGEST_ORDER);
  if (typeof of === 'object' && of !== null) {
    checkCustomActivation(of);
    return customPair(of, dimension, options);
  }
  const named = activation(of);
  const profile = gaussianProfile(order ?? orderFor(named, dimension), width);
  return new RidgeletPair(dimension, named, profile, admissibilityConstant(named, profile, dimension));
}

/** The lowest order p ≥ d of the parity of η̂ with p − s − d > −1, s the order of its singularity at 0. */
function orderFor({ parity, singularity }: Activation, dimension: number): number {
  const least = Math.max(dimension, Math.floor(dimension + singularity - 1) + 1);
  return least + (least % 2 === (parity === 'even' ? 0 : 1) ? 0 : 1);
}

function customPair(
  custom: CustomActivation,
  dimension: number,
  { order = dimension + MARGIN, width }: RidgeletPairOptions,
): RidgeletPair {
  checkInteger(order, 'order', dimension + MARGIN, LARGEST_ORDER);
  for (const candidate of width === undefined ? WIDTHS : [width]) {
    const found =
      custom.transform || !custom.value
        ? fromTransform(
            { transform: () => ({ re: 0, im: 0 }), atoms: [], ...custom },
            dimension,
            order,
            candidate,
          )
        : fromFormula(custom.value, dimension, order, candidate);
    if (found) return new RidgeletPair(dimension, custom, found.profile, found.constant);
  }
  throw inadmissible(
    'zero',
    'the transform of the activation vanishes at all frequencies that were tried, as that of a polynomial does',
  );
}

type Found = { profile: Profile; constant: AdmissibilityConstant } | undefined;

function fromTransform(of: FourierActivation, dimension: number, order: number, width: number): Found {
  const [even, odd] = [0, Math.PI / 2].map((angle) => {
    const profile = phaseProfile(order, width, angle);
    const constant = constantOrZero(of, profile, dimension);
    // Without the size of the profile, which differs between the two.
    return constant && { ...constant, log: constant.log - logPeak(profile, order, width) };
  });
  const largest = Math.max(even?.log ?? -Infinity, odd?.log ?? -Infinity);
  if (largest === -Infinity) return undefined;
  const part = (constant: AdmissibilityConstant | undefined) =>
    constant ? constant.sign * Math.exp(constant.log - largest) : 0;
  const profile = phaseProfile(order, width, angleOf(part(even), part(odd)));
  return { profile, constant: admissibilityConstant(of, profile, dimension) };
}

function fromFormula(value: (z: number) => number, dimension: number, order: number, width: number): Found {
  const power = order - dimension;
  const [even, odd] = (['even', 'odd'] as const).map((parity) => moment(value, power, width, parity));
  if (even === 0 && odd === 0) return undefined;
  const angle = angleOf(even, odd);
  const profile = phaseProfile(order, width, angle);
  const total = even * Math.cos(angle) + odd * Math.sin(angle);
  // ψ̂₀ |ζ|^{−d} over ĝ, the same at every ζ: compared at ζ = 1/w.
  const ratio = logPeak(profile, order, width, 1 / width) + dimension * Math.log(width) - logHump(power, 1);
  const log = Math.log(Math.abs(total)) + dimension * Math.log(2 * Math.PI) + ratio;
  return { profile, constant: { log, sign: total > 0 ? 1 : -1 } };
}

/** log |ψ̂₀| at a frequency, by default at its peak. */
const logPeak = (profile: Profile, order: number, width: number, frequency = Math.sqrt(order) / width) =>
  profile.polar(frequency).log;

function constantOrZero(of: FourierActivation, profile: Profile, dimension: number) {
  try {
    return admissibilityConstant(of, profile, dimension);
  } catch (error) {
    if (error instanceof RidgeflowError && error.details.reason === 'zero') return undefined;
    throw error;
  }
}

/** The phase of ψ̂ that follows that of η̂; exactly that of an even or odd function where η is one to rounding. */
function angleOf(even: number, odd: number): number {
  if (Math.abs(odd) < 1e-7 * Math.abs(even)) return 0;
  if (Math.abs(even) < 1e-7 * Math.abs(odd)) return Math.PI / 2;
  return Math.atan2(odd, even);
}
