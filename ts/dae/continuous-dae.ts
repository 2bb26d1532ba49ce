import type { FloatData, NdArray } from '../core/array.js';
import { dtypeOf } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { checkPositive } from '../core/options.js';
import { type OdeSystem, type SolveOptions, type State, solve } from '../flow/index.js';
import type { Measure } from '../measure/measure.js';
import { GaussianMixture } from '../measure/mixture.js';
import { checkMeasure } from './dae-map.js';
import { squaredNorms } from './gaussian-noise.js';
import { GaussianMap } from './gaussian-dae.js';
import { type Batch, BatchMap, type TransportMap } from './transport-map.js';
import { checkCall } from '../core/call.js';
import { METHODS } from './method-signatures.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link continuousDae}. */
export interface ContinuousDaeOptions extends Pick<
  SolveOptions,
  'solver' | 'linearise' | 'step' | 'maximumSteps'
> {
  /** End time, above 0 and below the measure's collapse time. */
  to: number;
  /**
   * Error of a step, relative to the measure's smallest standard deviation and to a point's distance from the origin.
   * Default 1e-6, in float64 1e-9. Not together with `step`.
   */
  tolerance?: number;
}

/** The flow map of the continuous DAE from time 0 to a later time. */
export interface ContinuousDae extends TransportMap {
  /** End time. */
  readonly to: number;

  /** The pushforward of the starting measure at a time from 0 to its collapse: the backward heat flow. Throws COLLAPSED. */
  measureAt(t: number): Measure;
}

/**
 * The continuous denoising autoencoder of a measure μ₀, the limit of ever more layers of ever less noise: the flow map of
 * ẋ = ∇log μ_t(x), where μ_t, its own pushforward, solves the backward heat equation ∂μ/∂t = −Δμ. It is the Wasserstein
 * gradient flow of the Shannon entropy.
 *
 * Here μ_t is known from μ₀. For the flow that is re-estimated all along from a moving cloud, see `transportCloud` with
 * the depth `continuous`.
 *
 * Exact for Gaussians, m + (I − 2tΣ⁻¹)^{1/2}(x − m), whatever the solver's options: O(nd²) time. Other measures by the
 * solver, Dopri5 by default, with one evaluation of the measure's score in each stage, and for the Jacobian of its
 * Hessian. With fixed steps of the Euler method it is a residual network of so many layers.
 *
 * @throws COLLAPSED, with `details.collapseTime`, unless `to` is before the measure's collapse, which is at once for an
 *   empirical measure; INVALID_ARGUMENT. The map's methods throw what `solve` does.
 *
 * Source: S. Sonoda, N. Murata, JMLR 20 (2019).
 */
export function continuousDae(measure: Measure, options: ContinuousDaeOptions): ContinuousDae {
  checkCall(SIGNATURES.continuousDae, { measure, options });
  checkMeasure(measure);
  const to = checkPositive(options?.to, 'to');
  const { collapseTime } = measure;
  if (!(to < collapseTime)) throw collapsed(to, collapseTime);
  if (options.tolerance !== undefined) checkPositive(options.tolerance, 'tolerance');
  return measure instanceof GaussianMixture && measure.components === 1
    ? new ContinuousGaussian(measure, to)
    : new BackwardHeatFlow(measure, options);
}

function collapsed(to: number, collapseTime: number): RidgeflowError {
  const remedy =
    collapseTime > 0
      ? `choose \`to\` below ${collapseTime}, or smooth the measure first`
      : 'smooth it first, with heat(t) for some t > 0';
  return new RidgeflowError(
    'COLLAPSED',
    `The continuous DAE of this measure collapses at time ${collapseTime}, before to = ${to}: ${remedy}`,
    { details: { collapseTime, to } },
  );
}

class ContinuousGaussian extends GaussianMap implements ContinuousDae {
  readonly to: number;
  readonly #measure: GaussianMixture;

  constructor(measure: GaussianMixture, to: number) {
    // Just before the collapse, rounding may find the smallest variance below 2t.
    super(measure, (variance) => Math.sqrt(Math.max(0, 1 - (2 * to) / variance)));
    this.#measure = measure;
    this.to = to;
  }

  measureAt(t: number): Measure {
    checkCall(METHODS.ContinuousDae.measureAt, { t });
    return this.#measure.heat(-t);
  }
}

class BackwardHeatFlow extends BatchMap implements ContinuousDae {
  readonly to: number;
  readonly #measure: Measure;
  readonly #options: ContinuousDaeOptions;

  constructor(measure: Measure, options: ContinuousDaeOptions) {
    super(measure.dimension);
    this.to = options.to;
    this.#measure = measure;
    this.#options = options;
  }

  measureAt(t: number): Measure {
    checkCall(METHODS.ContinuousDae.measureAt, { t });
    return this.#measure.heat(-t);
  }

  protected async move(batch: Batch): Promise<FloatData> {
    const [points] = await this.#flow(batch, [batch.x]);
    return points.data;
  }

  /** The points and their vectors together: dv/dt = ∇²log μ_t(x)·v. */
  protected async push(batch: Batch, v: NdArray): Promise<FloatData> {
    const [, vectors] = await this.#flow(batch, [batch.x, v]);
    return vectors.data;
  }

  async #flow({ x, kernels, options }: Batch, start: State): Promise<State> {
    const { solver, linearise, step, maximumSteps } = this.#options;
    const run = { ...options, onProgress: undefined };
    const system: OdeSystem = {
      derivative: async (t, [points, vectors], out) => {
        const measure = this.measureAt(t);
        const { score } = await measure.evaluate(points, { score: true }, run);
        out[0].data.set(score!.data);
        if (vectors) out[1].data.set((await measure.hessianVector(points, vectors, run)).data);
      },
      rows: {
        array: 0,
        tangents: start.length > 1 ? [1] : [],
        derivative: async (t, points, out) => {
          const { score } = await this.measureAt(t).evaluate(points, { score: true }, run);
          out.set(score!.data);
        },
        product: async (t, points, vectors, out) =>
          out.set((await this.measureAt(t).hessianVector(points, vectors, run)).data),
      },
    };
    const { end } = await solve(system, start, {
      from: 0,
      to: this.to,
      kernels,
      solver,
      linearise,
      step,
      maximumSteps,
      tolerance: step === undefined ? this.#tolerance(x, start) : undefined,
      signal: options.signal,
      onProgress: options.onProgress,
    });
    return end.y;
  }

  #tolerance(x: NdArray, [, vectors]: State) {
    const relative = this.#options.tolerance ?? (dtypeOf(x) === 'float64' ? 1e-9 : 1e-6);
    const deviation = Math.sqrt(2 * this.#measure.collapseTime * this.dimension);
    const absolute = [relative * deviation];
    if (vectors) {
      const mean = squaredNorms(vectors).reduce((sum, square) => sum + square, 0) / vectors.shape[0];
      absolute.push(relative * (Math.sqrt(mean) || 1));
    }
    return { relative, absolute };
  }
}
