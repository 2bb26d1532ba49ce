import { type FloatData, type NdArray, allocate, dtypeOf } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkPositive } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { ALWAYS, checkTime, checkVectors, prepare } from '../../field/domain.js';
import type { FieldRequest, FieldValues, VelocityField } from '../../field/field.js';
import type { Kernels } from '../../kernel/contract.js';
import type { Measure } from '../../measure/measure.js';
import { smoothed } from '../../measure/smoothed.js';
import { euler } from '../solvers/index.js';
import { Flow } from './flow.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';
import { METHODS } from '../../field/method-signatures.js';

/** Noise that helps particles out of places where the kernel flow would leave them. */
export interface NoiseInjection {
  /** Standard deviation β ≥ 0 of the noise in each coordinate, or β(t), which should fall to 0. */
  level: number | ((t: number) => number);
  /** Length of an Euler step, above 0. New noise is drawn for each. */
  step: number;
}

/** Options of {@link kernelFlow}. */
export interface KernelFlowOptions {
  /** Variance h of the Gaussian kernel, above 0: for a cloud, its {@link medianSquaredDistance} is a usual choice. */
  variance: number;
  /** Last time, above 0. */
  to: number;
  /** Default: none. With it the flow is followed by Euler's method. */
  noise?: NoiseInjection;
}

/**
 * The Wasserstein gradient flow of ½ MMD², the maximum mean discrepancy from a target π in the kernel
 * k(x, y) = exp(−|x − y|²/2h): v(x) = ∇[∫ k(x, y) dπ(y) − (1/n) Σ_j k(x, x_j)]. Particles are drawn to the target and driven
 * from each other, and ½ MMD² falls at the rate of the mean |v|².
 *
 * With noise injection a particle moves by the velocity at x + β(t)u, u standard normal: the same numbers for the same seed.
 *
 * The particles that `transport` moves are the ones that interact: every row of what the field is given. Divergence and
 * Jacobian are those of the field as it is felt by one particle more.
 *
 * @param target Any measure, point masses too: ∫ k(x, y) dπ(y) is (2πh)^{d/2} times the density of π after heat for h/2.
 * @throws INVALID_ARGUMENT.
 *
 * An evaluation takes O(n²d) time for n particles, and one of the target's density; memory is linear. Source: M. Arbel,
 * A. Korba, A. Salim, A. Gretton, Maximum mean discrepancy gradient flow, NeurIPS 2019.
 */
export function kernelFlow(target: Measure, options: KernelFlowOptions): Flow {
  checkCall(SIGNATURES.kernelFlow, { target, options });
  const variance = checkPositive(options?.variance, 'variance');
  const { noise } = options;
  if (noise) {
    checkPositive(noise.step, 'noise.step');
    levelAt(noise, 0);
  }
  return new Flow({
    name: 'kernel flow',
    field: new WitnessGradient(target, variance, noise),
    from: 0,
    to: checkPositive(options.to, 'to'),
    ...(noise && { defaults: { solver: euler, step: noise.step } }),
  });
}

function levelAt({ level }: NoiseInjection, t: number): number {
  const value = typeof level === 'function' ? level(t) : level;
  if (value >= 0 && value < Infinity) return value;
  throw invalidArgument(
    'noise.level',
    'a finite number of at least 0, or a function of time that gives one,',
    value,
  );
}

/** ∇K_π − ∇K_μ with K_μ = ∫ k(·, y) dμ(y) = (2πh)^{d/2} p, p the density of μ after heat for h/2; so ∇K = K ∇log p. */
class WitnessGradient implements VelocityField {
  readonly differentiable = true;
  readonly times = ALWAYS;
  readonly dimension: number;
  readonly #target: Measure;
  readonly #variance: number;
  readonly #noise: NoiseInjection | undefined;

  constructor(target: Measure, variance: number, noise: NoiseInjection | undefined) {
    this.dimension = target.dimension;
    this.#target = target.heat(variance / 2);
    this.#variance = variance;
    this.#noise = noise;
  }

