import type { DType, NdArray } from '../core/array.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { kernelsFor, runsOverRanks } from '../kernel/backend.js';
import { notOverRanks } from '../kernel/whole.js';
import type { Covariance } from './covariance.js';
import { evaluateParts, hessianVectorOfParts } from './density.js';
import { estimateEntropy, estimateFisherInformation } from './estimates.js';
import { GaussianPart } from './gaussian-part.js';
import { checkHeatTime } from './heat.js';
import { IsotropicPart } from './isotropic-part.js';
import type { DensityRequest, DensityValues, Estimate, EstimateOptions, Measure } from './measure.js';
import type { Part } from './part.js';
import { samplePoints } from './sampling.js';
import type { WeightedCloud } from './weighted-cloud.js';
import { METHODS } from './method-signatures.js';
import { checkCall } from '../core/call.js';

/** Components that are evaluated together: all of the same isotropic variance, or one of any other covariance. */
interface Group {
  readonly cloud: WeightedCloud;
  readonly logWeight: number;
  /** A component of the group, by number. */
  readonly component: number;
}

/**
 * Σ_k w_k N(m_k, Σ_k): a Gaussian (K = 1), a mixture, or a smoothed cloud (one covariance for all). Components of one
 * isotropic variance take O(nKd) time together, one of d variances O(nd), a full covariance O(nd²). Made by `gaussian`,
 * `gaussianMixture` and `smoothed`.
 */
export class GaussianMixture implements Measure {
  readonly #cloud: WeightedCloud;
  /** One for each component, or one for all. */
  readonly #covariances: readonly Covariance[];
  readonly #dtype: DType;
  readonly #groups: readonly Group[];
  #parts: readonly Part[] | undefined;
  #collapseTime: number | undefined;

  /** @internal */
  constructor(
    cloud: WeightedCloud,
    covariances: readonly Covariance[],
    dtype: DType,
    groups = groupComponents(cloud, covariances),
  ) {
    this.#cloud = cloud;
    this.#covariances = covariances;
    this.#dtype = dtype;
    this.#groups = groups;
  }

  get dimension(): number {
    return this.#cloud.dimension;
  }

  /** Number of components K. */
  get components(): number {
    return this.#cloud.size;
  }

  /** Weights of the components, K values that sum to 1. */
  get weights(): Float64Array {
    const { weights, size } = this.#cloud;
    return weights ? weights.slice() : new Float64Array(size).fill(1 / size);
  }

  /** Means of the components, K × d. Not a copy: do not write to it. */
  get means(): NdArray {
    return this.#cloud.points;
  }

  /** Error that sums over the components may have, as it was given; absent where it was not. */
  get tolerance(): number | undefined {
    return this.#cloud.tolerance;
  }

  /** Covariance of component k, d × d row-major. */
  componentCovariance(k: number): Float64Array {
    checkInteger(k, 'k', 0, this.components - 1);
    const matrix = new Float64Array(this.dimension ** 2);
    this.#covarianceOf(k).addTo(matrix, 1);
    return matrix;
  }

  /** The variance s of Σ_k w_k N(m_k, sI), as a smoothed cloud has; absent where the components have no such one. */
  get isotropicVariance(): number | undefined {
    return this.#groups.length === 1
      ? this.#covarianceOf(this.#groups[0].component).isotropicVariance
      : undefined;
  }

  /** Half the smallest eigenvalue of all covariances. O(Kd³) time the first time, if there are full ones. */
  get collapseTime(): number {
    this.#collapseTime ??=
      this.#groups.reduce(
        (least, { component }) => Math.min(least, this.#covarianceOf(component).smallest),
        Infinity,
      ) / 2;
    return this.#collapseTime;
  }

