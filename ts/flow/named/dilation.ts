import { type FloatData, type NdArray, allocate, checkPoints, dtypeOf } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import type { CallOptions } from '../../core/options.js';
import { kernelsFor } from '../../kernel/backend.js';
import { invalidShape } from '../../measure/arguments.js';
import type {
  DensityRequest,
  DensityValues,
  Estimate,
  EstimateOptions,
  Measure,
} from '../../measure/measure.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';
import { METHODS } from '../../measure/method-signatures.js';

/** x ↦ scale · x + shift. */
export interface Dilation {
  /** Above 0. */
  scale: number;
  /** d values. Default 0. */
  shift?: ArrayLike<number>;
}

/**
 * The law of aX + b for X of a known law μ and a number a > 0. With q the density of μ, p(x) = a^{−d} q((x − b)/a), so
 * that every method is that of μ at (x − b)/a, scaled. Since μ can be heated, this gives the law of aX + b + N(0, sI) too.
 *
 * @throws INVALID_ARGUMENT (scale), INVALID_SHAPE (shift).
 */
export function dilated(measure: Measure, options: Dilation): Measure {
  checkCall(SIGNATURES.dilated, { measure, options });
  const { scale, shift } = options;
  if (!(scale > 0 && scale < Infinity)) throw invalidArgument('scale', 'a finite number above 0', scale);
  if (shift !== undefined && shift.length !== measure.dimension) {
    throw invalidShape('shift', `${measure.dimension} numbers`, String(shift.length));
  }
  if (scale === 1 && shift === undefined) return measure;
  return new DilatedMeasure(measure, scale, shift);
}

class DilatedMeasure implements Measure {
  readonly #base: Measure;
  readonly #scale: number;
  readonly #shift: ArrayLike<number> | undefined;

  constructor(base: Measure, scale: number, shift: ArrayLike<number> | undefined) {
    this.#base = base;
    this.#scale = scale;
    this.#shift = shift;
  }

  get dimension(): number {
    return this.#base.dimension;
  }

  get collapseTime(): number {
    return this.#scale ** 2 * this.#base.collapseTime;
  }

  async sample(n: number, options: CallOptions = {}): Promise<NdArray> {
    checkCall(METHODS.Measure.sample, { options });
    const { data, shape } = await this.#base.sample(n, options);
    const [scale, shift, d] = [this.#scale, this.#shift, this.dimension];
    for (let i = 0; i < data.length; i++) data[i] = scale * data[i] + (shift ? shift[i % d] : 0);
    return { data, shape };
  }

  async evaluate(x: NdArrayLike, want: DensityRequest, options: CallOptions = {}): Promise<DensityValues> {
    ({ x } = checkCall(METHODS.Measure.evaluate, { x, want, options }));
    const { logDensity, score, divergence } = await this.#base.evaluate(this.#preimage(x), want, options);
    const multiply = await multiplication(options);
    if (logDensity) add(logDensity, -this.dimension * Math.log(this.#scale));
    if (score) multiply(score.data, 1 / this.#scale);
    if (divergence) multiply(divergence, 1 / this.#scale ** 2);
    return { logDensity, score, divergence };
  }

  async hessianVector(x: NdArrayLike, v: NdArrayLike, options: CallOptions = {}): Promise<NdArray> {
    ({ x, v } = checkCall(METHODS.Measure.hessianVector, { x, v, options }));
    const product = await this.#base.hessianVector(this.#preimage(x), v, options);
    (await multiplication(options))(product.data, 1 / this.#scale ** 2);
    return product;
  }

  #preimage(x: NdArray): NdArray {
    // How many there have to be the base says, which knows whether they are those of one rank.
    checkPoints(x, 'x', { dimension: this.dimension, minimum: 0 });
    const [scale, shift, d] = [this.#scale, this.#shift, this.dimension];
    const data = allocate(dtypeOf(x), x.data.length, 'scaled points');
    for (let i = 0, k = 0; i < data.length; i++, k = k + 1 === d ? 0 : k + 1)
      data[i] = (x.data[i] - (shift ? shift[k] : 0)) / scale;
    return { data, shape: x.shape };
  }

  heat(t: number): Measure {
    checkCall(METHODS.Measure.heat, { t });
    return new DilatedMeasure(this.#base.heat(t / this.#scale ** 2), this.#scale, this.#shift);
  }

  async entropy(options: EstimateOptions = {}): Promise<Estimate> {
    checkCall(METHODS.Measure.entropy, { options });
    const estimate = await this.#base.entropy(options);
    return { ...estimate, value: estimate.value + this.dimension * Math.log(this.#scale) };
  }

  async fisherInformation(options: EstimateOptions = {}): Promise<Estimate> {
    checkCall(METHODS.Measure.fisherInformation, { options });
    const { value, method, standardError } = await this.#base.fisherInformation(options);
    const factor = 1 / this.#scale ** 2;
    return {
      value: value * factor,
      method,
      ...(standardError !== undefined && { standardError: standardError * factor }),
    };
  }

  mean(): Float64Array {
    return this.#base.mean().map((value, k) => this.#scale * value + (this.#shift ? this.#shift[k] : 0));
  }

  async covariance(options: CallOptions = {}): Promise<Float64Array> {
    checkCall(METHODS.Measure.covariance, { options });
    const covariance = await this.#base.covariance(options);
    return covariance.map((value) => value * this.#scale ** 2);
  }
}

function add(data: FloatData, term: number): void {
  for (let i = 0; i < data.length; i++) data[i] += term;
}

/** Multiplies data by a factor, in place. */
async function multiplication(options: CallOptions): Promise<(data: FloatData, factor: number) => void> {
  const kernels = await kernelsFor(options, undefined, 'own');
  return (array, coefficient) => kernels.linearCombination(array, [{ coefficient, array }]);
}
