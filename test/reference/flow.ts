import type { NdArray } from '../../ts/core/array.js';
import type { VelocityField } from '../../ts/field/field.js';
import type { OdeSystem, State } from '../../ts/flow/index.js';
import { loadBackend } from '../../ts/kernel/backend.js';

/** The tests of the integrator measure orders of convergence, which takes float64. */
export const kernels = await loadBackend('native');

/**
 * A nonlinear, non-autonomous system of two arrays with a known solution: a rotation at angular velocity 1 + sin t, and
 * s' = −s² cos t.
 */
export const rotation = {
  system: {
    async derivative(t, [position, s], out) {
      const rate = 1 + Math.sin(t);
      const [x, y] = position.data;
      out[0].data.set([-y * rate, x * rate]);
      out[1].data[0] = -(s.data[0] ** 2) * Math.cos(t);
    },
  } satisfies OdeSystem,
  start: [
    { data: Float64Array.of(1, 0), shape: [1, 2] },
    { data: Float64Array.of(1), shape: [1] },
  ] satisfies State,
  /** Largest distance from the solution at time t. */
  error(t: number, [position, s]: State): number {
    const angle = t + 1 - Math.cos(t);
    return Math.max(
      Math.abs(position.data[0] - Math.cos(angle)),
      Math.abs(position.data[1] - Math.sin(angle)),
      Math.abs(s.data[0] - 1 / (1 + Math.sin(t))),
    );
  },
};

/** One float64 array. */
export function vector(...values: number[]): NdArray {
  return { data: Float64Array.from(values), shape: [values.length] };
}

/** y' = f(t, y) of one number. */
export function scalarSystem(f: (t: number, y: number) => number): OdeSystem {
  return {
    async derivative(t, [y], out) {
      out[0].data[0] = f(t, y.data[0]);
    },
  };
}

/** v_t(x) = rate(t) · Ax, with its exact divergence and products unless it is told to hide them. */
export function linearField(
  a: readonly (readonly number[])[],
  { rate = () => 1, differentiable = true }: { rate?: (t: number) => number; differentiable?: boolean } = {},
): VelocityField {
  const d = a.length;
  const apply = ({ data, shape }: NdArray, factor: number): NdArray => {
    const out = data.slice();
    for (let i = 0; i < data.length; i += d) {
      for (let r = 0; r < d; r++) {
        out[i + r] = factor * a[r].reduce((sum, value, c) => sum + value * data[i + c], 0);
      }
    }
    return { data: out, shape };
  };
  const trace = a.reduce((sum, row, i) => sum + row[i], 0);
  return {
    dimension: d,
    times: { from: -Infinity, to: Infinity },
    differentiable,
    async evaluate(x, t, want) {
      const velocity = apply(x, rate(t));
      if (!want.divergence) return { velocity };
      return { velocity, divergence: new Float64Array(x.shape[0]).fill(rate(t) * trace) };
    },
    async jacobianVector(_x, t, u) {
      return apply(u, rate(t));
    },
  };
}

/** log₂ of the ratios of successive numbers. */
export function slopes(values: readonly number[]): number[] {
  return values.slice(1).map((value, i) => Math.log2(values[i] / value));
}