  #covarianceOf(component: number): Covariance {
    return this.#covariances[this.#covariances.length === 1 ? 0 : component];
  }

  async sample(n: number, options: CallOptions = {}): Promise<NdArray> {
    checkCall(METHODS.Measure.sample, { options });
    const dtype = options.dtype ?? this.#dtype;
    return samplePoints(this.#cloud, (component) => this.#covarianceOf(component), n, dtype, options);
  }

  async evaluate(x: NdArrayLike, want: DensityRequest, options: CallOptions = {}): Promise<DensityValues> {
    ({ x } = checkCall(METHODS.Measure.evaluate, { x, want, options }));
    return evaluateParts(await this.#partsFor(options), x, this.dimension, want, options);
  }

  async hessianVector(x: NdArrayLike, v: NdArrayLike, options: CallOptions = {}): Promise<NdArray> {
    ({ x, v } = checkCall(METHODS.Measure.hessianVector, { x, v, options }));
    return hessianVectorOfParts(await this.#partsFor(options), x, v, this.dimension, options);
  }

  async #partsFor(options: CallOptions): Promise<readonly Part[]> {
    return (await runsOverRanks(options)) ? this.#partOverRanks() : this.#allParts();
  }

  /**
   * The smoothed cloud of the points of all ranks, of which each has some. One that all have alike is the same: as many copies
   * of each centre count as one.
   */
  #partOverRanks(): readonly Part[] {
    const variance = this.isotropicVariance;
    if (variance === undefined || this.#cloud.weights)
      throw notOverRanks(
        'Mixtures of weights or of several covariances, or of one that has axes, are not evaluated',
      );
    return [new IsotropicPart(0, this.#cloud, variance)];
  }

  #allParts(): readonly Part[] {
    this.#parts ??= this.#groups.map(({ cloud, logWeight, component }) => {
      const covariance = this.#covarianceOf(component);
      const variance = covariance.isotropicVariance;
      // Of a single centre everything is known in closed form, to the last digit.
      return variance === undefined || cloud.size === 1
        ? new GaussianPart(logWeight, cloud.points.data, covariance)
        : new IsotropicPart(logWeight, cloud, variance);
    });
    return this.#parts;
  }

  heat(t: number): GaussianMixture {
    checkHeatTime(t, () => this.collapseTime);
    if (t === 0) return this;
    const covariances = this.#covariances.map((covariance) => covariance.shifted(2 * t));
    return new GaussianMixture(this.#cloud, covariances, this.#dtype, this.#groups);
  }

  /** ½ log det 2πeΣ of a Gaussian; of a mixture a Monte Carlo estimate of `samples` points. */
  async entropy(options: EstimateOptions = {}): Promise<Estimate> {
    checkCall(METHODS.Measure.entropy, { options });
    if (this.components > 1) return estimateEntropy(this, options);
    const eigenvalues = await this.#covariances[0].eigenvalues(await kernelsFor(options));
    const value =
      eigenvalues.reduce((sum, variance) => sum + Math.log(2 * Math.PI * Math.E * variance), 0) / 2;
    return { value, method: 'exact' };
  }

  /** tr Σ⁻¹ of a Gaussian; of a mixture a Monte Carlo estimate of `samples` points. */
  async fisherInformation(options: EstimateOptions = {}): Promise<Estimate> {
    checkCall(METHODS.Measure.fisherInformation, { options });
    if (this.components > 1) return estimateFisherInformation(this, options);
    const eigenvalues = await this.#covariances[0].eigenvalues(await kernelsFor(options));
    return { value: eigenvalues.reduce((sum, variance) => sum + 1 / variance, 0), method: 'exact' };
  }

  mean(): Float64Array {
    return this.#cloud.mean();
  }

  /** Σ_k w_k Σ_k plus the covariance of the means. */
  async covariance(options: CallOptions = {}): Promise<Float64Array> {
    checkCall(METHODS.Measure.covariance, { options });
    const matrix = await this.#cloud.covariance(options);
    const { weights, size } = this.#cloud;
    const tied = this.#covariances.length === 1;
    this.#covariances.forEach((covariance, k) =>
      covariance.addTo(matrix, tied ? 1 : weights ? weights[k] : 1 / size),
    );
    return matrix;
  }
}

/** Components of weight 0 are in no group. */
function groupComponents(cloud: WeightedCloud, covariances: readonly Covariance[]): readonly Group[] {
  if (covariances.length === 1 && (cloud.size === 1 || covariances[0].isotropicVariance !== undefined)) {
    return [{ cloud, logWeight: 0, component: 0 }];
  }
  const byVariance = new Map<number, number[]>();
  const sets: number[][] = [];
  for (let k = 0; k < cloud.size; k++) {
    if (cloud.weights?.[k] === 0) continue;
    const variance = covariances[covariances.length === 1 ? 0 : k].isotropicVariance;
    const others = variance === undefined ? undefined : byVariance.get(variance);
    if (others) {
      others.push(k);
      continue;
    }
    const set = [k];
    sets.push(set);
    if (variance !== undefined) byVariance.set(variance, set);
  }
  return sets.map((set) => {
    const { cloud: members, weight } = cloud.subset(set);
    return { cloud: members, logWeight: Math.log(weight), component: set[0] };
  });
}
