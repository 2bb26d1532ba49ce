import type { Complex } from '../core/activation.js';
import { RidgeflowError } from '../core/errors.js';
import type { Profile } from './ridgelet.js';

/** A constant ((η, ψ)) = sign · e^{log}. */
export interface AdmissibilityConstant {
  readonly log: number;
  readonly sign: 1 | -1;
}

/** What an admissibility constant needs of an activation. */
export interface FourierActivation {
  readonly transform: (frequency: number) => Complex;
  readonly atoms: readonly { readonly frequency: number; readonly mass: Complex }[];
}

/** Step in log ζ: integrands are analytic there, and the trapezoidal rule converges exponentially. */
const STEP = 1 / 64;
/** Where the integrand ends, in log ζ. */
const RANGE = [-45, 12] as const;
/** A sum below this share of the sum of sizes is rounding. */
const CANCELLED = 1e-12;

/**
 * ((η, ψ₀)) = (2π)^{d−1} ∫ η̂(ζ) ψ̂₀(ζ)* |ζ|^{−d} dζ, in logarithms. With real η and ψ₀ the two half-lines are conjugate.
 *
 * @throws INVALID_ARGUMENT, with what is wrong in `details.reason`, where the pair is inadmissible: `divergent`, `zero`,
 *   or `transform` (η̂ is not finite).
 */
export function admissibilityConstant(
  { transform, atoms }: FourierActivation,
  profile: Profile,
  dimension: number,
): AdmissibilityConstant {
  const logs: number[] = [];
  const values: number[] = [];
  const add = (frequency: number, { re, im }: Complex, logMeasure: number) => {
    if (!Number.isFinite(re) || !Number.isFinite(im)) {
      throw inadmissible('transform', `the transform of the activation is not finite at ζ = ${frequency}`);
    }
    const { log, phase } = profile.polar(frequency);
    const size = Math.hypot(re, im);
    if (size === 0 || log === -Infinity) return;
    logs.push(log + Math.log(size) + logMeasure);
    values.push((re * phase.re + im * phase.im) / size);
  };
  const [from, to] = RANGE;
  let first = -Infinity;
  let second = -Infinity;
  for (let i = Math.round(from / STEP); i <= Math.round(to / STEP); i++) {
    const u = i * STEP;
    const frequency = Math.exp(u);
    const before = logs.length;
    add(frequency, transform(frequency), Math.log(STEP) + (1 - dimension) * u);
    if (logs.length === before) continue;
    // Decades at the lower end show whether the integrand vanishes towards ζ = 0.
    if (u < from + 1) first = Math.max(first, logs[before]);
    else if (u > from + 10 && u < from + 11) second = Math.max(second, logs[before]);
  }
  if (first > -Infinity && second - first < 0.5) {
    throw inadmissible('divergent', 'the integral of η̂(ζ) ψ̂(ζ)* |ζ|^−d diverges at ζ = 0');
  }
  for (const { frequency, mass } of atoms) {
    if (frequency > 0) add(frequency, mass, -dimension * Math.log(frequency));
  }
  const largest = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  let sizes = 0;
  logs.forEach((log, i) => {
    const weight = Math.exp(log - largest);
    sum += weight * values[i];
    sizes += weight;
  });
  if (!(Math.abs(sum) > CANCELLED * sizes)) {
    throw inadmissible(
      'zero',
      'the integral is 0: the transform of the activation vanishes where that of ψ does not, or is orthogonal to it',
    );
  }
  const log = largest + Math.log(2 * Math.abs(sum)) + (dimension - 1) * Math.log(2 * Math.PI);
  return { log, sign: sum > 0 ? 1 : -1 };
}

/** An INVALID_ARGUMENT error that says why there is no admissible pair. */
export function inadmissible(reason: string, explanation: string): RidgeflowError {
  return new RidgeflowError(
    'INVALID_ARGUMENT',
    `Expected an admissible pair of activation and ridgelet but ${explanation}`,
    { details: { parameter: 'activation', reason } },
  );
}
