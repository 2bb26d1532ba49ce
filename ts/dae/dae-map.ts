import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { isForeign, isOwn } from '../core/foreign.js';
import { checkPositive } from '../core/options.js';
import type { RowsLike } from '../measure/arguments.js';
import { EmpiricalMeasure } from '../measure/empirical.js';
import { fullCovariance } from '../measure/gaussian.js';
import type { Measure } from '../measure/measure.js';
import { GaussianMixture } from '../measure/mixture.js';
import { CovarianceNoiseDae } from './covariance-noise.js';
import { isotropicDae } from './isotropic-dae.js';
import type { NoiseDensity } from './noise.js';
import { NoiseDensityDae } from './noise-density-dae.js';
import type { DaeMap } from './transport-map.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link daeMap}. */
export interface DaeMapOptions {
  /**
   * t > 0 for noise N(0, tI); a symmetric positive definite d × d matrix T for N(0, T); or a density, from
   * `laplaceNoise`, `uniformBallNoise` or `noiseFromDensity`.
   */
  noise: number | RowsLike | NoiseDensity;
}

/**
 * The shallow denoising autoencoder of a measure μ₀ at its optimum: the posterior mean g(x) = E[y | x] of y ~ μ₀ given
 * x = y + ε. It minimises E|g(y + ε) − y|². For noise N(0, T), g(x) = x + T∇log(μ₀ * N(0, T))(x); for noise of any
 * density ν, g(x) = ∫ y ν(x − y)dμ₀(y) / ∫ ν(x − y)dμ₀(y). For N(0, tI) it is the gradient of a convex function, and so
 * the optimal transport onto its image.
 *
 * Exact for Gaussians, (I + tΣ⁻¹)⁻¹x + (I + Σ/t)⁻¹m; mixtures, Σ γ_k(x)[(I + tΣ_k⁻¹)⁻¹x + (I + Σ_k/t)⁻¹m_k]; empirical
 * measures, Σ w_i(x) x_i; smoothed clouds, (s x + t Σ w_i(x) x_i)/(s + t); and for N(0, tI) any measure with a heat flow.
 *
 * Time for n points: as the measure's own evaluation, O(nKd²) for K components, O(nmd) for a cloud of m points; with a
 * covariance T, O(nd²) more. The divergence takes O(nmd²) for smoothed clouds with a covariance T. Densities are called
 * on the main thread, between turns of the event loop.
 *
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, NON_FINITE for the noise; UNSUPPORTED where the measure and the noise have no
 *   exact map. The map's methods with a density of noise throw DEGENERATE_CLOUD, with `details.row`, where the noise can
 *   bring no point of the cloud to a row of x; NON_FINITE, INVALID_SHAPE for what the density returns; and for the
 *   Jacobian UNSUPPORTED where the density has no score.
 *
 * Source: M. C. K. Tweedie in H. Robbins, Proc. 3rd Berkeley Symp. (1956); G. Alain, Y. Bengio, JMLR 15 (2014);
 * S. Sonoda, N. Murata, JMLR 20 (2019).
 * @example const g = daeMap(smoothed({ points, variance: 0.1 }), { noise: 0.5 }); await g.apply(points);
 */
export function daeMap(measure: Measure, options: DaeMapOptions): DaeMap {
  checkCall(SIGNATURES.daeMap, { measure, options });
  checkMeasure(measure);
  const noise = options?.noise;
  if (typeof noise === 'number') return isotropicDae(measure, checkPositive(noise, 'noise'));
  if (isDensity(noise)) return densityMap(measure, noise);
  if (!isForeign(noise) && !isOwn(noise)) {
    throw invalidArgument('noise', 'a variance, a covariance matrix or a noise density', noise);
  }
  return covarianceMap(measure, noise);
}

/** Throws INVALID_ARGUMENT unless the argument is a measure. */
export function checkMeasure(measure: Measure): void {
  if (typeof measure?.heat !== 'function' || typeof measure.evaluate !== 'function') {
    throw invalidArgument('measure', 'a measure, such as gaussian(…) or smoothed(…)', measure);
  }
}

function isDensity(noise: unknown): noise is NoiseDensity {
  return typeof (noise as NoiseDensity | undefined)?.logDensity === 'function';
}

function covarianceMap(measure: Measure, noise: RowsLike): DaeMap {
  const covariance = fullCovariance(noise, 'noise', measure.dimension);
  const variance = covariance.isotropicVariance;
  if (variance !== undefined) return isotropicDae(measure, variance);
  if (measure instanceof EmpiricalMeasure || measure instanceof GaussianMixture) {
    return new CovarianceNoiseDae(measure, covariance);
  }
  throw unsupported('noise with a full covariance', 'Gaussians, mixtures and clouds');
}

function densityMap(measure: Measure, noise: NoiseDensity): DaeMap {
  if (!(measure instanceof EmpiricalMeasure)) {
    throw unsupported(noise.name, 'empirical measures');
  }
  if (noise.dimension !== undefined && noise.dimension !== measure.dimension) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected noise of dimension ${measure.dimension}, as the measure, but ${noise.name} has ${noise.dimension}`,
      { details: { parameter: 'noise' } },
    );
  }
  return new NoiseDensityDae(measure, noise);
}

function unsupported(noise: string, measures: string): RidgeflowError {
  return new RidgeflowError(
    'UNSUPPORTED',
    `The exact map for ${noise} is known for ${measures} only: draw points from the measure and take ` +
      'empirical({ points: await measure.sample(n) })',
  );
}
