import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import { checkPositive } from '../../core/options.js';

/** A smooth function on the line with its derivatives. */
export interface LineFunction {
  value(x: number): number;
  derivative(x: number): number;
  secondDerivative(x: number): number;
}

/**
 * A free energy of a density ρ on the line, F[ρ] = β ∫ ρ log ρ + c ∫ ρ^m/(m − 1) + ∫ V dρ + ½ ∫∫ W(x − y) dρ dρ, of the terms
 * that are given. Its Wasserstein gradient flow is ∂ρ/∂t = β ρ″ + c (ρ^m)″ + (ρ (V′ + W′∗ρ))′.
 */
export interface LineFreeEnergy {
  /** β > 0: the heat equation, β = 1 with ∂ρ/∂t = ρ″. */
  entropy?: number;
  /** The porous medium equation for m > 1, fast diffusion for m between 0 and 1; c > 0, default 1. */
  porousMedium?: { exponent: number; coefficient?: number };
  /** V: drift −V′. */
  potential?: LineFunction;
  /** W, even: attraction where it grows with the distance, repulsion where it falls. O(n²) time. */
  interaction?: LineFunction;
}

/** Throws INVALID_ARGUMENT unless an energy has at least one term, and those are as they should be. */
export function checkEnergy(energy: LineFreeEnergy): LineFreeEnergy {
  if (typeof energy !== 'object' || energy === null)
    throw invalidArgument('energy', 'an object of terms', energy);
  const { entropy, porousMedium, potential, interaction } = energy;
  if (entropy === undefined && !porousMedium && !potential && !interaction) {
    throw invalidArgument('energy', 'entropy, porousMedium, potential or interaction', energy);
  }
  if (entropy !== undefined) checkPositive(entropy, 'energy.entropy');
  if (porousMedium !== undefined) {
    if (checkPositive(porousMedium.exponent, 'energy.porousMedium.exponent') === 1) {
      throw invalidArgument(
        'energy.porousMedium.exponent',
        'a number other than 1, which is the entropy,',
        1,
      );
    }
    checkPositive(porousMedium.coefficient ?? 1, 'energy.porousMedium.coefficient');
  }
  for (const [name, term] of Object.entries({ potential, interaction })) {
    if (term === undefined) continue;
    for (const part of ['value', 'derivative', 'secondDerivative'] as const) {
      const given: unknown = Reflect.get(term, part);
      if (typeof given !== 'function') throw invalidArgument(`energy.${name}.${part}`, 'a function', given);
    }
  }
  return energy;
}

/**
 * A free energy of n particles of mass 1/n on the line, in ascending order: of the quantile function, in which it is convex
 * where V and W are. Between neighbours lies the density 1/((n − 1) gap), so that under dilation the energy changes exactly
 * as that of a density does.
 */
export class LineEnergy {
  readonly #energy: LineFreeEnergy;
  readonly #n: number;

  constructor(energy: LineFreeEnergy, n: number) {
    this.#energy = energy;
    this.#n = n;
  }

  /** Whether particles must not meet. */
  get hasDensity(): boolean {
    return this.#energy.entropy !== undefined || this.#energy.porousMedium !== undefined;
  }

  /** +∞ where particles that must not meet do. */
  value(x: Float64Array): number {
    return this.measured(x).value;
  }

  /** The value, and the sum of the sizes of its terms, which says how far rounding goes. */
  measured(x: Float64Array): { value: number; size: number } {
    const { potential, interaction } = this.#energy;
    const n = this.#n;
    let [value, size] = [0, 0];
    const add = (term: number) => {
      value += term;
      size += Math.abs(term);
    };
    for (let i = 0; i + 1 < n && this.hasDensity; i++) {
      const gap = x[i + 1] - x[i];
      if (!(gap > 0)) return { value: Infinity, size: Infinity };
      add(this.#gapTerms(gap).value);
    }
    for (let i = 0; i < n && potential; i++) add(potential.value(x[i]) / n);
    for (let i = 0; i < n && interaction; i++) {
      for (let j = 0; j < i; j++) add(interaction.value(x[i] - x[j]) / n ** 2);
      add(interaction.value(0) / (2 * n ** 2));
    }
    return { value, size };
  }

  /** ∂F/∂x_i, and of the Hessian the diagonal and the entries beside it that do not come from the interaction. */
  derivatives(x: Float64Array): { gradient: Float64Array; diagonal: Float64Array; beside: Float64Array } {
    const { potential, interaction } = this.#energy;
    const n = this.#n;
    const gradient = new Float64Array(n);
    const diagonal = new Float64Array(n);
    const beside = new Float64Array(Math.max(0, n - 1));
    for (let i = 0; i + 1 < n && this.hasDensity; i++) {
      const { first, second } = this.#gapTerms(x[i + 1] - x[i]);
      gradient[i] -= first;
      gradient[i + 1] += first;
      diagonal[i] += second;
      diagonal[i + 1] += second;
      beside[i] -= second;
    }
    for (let i = 0; i < n && potential; i++) {
      gradient[i] += potential.derivative(x[i]) / n;
      diagonal[i] += potential.secondDerivative(x[i]) / n;
    }
    for (let i = 0; i < n && interaction; i++) {
      for (let j = 0; j < i; j++) {
        const first = interaction.derivative(x[i] - x[j]) / n ** 2;
        const second = interaction.secondDerivative(x[i] - x[j]) / n ** 2;
        gradient[i] += first;
        gradient[j] -= first;
        diagonal[i] += second;
        diagonal[j] += second;
      }
    }
    return { gradient, diagonal, beside };
  }

  /** out −= the off-diagonal part of the interaction's Hessian times v. O(n²) time. */
  subtractInteraction(x: Float64Array, v: Float64Array, out: Float64Array): void {
    const { interaction } = this.#energy;
    const n = this.#n;
    for (let i = 0; i < n && interaction; i++) {
      for (let j = 0; j < i; j++) {
        const second = interaction.secondDerivative(x[i] - x[j]) / n ** 2;
        out[i] -= second * v[j];
        out[j] -= second * v[i];
      }
    }
  }

  #gapTerms(gap: number): { value: number; first: number; second: number } {
    const { entropy = 0, porousMedium } = this.#energy;
    const mass = 1 / (this.#n - 1);
    let value = entropy && entropy * mass * Math.log(mass / gap);
    let first = (-entropy * mass) / gap;
    let second = (entropy * mass) / gap ** 2;
    if (porousMedium) {
      const { exponent: m, coefficient = 1 } = porousMedium;
      const pressure = coefficient * (mass / gap) ** m;
      value += (pressure * gap) / (m - 1);
      first -= pressure;
      second += (m * pressure) / gap;
    }
    return { value, first, second };
  }
}

/** Throws NON_FINITE where a user's functions gave no number. */
export function checkGradient(gradient: Float64Array, x: Float64Array): void {
  const at = gradient.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new RidgeflowError(
    'NON_FINITE',
    `Expected finite derivatives of the energy but received ${gradient[at]} for the particle at ${x[at]}`,
    { details: { x: x[at] } },
  );
}
