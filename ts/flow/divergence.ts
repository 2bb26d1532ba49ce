import { type FloatData, type NdArray, allocate, dtypeOf } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import type { VelocityField } from '../field/field.js';
import type { Kernels } from '../kernel/contract.js';
import { rowLengths } from './rows.js';

/** Writes Dv_t(x_i) · u_i for every row into `out`. */
export type JacobianVector = (
  x: NdArray,
  t: number,
  u: NdArray,
  out: FloatData,
  options: CallOptions,
) => Promise<void>;

/**
 * Jacobian–vector products of a field: its own where it is differentiable, else by central differences over `distance`.
 * Two evaluations of the field for each call then; relative error of the order of ε^(2/3), ε the rounding of the dtype.
 */
export function jacobianVectors(kernels: Kernels, field: VelocityField, distance: number): JacobianVector {
  if (field.differentiable && field.jacobianVector) {
    return async (x, t, u, out, options) => {
      const product = await field.jacobianVector!(x, t, u, options);
      out.set(product.data);
    };
  }
  return async (x, t, u, out, options) => {
    const [n, d] = x.shape;
    const lengths = rowLengths(kernels, u);
    const shifted: NdArray = { data: allocate(dtypeOf(x), n * d, 'a finite difference'), shape: x.shape };
    const evaluate = async (signed: number) => {
      for (let row = 0, i = 0; row < n; row++) {
        const factor = lengths[row] > 0 ? signed / lengths[row] : 0;
        for (const end = i + d; i < end; i++) shifted.data[i] = x.data[i] + factor * u.data[i];
      }
      return (await field.evaluate(shifted, t, {}, options)).velocity.data;
    };
    // A field may hand out the same storage every time.
    out.set(await evaluate(distance));
    const behind = await evaluate(-distance);
    for (let row = 0, i = 0; row < n; row++) {
      const factor = lengths[row] / (2 * distance);
      for (const end = i + d; i < end; i++) out[i] = (out[i] - behind[i]) * factor;
    }
  };
}

/** The distance over which {@link jacobianVectors} takes differences, for points spread over `scale`. */
export function differenceDistance(x: NdArray, scale: number): number {
  return Math.cbrt(dtypeOf(x) === 'float64' ? 2 ** -52 : 2 ** -23) * scale;
}

/**
 * Estimates the divergence of a field at every row: the mean of εᵀ Dv ε over random sign vectors ε, fixed for the whole
 * run so that the estimate is a smooth function of time. With as many probes as dimensions, the trace itself.
 *
 * Source: M. F. Hutchinson, A stochastic estimator of the trace of the influence matrix, Commun. Stat. Simul. Comput. 18
 * (1989), 1059–1076; W. Grathwohl et al., FFJORD, ICLR 2019.
 */
export function divergenceEstimate(
  product: JacobianVector,
  like: NdArray,
  { probes, seed }: { probes: number; seed: number | undefined },
): (x: NdArray, t: number, options: CallOptions) => Promise<Float64Array> {
  const [n, d] = like.shape;
  const count = Math.min(probes, d);
  const exact = count === d;
  const directions = Array.from({ length: count }, (_, p): NdArray => {
    const data = allocate(dtypeOf(like), n * d, 'a probe of the divergence');
    if (exact) for (let i = p; i < data.length; i += d) data[i] = 1;
    else {
      new RandomStream(seed, 'probe', p).fillUniform(data);
      for (let i = 0; i < data.length; i++) data[i] = data[i] < 0.5 ? -1 : 1;
    }
    return { data, shape: like.shape };
  });
  const image = allocate(dtypeOf(like), n * d, 'a probe of the divergence');
  return async (x, t, options) => {
    const sums = new Float64Array(n);
    for (const direction of directions) {
      await product(x, t, direction, image, options);
      for (let row = 0, i = 0; row < n; row++) {
        for (const end = i + d; i < end; i++) sums[row] += direction.data[i] * image[i];
      }
    }
    return exact ? sums : sums.map((sum) => sum / count);
  };
}
