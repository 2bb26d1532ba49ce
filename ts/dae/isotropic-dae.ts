import { EmpiricalMeasure } from '../measure/empirical.js';
import type { Measure } from '../measure/measure.js';
import { GaussianMixture } from '../measure/mixture.js';
import { CloudDae, weightedCloud } from './cloud-dae.js';
import { GaussianDae } from './gaussian-dae.js';
import type { GaussianNoiseMap } from './gaussian-noise.js';
import { TweedieDae } from './tweedie-dae.js';

/** The DAE map for noise N(0, tI), by the closed form of the measure where it has one. */
export function isotropicDae(measure: Measure, noise: number): GaussianNoiseMap {
  if (measure instanceof EmpiricalMeasure) {
    return new CloudDae(weightedCloud(measure.points, measure.weights, measure.tolerance), noise, 1);
  }
  if (!(measure instanceof GaussianMixture)) return new TweedieDae(measure, noise);
  if (measure.components === 1) return new GaussianDae(measure, noise);
  const smoothing = measure.isotropicVariance;
  if (smoothing === undefined) return new TweedieDae(measure, noise);
  const variance = smoothing + noise;
  const cloud = weightedCloud(measure.means, measure.weights, measure.tolerance);
  return new CloudDae(cloud, variance, noise / variance);
}
