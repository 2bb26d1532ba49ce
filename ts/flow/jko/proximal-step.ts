import { RidgeflowError } from '../../core/errors.js';
import { type Pace, isTurnDue } from '../../core/pace.js';
import { type LineEnergy, checkGradient } from './line-energy.js';

const NEWTON_STEPS = 100;
/** Of a sum of many terms, relative to their sizes. */
const ROUNDING = 64 * Number.EPSILON;

/**
 * The minimiser of F(x) + Σ (x_i − y_i)²/(2hn) by Newton's method, steps shortened so that particles do not meet and the
 * objective falls. Each step solves its linear system by conjugate gradients, preconditioned by the tridiagonal part of the
 * Hessian: in one iteration where there is no interaction.
 *
 * @returns the minimiser and the number of Newton steps. Throws NOT_CONVERGED, NON_FINITE, ABORTED.
 */
export async function proximalStep(
  energy: LineEnergy,
  y: Float64Array,
  h: number,
  pace: Pace,
): Promise<{ x: Float64Array; steps: number }> {
  const n = y.length;
  const objective = (x: Float64Array) => {
    let { value, size } = energy.measured(x);
    for (let i = 0; i < n; i++) {
      value += (x[i] - y[i]) ** 2 / (2 * h * n);
      size += (x[i] - y[i]) ** 2 / (2 * h * n);
    }
    return { value, rounding: ROUNDING * size };
  };
  let x = y.slice();
  let { value, rounding } = objective(x);
  for (let steps = 1; steps <= NEWTON_STEPS; steps++) {
    if (isTurnDue()) await pace.tick(0);
    const { gradient, diagonal, beside } = energy.derivatives(x);
    for (let i = 0; i < n; i++) {
      gradient[i] += (x[i] - y[i]) / (h * n);
      diagonal[i] += 1 / (h * n);
    }
    checkGradient(gradient, x);
    const direction = await newtonDirection(energy, x, gradient, diagonal, beside, pace);
    const decrement = -dot(gradient, direction);
    if (Number.isNaN(decrement)) throw notConverged(h, steps);
    if (!(decrement > 0)) return { x, steps };
    let length = energy.hasDensity ? Math.min(1, 0.95 * distanceToMeeting(x, direction)) : 1;
    for (;;) {
      const next = x.map((place, i) => place + length * direction[i]);
      const reached = objective(next);
      // Where the objective can no longer tell, Newton's step is right to the square of that.
      if (decrement <= rounding) return { x: reached.value <= value + rounding ? next : x, steps };
      if (reached.value <= value - 1e-4 * length * decrement) {
        x = next;
        ({ value, rounding } = reached);
        break;
      }
      length /= 2;
      if (length < 1e-12) throw notConverged(h, steps);
    }
  }
  throw notConverged(h, NEWTON_STEPS);
}

function notConverged(h: number, steps: number): RidgeflowError {
  return new RidgeflowError(
    'NOT_CONVERGED',
    `The step of length ${h} was not solved in ${steps} Newton steps: take shorter steps, at which the problem is convex`,
    { details: { step: h } },
  );
}

/** The longest step before neighbours meet. */
function distanceToMeeting(x: Float64Array, direction: Float64Array): number {
  let longest = Infinity;
  for (let i = 0; i + 1 < x.length; i++) {
    const closing = direction[i] - direction[i + 1];
    if (closing > 0) longest = Math.min(longest, (x[i + 1] - x[i]) / closing);
  }
  return longest;
}

/** −H⁻¹·gradient; where H is not positive along the way, as far as it was. */
async function newtonDirection(
  energy: LineEnergy,
  x: Float64Array,
  gradient: Float64Array,
  diagonal: Float64Array,
  beside: Float64Array,
  pace: Pace,
): Promise<Float64Array> {
  const n = x.length;
  const precondition = tridiagonalSolver(diagonal, beside);
  const solution = new Float64Array(n);
  const residual = gradient.map((value) => -value);
  let z = precondition(residual);
  const p = z.slice();
  let along = dot(residual, z);
  const goal = 1e-20 * along;
  const product = new Float64Array(n);
  for (let iteration = 0; iteration < 4 * n && along > goal; iteration++) {
    if (isTurnDue()) await pace.tick(0);
    for (let i = 0; i < n; i++) {
      product[i] = diagonal[i] * p[i];
      if (i > 0) product[i] += beside[i - 1] * p[i - 1];
      if (i + 1 < n) product[i] += beside[i] * p[i + 1];
    }
    energy.subtractInteraction(x, p, product);
    const curvature = dot(p, product);
    if (!(curvature > 0)) return iteration === 0 ? p : solution;
    const step = along / curvature;
    for (let i = 0; i < n; i++) {
      solution[i] += step * p[i];
      residual[i] -= step * product[i];
    }
    z = precondition(residual);
    const next = dot(residual, z);
    for (let i = 0; i < n; i++) p[i] = z[i] + (next / along) * p[i];
    along = next;
  }
  return solution;
}

/** Solves with the tridiagonal matrix by LDLᵀ; pivots that are not positive are made so, which keeps it a descent. */
function tridiagonalSolver(diagonal: Float64Array, beside: Float64Array) {
  const n = diagonal.length;
  const pivots = diagonal.slice();
  const factors = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    if (i > 0) {
      factors[i] = beside[i - 1] / pivots[i - 1];
      pivots[i] -= factors[i] * beside[i - 1];
    }
    if (!(pivots[i] > 0)) pivots[i] = Math.abs(diagonal[i]) || 1;
  }
  return (right: Float64Array): Float64Array => {
    const out = right.slice();
    for (let i = 1; i < n; i++) out[i] -= factors[i] * out[i - 1];
    for (let i = 0; i < n; i++) out[i] /= pivots[i];
    for (let i = n - 2; i >= 0; i--) out[i] -= factors[i + 1] * out[i + 1];
    return out;
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
