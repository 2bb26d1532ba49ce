import { dtypeOf, toDtype, type FloatData, type NdArray } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import {
  type CallOptions,
  callOptions,
  checkInteger,
  checkPositive,
  partOf,
  throwIfAborted,
} from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { EmpiricalMeasure, empirical } from '../measure/empirical.js';
import type { Measure } from '../measure/measure.js';
import { GaussianMixture } from '../measure/mixture.js';
import { smoothed } from '../measure/smoothed.js';
import { ComposedGaussian } from './composed-gaussian.js';
import type { ComposedDae } from './composed-map.js';
import { type Contraction, ContractionRate, checkContraction, weightedMean } from './contraction.js';
import { weightedCloud } from './cloud-dae.js';
import { checkMeasure, daeMap } from './dae-map.js';
import { type CloudScore, type SmoothedCloud, advanceCloud, daeLayer } from './smoothed-cloud.js';
import { type Batch, BatchMap, type DaeMap } from './transport-map.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';
import { METHODS } from './method-signatures.js';

const SAMPLES = 4096;

/** Options of {@link composedDae}: either `layers` and `T`, or `noises`. */
export interface ComposedDaeOptions extends CallOptions {
  /** Number of layers, each of noise T/layers. */
  layers?: number;
  /** Total noise variance T > 0. */
  T?: number;
  /** Noise variance of each layer, in the order in which they are applied. */
  noises?: readonly number[];
  /**
   * Represent the measure by so many particles drawn from it, with the option `seed`. Default: 4096 for measures that are
   * neither a Gaussian nor a cloud.
   */
  samples?: number;
  /**
   * Smoothing variance s of the particles, below twice the measure's collapse time. Default: the collapse time. A larger one
   * has less noise, which counts in high dimension; a smaller one less bias.
   */
  smoothing?: number;
  /** Over which directions the variance of a smoothed cloud contracts, as for `transportCloud`; that of particles: all alike. */
  contraction?: Contraction;
}

/**
 * A deep denoising autoencoder: the composition of shallow ones, each at its noise variance τ_l the DAE of the measure
 * that the layers before it made. With ever more layers of noise T/n it tends to the continuous DAE at time T, at first
 * order in 1/n.
 *
 * - Gaussians: exact, N(m, Σ) ↦ N(m, Σ(I + τΣ⁻¹)⁻²) at each layer. O(nd²) time for any number of layers.
 * - Empirical measures: the cloud as it is, moved by each layer; this is blurring mean shift.
 * - Smoothed clouds, and mixtures whose components share one isotropic variance: the measure is kept as a smoothed cloud,
 *   re-estimated from the moved points, as `transportCloud` does. With `samples`, as below.
 * - Other mixtures and measures: the first layer is exact. Then the measure is that of particles: n points drawn from the
 *   measure run backwards by heat for time s/2, and smoothed by N(0, sI), which has the measure as its mean; a smoothed
 *   cloud from there on. Its noise falls as 1/√n.
 *
 * Making it takes O(m²d) time for each layer and O(md) memory for each on m points or particles; applying it to n points
 * O(nmd) for each layer.
 *
 * @throws INVALID_ARGUMENT; UNSUPPORTED for a measure that is not empirical but whose collapse time is 0; OUT_OF_MEMORY,
 *   ABORTED. `measureAfter` throws COLLAPSED where a Gaussian has shrunk to nothing in working precision.
 *
 * Source: S. Sonoda, N. Murata, JMLR 20 (2019); M. Á. Carreira-Perpiñán, ICML 2006, for blurring mean shift.
 * @example const g = await composedDae(smoothed({ points, variance: 0.1 }), { layers: 8, T: 0.04 });
 */
export async function composedDae(measure: Measure, options: ComposedDaeOptions): Promise<ComposedDae> {
  checkCall(SIGNATURES.composedDae, { measure, options });
  checkMeasure(measure);
  const noises = scheduleOf(options ?? {});
  const samples = options.samples === undefined ? undefined : checkInteger(options.samples, 'samples', 1);
  if (options.smoothing !== undefined) checkPositive(options.smoothing, 'smoothing');
  checkContraction(options.contraction);
  throwIfAborted(options.signal);
  const mixture = measure instanceof GaussianMixture ? measure : undefined;
  if (mixture?.components === 1) return new ComposedGaussian(mixture, noises);
  const smoothing = measure instanceof EmpiricalMeasure ? 0 : mixture?.isotropicVariance;
  if (smoothing === undefined || samples !== undefined) return fromParticles(measure, noises, options);
  const points = measure instanceof EmpiricalMeasure ? measure.points : mixture!.means;
  const cloud = measure as EmpiricalMeasure | GaussianMixture;
  const { weights } = weightedCloud(points, cloud.weights);
  const { tolerance } = cloud;
  const { kernels, positions } = await computable(points, options);
  const contraction = new ContractionRate(checkContraction(options.contraction), options.seed);
  const start = { positions, smoothing, weights, tolerance, contraction };
  return stackLayers(kernels, measure, start, noises, options);
}