  async evaluate(
    x: NdArrayLike,
    t: number,
    want: FieldRequest,
    options: CallOptions = {},
  ): Promise<FieldValues> {
    ({ x } = checkCall(METHODS.VelocityField.evaluate, { x, t, want, options }));
    checkTime(t, this.times);
    const { kernels, points } = await prepare(x, this.dimension, options);
    const places = await this.#places(kernels, points, t, options);
    const [towards, apart] = await this.#ofBoth(points, async (measure) => {
      const wanted = { logDensity: true, score: true, divergence: want.divergence };
      const { logDensity, score, divergence } = await measure.evaluate(places, wanted, options);
      const sums = this.#kernelSums(logDensity!);
      // ΔK = K(Δlog p + |∇log p|²).
      divergence?.forEach((value, i) => (divergence[i] = sums[i] * (value + squareOfRow(score!, i))));
      multiplyRows(score!, sums);
      return { velocity: score!, divergence };
    });
    const subtract = (from: FloatData, what: FloatData) =>
      kernels.linearCombination(from, [
        { coefficient: 1, array: from },
        { coefficient: -1, array: what },
      ]);
    subtract(towards.velocity.data, apart.velocity.data);
    if (towards.divergence) subtract(towards.divergence, apart.divergence!);
    return towards;
  }

  /** ∇²K·u = K(∇²log p·u + ∇log p (∇log p·u)). */
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
    const places = await this.#places(kernels, points, t, options);
    const d = this.dimension;
    const [towards, apart] = await this.#ofBoth(points, async (measure) => {
      const { logDensity, score } = await measure.evaluate(
        places,
        { logDensity: true, score: true },
        options,
      );
      const product = await measure.hessianVector(places, vectors, options);
      for (let start = 0; start < product.data.length; start += d) {
        let along = 0;
        for (let k = start; k < start + d; k++) along += score!.data[k] * vectors.data[k];
        for (let k = start; k < start + d; k++) product.data[k] += along * score!.data[k];
      }
      multiplyRows(product, this.#kernelSums(logDensity!));
      return product;
    });
    for (let i = 0; i < towards.data.length; i++) towards.data[i] -= apart.data[i];
    return towards;
  }

  async #ofBoth<T>(points: NdArray, work: (measure: Measure) => Promise<T>): Promise<[T, T]> {
    return [await work(this.#target), await work(smoothed({ points, variance: this.#variance }))];
  }

  /** K from log p. */
  #kernelSums(logDensity: FloatData): Float64Array {
    const offset = (this.dimension / 2) * Math.log(2 * Math.PI * this.#variance);
    return Float64Array.from(logDensity, (value) => Math.exp(value + offset));
  }

  /** Where the velocity is taken: at the particles, or with noise about them. */
  async #places(
    kernels: Kernels,
    points: NdArray,
    t: number,
    { seed, signal }: CallOptions,
  ): Promise<NdArray> {
    const noise = this.#noise;
    const level = noise ? levelAt(noise, t) : 0;
    if (!noise || level === 0) return points;
    const data = allocate(dtypeOf(points), points.data.length, 'injected noise');
    const stream = new RandomStream(seed, 'noise', Math.max(0, Math.round(t / noise.step)));
    await kernels.normals({ stream, out: data }, { signal });
    kernels.linearCombination(data, [
      { coefficient: 1, array: points.data },
      { coefficient: level, array: data },
    ]);
    return { data, shape: points.shape };
  }
}

function squareOfRow({ data, shape: [, d] }: NdArray, row: number): number {
  let sum = 0;
  for (let k = row * d; k < (row + 1) * d; k++) sum += data[k] * data[k];
  return sum;
}

function multiplyRows({ data, shape: [n, d] }: NdArray, factors: Float64Array): void {
  for (let i = 0; i < n; i++) for (let k = 0; k < d; k++) data[i * d + k] *= factors[i];
}
