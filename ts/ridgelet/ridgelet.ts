import type { Complex } from '../core/activation.js';

/**
 * A ridgelet's profile ψ₀: ℝ → ℝ, of size about 1, without the factor that normalises a pair. Real, smooth, integrable.
 */
export interface Profile {
  /** `even`, `odd`, or neither. */
  readonly parity: 'even' | 'odd' | 'none';
  /** ψ₀(z). */
  readonly value: (z: number) => number;
  /**
   * ψ̂₀(ζ) at ζ > 0 as e^{log} · phase, since powers of ζ under- and overflow; ψ̂₀(−ζ) is the conjugate. `log` is −∞ where
   * ψ̂₀ vanishes.
   */
  readonly polar: (frequency: number) => { readonly log: number; readonly phase: Complex };
  /** E ψ₀(μ + σZ) for a standard normal Z: the transform of a Gaussian, with μ = a·m − b and σ² = aᵀΣa. */
  readonly smoothed: (mean: number, variance: number) => number;
  /** z beyond which |ψ₀| stays below `tolerance`, 1e-16 to 0.1. */
  readonly reach: (tolerance: number) => number;
  /** ζ beyond which |ψ̂₀| stays below `tolerance` times its largest value. */
  readonly bandwidth: (tolerance: number) => number;
}

/** ψ̂₀(ζ) at any ζ ≠ 0. */
export function transformOf(profile: Profile, frequency: number): Complex {
  const { log, phase } = profile.polar(Math.abs(frequency));
  const size = Math.exp(log);
  return { re: size * phase.re, im: Math.sign(frequency) * size * phase.im + 0 };
}

/** The smallest z, to a part in 64, beyond which `size` stays below `tolerance`, searched for below `most`. */
export function reachOf(size: (z: number) => number, tolerance: number, most: number): number {
  // Outwards in, by small steps: sizes oscillate.
  const steps = 4096;
  for (let i = steps; i > 0; i--) {
    if (size((most * (i - 1)) / steps) >= tolerance) return (most * Math.min(i + steps / 64, steps)) / steps;
  }
  return most / steps;
}
