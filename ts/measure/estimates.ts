import type { FloatData } from '../core/array.js';
import { checkInteger, partOf } from '../core/options.js';
import type { Estimate, EstimateOptions, Measure } from './measure.js';

const SAMPLES = 8192;

/** −E[log μ(X)] over a sample of the measure. */
export async function estimateEntropy(measure: Measure, options: EstimateOptions): Promise<Estimate> {
  const { x, evaluation } = await draw(measure, options);
  const { logDensity } = await measure.evaluate(x, { logDensity: true }, evaluation);
  return meanOf(logDensity!.length, (i) => -logDensity![i]);
}

/** E[|∇log μ(X)|²] over a sample of the measure. */
export async function estimateFisherInformation(
  measure: Measure,
  options: EstimateOptions,
): Promise<Estimate> {
  const { x, evaluation } = await draw(measure, options);
  const { score } = await measure.evaluate(x, { score: true }, evaluation);
  const d = measure.dimension;
  return meanOf(score!.shape[0], (i) => squaredNorm(score!.data, i * d, d));
}

async function draw(measure: Measure, options: EstimateOptions) {
  const samples = checkInteger(options.samples ?? SAMPLES, 'samples', 2);
  const x = await measure.sample(samples, partOf(options, 0, 0.1));
  return { x, evaluation: partOf(options, 0.1, 1) };
}

function squaredNorm(data: FloatData, from: number, d: number): number {
  let sum = 0;
  for (let k = from; k < from + d; k++) sum += data[k] * data[k];
  return sum;
}

/** The mean of n values, with its standard error. */
function meanOf(n: number, value: (i: number) => number): Estimate {
  let mean = 0;
  let spread = 0;
  for (let i = 0; i < n; i++) {
    // Welford's update: no cancellation where the values are large and close together.
    const difference = value(i) - mean;
    mean += difference / (i + 1);
    spread += difference * (value(i) - mean);
  }
  return { value: mean, method: 'monte-carlo', standardError: Math.sqrt(spread / (n - 1) / n) };
}