function scheduleOf({ layers, T, noises }: ComposedDaeOptions): readonly number[] {
  if (noises === undefined) {
    const count = checkInteger(layers!, 'layers', 1);
    return new Array<number>(count).fill(checkPositive(T!, 'T') / count);
  }
  if (layers !== undefined || T !== undefined) {
    throw invalidArgument('noises', 'nothing where layers and T are given', noises);
  }
  if (!Array.isArray(noises) || noises.length === 0) {
    throw invalidArgument('noises', 'a list of at least one noise variance', noises);
  }
  return noises.map((noise: number, layer) => checkPositive(noise, `noises[${layer}]`));
}

/** The points in a type that the backend computes in: that of the option, else their own, else float32. */
async function computable(points: NdArray, options: CallOptions) {
  const kernels = await kernelsFor(options, options.dtype);
  const own = kernels.dtypes.includes(dtypeOf(points)) ? dtypeOf(points) : 'float32';
  return { kernels, positions: toDtype(points, options.dtype ?? own) };
}

async function fromParticles(
  measure: Measure,
  noises: readonly number[],
  options: ComposedDaeOptions,
): Promise<ComposedDae> {
  const { collapseTime } = measure;
  if (!(collapseTime > 0)) {
    throw new RidgeflowError(
      'UNSUPPORTED',
      'Cannot represent a measure whose collapse time is 0 by particles: smooth it with heat(t) for some t > 0, or take ' +
        'empirical({ points }) without the option samples',
    );
  }
  const { samples = SAMPLES, smoothing = collapseTime } = options;
  if (smoothing >= 2 * collapseTime) {
    throw invalidArgument(
      'smoothing',
      `a variance below twice the collapse time, ${2 * collapseTime},`,
      smoothing,
    );
  }
  const sharpened = measure.heat(-smoothing / 2);
  const call = { ...callOptions(options), onProgress: undefined };
  const drawn = await sharpened.sample(samples, call);
  const { kernels, positions } = await computable(drawn, options);
  const corrupted = measure.heat(noises[0] / 2);
  const want = { score: true, divergence: true };
  // The first layer is that of a measure that is no cloud: what follows contracts by the same mean.
  const contraction = new ContractionRate('trace', options.seed);
  const { score, divergence } = await corrupted.evaluate(positions, want, call);
  return stackLayers(kernels, measure, { positions, smoothing, contraction }, noises, options, {
    score: score!.data,
    rate: weightedMean(divergence!) / measure.dimension,
  });
}

/** The measure that each layer makes. `firstScore` is that of the corrupted measure where it is known exactly. */
async function stackLayers(
  kernels: Kernels,
  measure: Measure,
  start: SmoothedCloud,
  noises: readonly number[],
  options: CallOptions,
  firstScore?: CloudScore,
): Promise<ComposedDae> {
  const measures = [measure];
  let cloud = start;
  for (const [layer, noise] of noises.entries()) {
    throwIfAborted(options.signal);
    const run = partOf(options, layer / noises.length, (layer + 1) / noises.length);
    cloud =
      layer === 0 && firstScore
        ? advanceCloud(kernels, cloud, noise, firstScore)
        : await daeLayer(kernels, cloud, noise, run);
    checkFinite(kernels, cloud.positions, `the cloud after layer ${layer + 1}`);
    const { positions: points, smoothing: variance, weights, tolerance } = cloud;
    const atoms = { points, weights, tolerance };
    measures.push(variance > 0 ? smoothed({ ...atoms, variance }) : empirical(atoms));
  }
  return new LayeredDae(measures, noises);
}

class LayeredDae extends BatchMap implements ComposedDae {
  readonly noises: readonly number[];
  readonly #measures: readonly Measure[];
  readonly #layers: readonly DaeMap[];

  constructor(measures: readonly Measure[], noises: readonly number[]) {
    super(measures[0].dimension);
    this.noises = noises;
    this.#measures = measures;
    this.#layers = noises.map((noise, layer) => daeMap(measures[layer], { noise }));
  }

  async measureAfter(layer: number, options: CallOptions = {}): Promise<Measure> {
    checkCall(METHODS.ComposedDae.measureAfter, { options });
    return this.#measures[checkInteger(layer, 'layer', 0, this.noises.length)];
  }

  protected async move({ x, options }: Batch): Promise<FloatData> {
    let points = x;
    for (const [i, layer] of this.#layers.entries())
      points = await layer.apply(points, this.#share(options, i));
    return points.data;
  }

  protected async push({ x, options }: Batch, v: NdArray): Promise<FloatData> {
    let [points, vectors] = [x, v];
    for (const [i, layer] of this.#layers.entries()) {
      vectors = await layer.jacobianVector(points, vectors, this.#share(options, i));
      if (i < this.#layers.length - 1)
        points = await layer.apply(points, { ...options, onProgress: undefined });
    }
    return vectors.data;
  }

  /** The options of one layer's part of a call. */
  #share(options: CallOptions, layer: number): CallOptions {
    return partOf(options, layer / this.noises.length, (layer + 1) / this.noises.length);
  }
}
