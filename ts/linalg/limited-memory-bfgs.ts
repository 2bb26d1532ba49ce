/** Steps that are remembered. */
const MEMORY = 10;

/**
 * The inverse Hessian of a concave function by its last steps, for quasi-Newton ascent: limited-memory BFGS. What it knows
 * nothing of it takes from a diagonal that the caller gives.
 *
 * O(N) time and memory for each step that is remembered. Source: D. C. Liu, J. Nocedal, Math. Program. 45 (1989), 503–528.
 */
export class LimitedMemoryBfgs {
  readonly #pairs: { step: Float64Array; change: Float64Array; curvature: number }[] = [];
  /** The multiple of the diagonal that fits the last step. */
  #scale = 1;

  get empty(): boolean {
    return this.#pairs.length === 0;
  }

  /** Notes a step, and by how much the gradient fell along it. A step along which the function is not concave is left out. */
  add(step: Float64Array, change: Float64Array, diagonal: Float64Array): void {
    const curvature = inner(step, change);
    if (!(curvature > 0)) return;
    let size = 0;
    for (let k = 0; k < change.length; k++) size += change[k] ** 2 * diagonal[k];
    if (!(size > 0 && size < Infinity)) return;
    this.#scale = curvature / size;
    this.#pairs.push({ step, change, curvature });
    if (this.#pairs.length > MEMORY) this.#pairs.shift();
  }

  clear(): void {
    this.#pairs.length = 0;
  }

  /** The inverse Hessian times a gradient: the direction of ascent. Of nothing remembered, the diagonal times it. */
  direction(gradient: Float64Array, diagonal: Float64Array): Float64Array {
    const out = gradient.slice();
    const shares: number[] = [];
    for (const { step, change, curvature } of [...this.#pairs].reverse()) {
      const share = inner(step, out) / curvature;
      shares.push(share);
      for (let k = 0; k < out.length; k++) out[k] -= share * change[k];
    }
    const scale = this.empty ? 1 : this.#scale;
    for (let k = 0; k < out.length; k++) out[k] *= scale * diagonal[k];
    for (const { step, change, curvature } of this.#pairs) {
      const share = (shares.pop() as number) - inner(change, out) / curvature;
      for (let k = 0; k < out.length; k++) out[k] += share * step[k];
    }
    return out;
  }
}

/** Σ a_k b_k. */
export function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}
