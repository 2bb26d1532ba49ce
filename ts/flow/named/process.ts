import { invalidArgument } from '../../core/errors.js';
import { checkPositive } from '../../core/options.js';
import { type VectorLike, invalidShape, toVector } from '../../measure/arguments.js';
import type { Measure } from '../../measure/measure.js';
import { dilated } from './dilation.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/**
 * A diffusion with a linear drift, dX = f(t)(X − c) dt + g(t) dB for 0 ≤ t ≤ end. Given X_0 it is normal at every time:
 * X_t = c + a(t)(X_0 − c) + N(0, s(t)I). Any object with these members is one.
 */
export interface DiffusionProcess {
  readonly name: string;
  /** The last time. */
  readonly end: number;
  /** f(t). */
  drift(t: number): number;
  /** g(t), at least 0. */
  noise(t: number): number;
  /** a(t) = exp ∫₀ᵗ f > 0. */
  scale(t: number): number;
  /** s(t) = ∫₀ᵗ (a(t)/a(r))² g(r)² dr. */
  variance(t: number): number;
  /** c, d values. Default: the origin. */
  readonly centre?: ArrayLike<number>;
}

/** The law at time t of a process that starts from a measure, in closed form: the measure heated, then scaled. */
export function lawOf(process: DiffusionProcess, measure: Measure, t: number): Measure {
  checkCall(SIGNATURES.lawOf, { process, measure });
  const scale = process.scale(t);
  const shift = process.centre && Array.from(process.centre, (value) => (1 - scale) * value);
  return dilated(measure.heat(process.variance(t) / (2 * scale ** 2)), { scale, shift });
}

/** Throws unless `process` has the members of a process, and its centre the dimension of the measure. */
export function checkProcess(process: DiffusionProcess, measure: Measure): void {
  if (typeof measure?.heat !== 'function') throw invalidArgument('measure', 'a measure', measure);
  for (const name of ['drift', 'noise', 'scale', 'variance'] as const) {
    if (typeof process?.[name] !== 'function') {
      throw invalidArgument(
        'process',
        `a process such as variancePreserving(), with the function ${name}(t),`,
        process,
      );
    }
  }
  checkPositive(process.end, 'process.end');
  if (process.centre && process.centre.length !== measure.dimension) {
    throw invalidShape(
      'the centre of the process',
      `${measure.dimension} numbers`,
      String(process.centre.length),
    );
  }
}

/** Standard deviations of the noise of {@link varianceExploding}, in the units of the data. */
export interface VarianceExplodingParameters {
  /** At the end, much more than the extent of the data. */
  maximum: number;
  /** At the start, less than what the data resolve. Default: a thousandth of the maximum. */
  minimum?: number;
}

/**
 * The variance exploding process dX = g(t) dB, 0 ≤ t ≤ 1: noise of standard deviation σ(t) = σ_min (σ_max/σ_min)^t, counted
 * from time 0, so that the variance at time t is σ(t)² − σ_min².
 *
 * @throws INVALID_ARGUMENT. Source: Y. Song et al., Score-based generative modeling through stochastic differential
 *   equations, ICLR 2021.
 */
export function varianceExploding(parameters: VarianceExplodingParameters): DiffusionProcess {
  checkCall(SIGNATURES.varianceExploding, { parameters });
  const maximum = checkPositive(parameters?.maximum, 'maximum');
  const { minimum } = parameters;
  const least = checkPositive(minimum ?? maximum / 1000, 'minimum');
  if (least >= maximum) throw invalidArgument('minimum', `a number below maximum = ${maximum}`, minimum);
  const rate = Math.log(maximum / least);
  const deviation = (t: number) => least * Math.exp(rate * t);
  return {
    name: 'variance exploding',
    end: 1,
    drift: () => 0,
    noise: (t) => deviation(t) * Math.sqrt(2 * rate),
    scale: () => 1,
    variance: (t) => least ** 2 * Math.expm1(2 * rate * t),
  };
}

/** The rate β(t) of {@link variancePreserving}, linear in time. */
export interface VariancePreservingParameters {
  /** β(0) > 0. Default 0.1. */
  minimum?: number;
  /** β(1), at least the minimum. Default 20. */
  maximum?: number;
}

/**
 * The variance preserving process dX = −½β(t) X dt + √β(t) dB, 0 ≤ t ≤ 1, β linear from its minimum to its maximum. It
 * ends close to N(0, I), and keeps data of mean 0 and variance 1 at variance 1.
 *
 * @throws INVALID_ARGUMENT. Source: Y. Song et al., Score-based generative modeling through stochastic differential
 *   equations, ICLR 2021, after J. Ho, A. Jain, P. Abbeel, Denoising diffusion probabilistic models, NeurIPS 2020.
 */
export function variancePreserving(parameters: VariancePreservingParameters = {}): DiffusionProcess {
  checkCall(SIGNATURES.variancePreserving, { parameters });
  const minimum = checkPositive(parameters.minimum ?? 0.1, 'minimum');
  const maximum = checkPositive(parameters.maximum ?? Math.max(20, minimum), 'maximum');
  if (maximum < minimum) throw invalidArgument('maximum', `a number of at least ${minimum}`, maximum);
  const rate = (t: number) => minimum + (maximum - minimum) * t;
  const total = (t: number) => minimum * t + ((maximum - minimum) * t * t) / 2;
  return {
    name: 'variance preserving',
    end: 1,
    drift: (t) => -rate(t) / 2,
    noise: (t) => Math.sqrt(rate(t)),
    scale: (t) => Math.exp(-total(t) / 2),
    variance: (t) => -Math.expm1(-total(t)),
  };
}

/** Parameters of {@link ornsteinUhlenbeck}. */
export interface OrnsteinUhlenbeckParameters {
  /** θ > 0, the pull to the centre. Default 1. */
  rate?: number;
  /** D > 0, the diffusion coefficient. Default 1. */
  diffusion?: number;
  /** c, d values. Default: the origin. */
  centre?: VectorLike;
  /** The last time, above 0. Default 5/θ, when all but e^{−5} of the start is forgotten. */
  end?: number;
}

/**
 * The Ornstein–Uhlenbeck process dX = −θ(X − c) dt + √(2D) dB: Brownian motion in the potential θ|x − c|²/2. The law of a
 * start N(m, Σ) is N(c + e^{−θt}(m − c), e^{−2θt}Σ + (1 − e^{−2θt})(D/θ)I), which tends to N(c, (D/θ)I).
 *
 * @throws INVALID_ARGUMENT. Source: G. E. Uhlenbeck, L. S. Ornstein, Phys. Rev. 36 (1930), 823–841.
 */
export function ornsteinUhlenbeck(parameters: OrnsteinUhlenbeckParameters = {}): DiffusionProcess {
  checkCall(SIGNATURES.ornsteinUhlenbeck, { parameters });
  const rate = checkPositive(parameters.rate ?? 1, 'rate');
  const diffusion = checkPositive(parameters.diffusion ?? 1, 'diffusion');
  const end = checkPositive(parameters.end ?? 5 / rate, 'end');
  return {
    name: 'Ornstein–Uhlenbeck',
    end,
    drift: () => -rate,
    noise: () => Math.sqrt(2 * diffusion),
    scale: (t) => Math.exp(-rate * t),
    variance: (t) => (-diffusion / rate) * Math.expm1(-2 * rate * t),
    ...(parameters.centre && { centre: toVector(parameters.centre, 'centre') }),
  };
}
