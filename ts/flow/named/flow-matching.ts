import { type DType, type FloatData, type NdArray, allocate, dtypeOf } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import type { CallOptions } from '../../core/options.js';
import type { FieldRequest, FieldValues, VelocityField } from '../../field/field.js';
import { type Times, checkTime, checkVectors, prepare } from '../../field/domain.js';
import type { Measure } from '../../measure/measure.js';
import { GaussianMixture } from '../../measure/mixture.js';
import { dilated } from './dilation.js';
import { Flow } from './flow.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';
import { METHODS } from '../../field/method-signatures.js';

/** Before this time the velocity is taken as if at it, to second order in time: where that and rounding errors balance. */
const EARLIEST: Record<DType, number> = { float32: 2e-3, float64: 1e-5 };

/**
 * Flow matching from a Gaussian N(m, s²I) to any measure, in closed form. Along straight paths x_t = (1 − t)x₀ + t x₁ with
 * x₀ and x₁ independent, the velocity is the mean of x₁ − x₀ given x_t = x, so that the particles have at every time
 * 0 ≤ t ≤ 1 the law of x_t: that of the target, scaled by t, plus N((1 − t)m, (1 − t)²s²I). The mean of x₁ given x_t is a
 * denoising autoencoder of the target; for a cloud, its points weighted by exp(−|x − (1 − t)m − t x₁|²/2(1 − t)²s²).
 *
 * With a target of point masses the flow exists for t < 1 only: end before that, or smooth the target. `reversed()` carries
 * the target to the source.
 *
 * @param source An isotropic Gaussian. For any other source see {@link pairedFlowMatching}.
 * @throws UNSUPPORTED for another source, INVALID_SHAPE for dimensions that differ.
 *
 * An evaluation costs one of the target's density. Source: Y. Lipman, R. T. Q. Chen, H. Ben-Hamu, M. Nickel, M. Le, Flow
 * matching for generative modeling, ICLR 2023.
 */
