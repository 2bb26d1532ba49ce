import type { Complex } from '../core/activation.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { functionOfTable } from '../core/piecewise.js';
import type { FourierActivation } from './admissibility.js';
import { inadmissible } from './admissibility.js';
import { FARTHEST, phaseFunction } from './phase-profile.js';
import { tabulate } from './table.js';

/**
 * An activation of one's own: real, of at most polynomial growth, by its formula, by its Fourier transform
 * η̂(ζ) = ∫ η(z) e^{−iζz} dz away from ζ = 0 (with η̂(−ζ) = η̂(ζ)*), or by both; the transform is then the one that counts.
 */
export interface CustomActivation {
  readonly name?: string;
  readonly value?: (z: number) => number;
  readonly transform?: (frequency: number) => Complex;
  /** Point masses of the transform away from 0. Default: none. */
  readonly atoms?: FourierActivation['atoms'];
}

/** Largest share of a moment that the last pieces of the line may have. */
const TAIL = 1e-9;
const PRECISION = 1e-7;

/**
 * ∫ η g dz for g with ĝ(ζ) = (wζ)^q e^{−w²ζ²/2} at ζ > 0 up to a factor, times i where odd: by Parseval the constant
 * ((η, ψ₀)) up to known factors, for a ψ₀ of the power q + d. Midpoints, the step halved until two sums agree.
 *
 * @throws NON_FINITE; INVALID_ARGUMENT where η grows too fast for the integral to converge; NOT_CONVERGED.
 */
export function moment(
  value: (z: number) => number,
  power: number,
  width: number,
  parity: 'even' | 'odd',
): number {
  const exact = phaseFunction(power, parity === 'even' ? 0 : Math.PI / 2);
  const table = tabulate(exact, { from: 0, to: FARTHEST, parity, tolerance: 3e-14, cells: 128 });
  const ofTable = functionOfTable(table);
  const g = (z: number) => ofTable(z / width) / width;
  const length = FARTHEST * width;
  let previous = NaN;
  for (let cells = 1 << 14; cells <= 1 << 21; cells *= 2) {
    const step = (2 * length) / cells;
    let sum = 0;
    let size = 0;
    let ends = 0;
    for (let i = 0; i < cells; i++) {
      const z = -length + (i + 0.5) * step;
      const eta = value(z);
      if (typeof eta !== 'number' || !Number.isFinite(eta)) {
        throw new RidgeflowError(
          'NON_FINITE',
          `Expected finite values of the activation but received ${String(eta)} at z = ${z}`,
          { details: { parameter: 'activation', z } },
        );
      }
      const term = eta * g(z) * step;
      sum += term;
      size += Math.abs(term);
      if (i < cells / 64 || i >= cells - cells / 64) ends += Math.abs(term);
    }
    if (size === 0) return 0;
    if (ends > TAIL * size) {
      throw inadmissible('growth', 'the activation grows too fast: at most polynomial growth is admissible');
    }
    if (Math.abs(sum) < 1e-9 * size) return 0;
    if (Math.abs(sum - previous) < PRECISION * Math.abs(sum)) return (4 * sum - previous) / 3;
    previous = sum;
  }
  throw new RidgeflowError(
    'NOT_CONVERGED',
    'The integral of the activation against ridgelets does not converge: give its Fourier transform instead',
    { details: { parameter: 'activation' } },
  );
}

/** Throws INVALID_ARGUMENT unless there is a formula or a transform. */
export function checkCustomActivation(custom: CustomActivation): void {
  const { value, transform, atoms } = custom;
  if (value !== undefined && typeof value !== 'function')
    throw invalidArgument('activation.value', 'a function', value);
  if (transform !== undefined && typeof transform !== 'function')
    throw invalidArgument('activation.transform', 'a function', transform);
  if (atoms !== undefined && !Array.isArray(atoms))
    throw invalidArgument('activation.atoms', 'a list', atoms);
  if (value === undefined && transform === undefined && !atoms?.length)
    throw invalidArgument('activation', 'the name of an activation, or { value } or { transform }', custom);
}
