import { type FloatData, type NdArray, allocate, dtypeOf } from '../../core/array.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkPositive } from '../../core/options.js';
import { ALWAYS, checkTime, checkVectors, prepare } from '../../field/domain.js';
import type { FieldRequest, FieldValues, VelocityField } from '../../field/field.js';
import type { Measure } from '../../measure/measure.js';
import { medianSquaredDistance } from './bandwidth.js';
import { Flow } from './flow.js';
import { KernelRegression } from './kernel-regression.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';
import { METHODS } from '../../field/method-signatures.js';

/** Options of {@link steinVariationalGradientDescent}. */
export interface SteinOptions {
  /** Last time, above 0. Default 20. */
  to?: number;
  /**
   * Variance of the Gaussian kernel, above 0. Default: at every time the median squared distance between the particles over
   * 2 log(n + 1), as in the paper.
   */
  variance?: number;
}

/**
 * Stein variational gradient descent: particles that move together towards a target π,
 * v(x) = (1/n) Σ_j [k(x_j, x) ∇log π(x_j) + ∇_{x_j} k(x_j, x)] with k(x, y) = exp(−|x − y|²/2h). The first term pulls them to
 * where π is large, the second keeps them apart. Among all fields in the unit ball of the kernel's space it lowers the
 * Kullback–Leibler divergence from π the fastest.
 *
 * The particles that `transport` moves are the ones that interact: every row of what the field is given. Divergence and
 * Jacobian are those of the field as it is felt by one particle more.
 *
 * @param target Any measure with a density.
 * @throws INVALID_ARGUMENT; DEGENERATE_CLOUD where the default bandwidth is asked of particles that coincide.
 *
 * An evaluation takes O(n²d) time for n particles, and one of the score of the target; memory is linear. Source: Q. Liu,
 * D. Wang, Stein variational gradient descent, NeurIPS 2016.
 */
export function steinVariationalGradientDescent(target: Measure, options: SteinOptions = {}): Flow {
  checkCall(SIGNATURES.steinVariationalGradientDescent, { target, options });
  const { to = 20, variance } = options;
  if (variance !== undefined) checkPositive(variance, 'variance');
  return new Flow({
    name: 'Stein variational gradient descent',
    field: new SteinField(target, variance),
    from: 0,
    to: checkPositive(to, 'to'),
  });
}

/**
 * With K_i = Σ_j k(x_j, x_i), the kernel averages s̄ of the scores and x̄ of the particles: v = (K/n) w, w = s̄ + (x − x̄)/h.
 */
class SteinField implements VelocityField {
  readonly differentiable = true;
  readonly times = ALWAYS;
  readonly dimension: number;
  readonly #target: Measure;
  readonly #variance: number | undefined;

  constructor(target: Measure, variance: number | undefined) {
    this.dimension = target.dimension;
    this.#target = target;
    this.#variance = variance;
  }

  async evaluate(
    x: NdArrayLike,
    t: number,
    want: FieldRequest,
    options: CallOptions = {},
  ): Promise<FieldValues> {
    ({ x } = checkCall(METHODS.VelocityField.evaluate, { x, t, want, options }));
    checkTime(t, this.times);
    const { points, dtype } = await prepare(x, this.dimension, options);
    const { regression, variance } = await this.#regression(points, options, want.divergence);
    const { values, centres, logSum, crossTrace, trace } = await regression.evaluate(points, options);
    const [n, d] = points.shape;
    const velocity = allocate(dtype, n * d, 'velocities');
    const divergence = crossTrace && allocate(dtype, n, 'divergences');
    for (let i = 0; i < n; i++) {
      const share = Math.exp(logSum[i]) / n;
      // Σ r (x − c)·(s + (x − c)/h), which takes from the divergence what the kernel's own slope gives.
      let slope = crossTrace ? trace![i] / variance - crossTrace[i] : 0;
      for (let k = i * d; k < (i + 1) * d; k++) {
        const offset = points.data[k] - centres.data[k];
        const w = values.data[k] + offset / variance;
        velocity[k] = share * w;
        slope += offset * w;
      }
      if (divergence) divergence[i] = (share * (d - slope)) / variance;
    }
    return { velocity: { data: velocity, shape: points.shape }, divergence };
  }

  async jacobianVector(
    x: NdArrayLike,
    t: number,
    u: NdArrayLike,
    options: CallOptions = {},
  ): Promise<NdArray> {
    ({ x, u } = checkCall(METHODS.VelocityField.jacobianVector, { x, t, u, options }));
    checkTime(t, this.times);
    const { kernels, points } = await prepare(x, this.dimension, options);
    const vectors = checkVectors(kernels, u, points);
    const { regression, variance } = await this.#regression(points, options);
    const averages = await regression.evaluate(points, options);
    const slopes = await regression.derivative(points, vectors, options);
    const [n, d] = points.shape;
    const out = allocate(dtypeOf(points), n * d, 'Jacobian–vector products');
    for (let i = 0; i < n; i++) {
      const share = Math.exp(averages.logSum[i]) / n;
      const along = dotOfOffset(points.data, averages.centres.data, vectors.data, i * d, d);
      for (let k = i * d; k < (i + 1) * d; k++) {
        const w = averages.values.data[k] + (points.data[k] - averages.centres.data[k]) / variance;
        const change = slopes.values.data[k] + (vectors.data[k] - slopes.centres.data[k]) / variance;
        out[k] = share * (change - (along / variance) * w);
      }
    }
    return { data: out, shape: points.shape };
  }

  async #regression(
    points: NdArray,
    options: CallOptions,
    traces = false,
  ): Promise<{ regression: KernelRegression; variance: number }> {
    const { score } = await this.#target.evaluate(points, { score: true }, options);
    const variance = this.#variance ?? medianVariance(points, options);
    return { regression: new KernelRegression(points, score!, { variance, traces }), variance };
  }
}

/** So that Σ_j k(x_j, x) of a typical particle is about that of its own term: n exp(−median/2h) ≈ 1. */
function medianVariance(points: NdArray, options: CallOptions): number {
  return medianSquaredDistance(points, { seed: options.seed }) / (2 * Math.log(points.shape[0] + 1));
}

/** (x − c)·u for one row. */
function dotOfOffset(x: FloatData, c: FloatData, u: FloatData, start: number, d: number): number {
  let sum = 0;
  for (let k = start; k < start + d; k++) sum += (x[k] - c[k]) * u[k];
  return sum;
}