export function flowMatching(source: Measure, target: Measure): Flow {
  checkCall(SIGNATURES.flowMatching, { source, target });
  const variance = isotropicVariance(source);
  if (target.dimension !== source.dimension) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected a target of dimension ${source.dimension} but received ${target.dimension}`,
    );
  }
  const mean = source.mean();
  return new Flow({
    name: 'flow matching',
    field: new MarginalVelocity(mean, variance, target),
    from: 0,
    // Close enough to a cloud that has no law of its own at time 1.
    to: target.collapseTime > 0 ? 1 : 0.999,
    law(t) {
      if (t === 0) return source;
      const shift = mean.map((value) => (1 - t) * value);
      return dilated(target.heat(heatTime(variance, t)), { scale: t, shift });
    },
  });
}

/** The noise ((1 − t)/t)² s² of x_t/t about x₁, as a time of the heat flow. */
function heatTime(variance: number, t: number): number {
  return (((1 - t) / t) ** 2 * variance) / 2;
}

function isotropicVariance(source: Measure): number {
  if (source instanceof GaussianMixture && source.components === 1) {
    const d = source.dimension;
    const covariance = source.componentCovariance(0);
    if (covariance.every((entry, at) => entry === (at % (d + 1) === 0 ? covariance[0] : 0)))
      return covariance[0];
  }
  throw new RidgeflowError(
    'UNSUPPORTED',
    'Closed-form flow matching starts from an isotropic Gaussian, gaussian({ mean, variance }): for another source draw ' +
      'points of both measures and use pairedFlowMatching',
  );
}

/** Velocity and its derivatives as a combination: v = a x + b m + c S(y) at y = slope · (x − (1 − t)m). */
interface Combination {
  slope: number;
  point: number;
  mean: number;
  score: number;
  /** S is the score of the target after this much heat. */
  heat: number;
}

/** v_t(x) = E[x₁ − x₀ | x_t = x] for x₀ of N(m, s²I) and an independent x₁. */
class MarginalVelocity implements VelocityField {
  readonly differentiable = true;
  readonly dimension: number;
  readonly times: Times;
  readonly #mean: Float64Array;
  readonly #variance: number;
  readonly #target: Measure;

  constructor(mean: Float64Array, variance: number, target: Measure) {
    this.dimension = target.dimension;
    // Time 0 belongs to the flow: the interval that is open ends a hair before it.
    this.times = { from: -1e-5, to: target.collapseTime > 0 ? Infinity : 1 };
    this.#mean = mean;
    this.#variance = variance;
    this.#target = target;
  }

  async evaluate(
    x: NdArrayLike,
    t: number,
    want: FieldRequest,
    options: CallOptions = {},
  ): Promise<FieldValues> {
    ({ x } = checkCall(METHODS.VelocityField.evaluate, { x, t, want, options }));
    const { kernels, points, dtype } = await prepare(x, this.dimension, options);
    const by = this.#combination(t, dtype);
    const measure = this.#target.heat(by.heat);
    const { divergence: wantsDivergence, into } = want;
    const wanted = {
      score: true,
      divergence: wantsDivergence,
      into: { score: into?.velocity, divergence: into?.divergence },
    };
    const { score, divergence } = await measure.evaluate(this.#image(points, t, by.slope), wanted, options);
    const { data } = score!;
    kernels.linearCombination(data, [
      { coefficient: by.point, array: points.data },
      { coefficient: by.score, array: data },
    ]);
    this.#addMean(data, by.mean);
    const d = this.dimension;
    divergence?.forEach((value, i) => (divergence[i] = by.point * d + by.score * by.slope * value));
    return { velocity: score!, divergence };
  }

  async jacobianVector(
    x: NdArrayLike,
    t: number,
    u: NdArrayLike,
    options: CallOptions = {},
  ): Promise<NdArray> {
    ({ x, u } = checkCall(METHODS.VelocityField.jacobianVector, { x, t, u, options }));
    const { kernels, points, dtype } = await prepare(x, this.dimension, options);
    const vectors = checkVectors(kernels, u, points);
    const by = this.#combination(t, dtype);
    const measure = this.#target.heat(by.heat);
    const product = await measure.hessianVector(this.#image(points, t, by.slope), vectors, options);
    kernels.linearCombination(product.data, [
      { coefficient: by.point, array: vectors.data },
      { coefficient: by.score * by.slope, array: product.data },
    ]);
    return product;
  }

  #combination(t: number, dtype: DType): Combination {
    checkTime(t, this.times);
    const least = EARLIEST[dtype];
    const variance = this.#variance;
    if (t >= least) {
      // (x − E[x₀ | x])/t by Tweedie's formula, which stays finite up to t = 1.
      const score = ((1 - t) * variance) / t ** 2;
      return { slope: 1 / t, point: 1 / t, mean: -1 / t, score, heat: heatTime(variance, t) };
    }
    // (E[x₁ | x] − x)/(1 − t), where x says so little of x₁ that its mean is linear in t(x − (1 − t)m): what it is for
    // t = least gives it for all smaller t. Divided by t itself, rounding errors would grow without bound.
    const heat = heatTime(variance, least);
    const slope = t / least ** 2;
    return { slope, point: (slope - 1) / (1 - t), mean: -slope, score: (2 * heat) / (1 - t), heat };
  }

  #image(points: NdArray, t: number, slope: number): NdArray {
    const data = allocate(dtypeOf(points), points.data.length, 'scaled points');
    const [mean, d] = [this.#mean, this.dimension];
    for (let i = 0; i < data.length; i++) data[i] = slope * (points.data[i] - (1 - t) * mean[i % d]);
    return { data, shape: points.shape };
  }

  #addMean(data: FloatData, factor: number): void {
    const mean = this.#mean;
    for (let i = 0; i < data.length; i++) data[i] += factor * mean[i % mean.length];
  }
}
