import { type FloatData, type NdArray, allocate, dtypeOf } from '../../core/array.js';
import type { CallOptions } from '../../core/options.js';
import type { Measure } from '../../measure/measure.js';
import { smoothed } from '../../measure/smoothed.js';

/** Results of {@link KernelRegression.evaluate} at n points. */
export interface KernelAverages {
  /** ȳ = Σ_j r_ij y_j, n × m. */
  values: NdArray;
  /** c̄ = Σ_j r_ij c_j, n × d. */
  centres: NdArray;
  /** log Σ_j exp(−|x_i − c_j|²/2σ²), n values. */
  logSum: FloatData;
  /** Σ_j r_ij (y_j − ȳ)·(c_j − c̄) and Σ_j r_ij |c_j − c̄|², n values each, where traces are kept. */
  crossTrace?: Float64Array;
  trace?: Float64Array;
}

/**
 * Averages of values y_j ∈ ℝ^m that sit at centres c_j ∈ ℝ^d, under the weights r_ij ∝ exp(−|x_i − c_j|²/2σ²) of a query
 * x_i (É. A. Nadaraya, G. S. Watson, 1964).
 *
 * The score kernel averages only centres, so each centre is lengthened by its values, to (c_j, εy_j), and each query by
 * zeros. That makes the distance longer by ε²|y_j|², which a weight exp(ε²|y_j|²/2σ²) takes back exactly. O(nk(d + m)) time
 * for k centres; memory linear in n and k.
 */
export class KernelRegression {
  readonly #measure: Measure;
  readonly #variance: number;
  readonly #d: number;
  /** Columns of values, without the two that traces need. */
  readonly #m: number;
  /** ε, one for each column. */
  readonly #scales: Float64Array;
  /** What log Σ_j exp(…) has more than the log-density of the lengthened measure. */
  readonly #offset: number;
  readonly #origins?: { values: Float64Array; centres: Float64Array };

  /** @param centres k × d. @param values k × m, of the same dtype; m = d where traces are kept. */
  constructor(
    centres: NdArray,
    values: NdArray,
    { variance, traces = false }: { variance: number; traces?: boolean },
  ) {
    const [k, d] = centres.shape;
    const m = values.shape[1];
    this.#variance = variance;
    this.#d = d;
    this.#m = m;
    if (traces) this.#origins = { values: columnMeans(values), centres: columnMeans(centres) };
    const width = d + m + (traces ? 2 : 0);
    const points = allocate(dtypeOf(centres), k * width, 'the centres of a kernel regression');
    for (let j = 0; j < k; j++) {
      points.set(centres.data.subarray(j * d, (j + 1) * d), j * width);
      points.set(values.data.subarray(j * m, (j + 1) * m), j * width + d);
    }
    if (traces) this.#addProducts(points, width);
    this.#scales = scaleColumns(points, width, d, variance);
    const weights = new Float64Array(k);
    let total = 0;
    for (let j = 0; j < k; j++) {
      let square = 0;
      for (let l = j * width + d; l < (j + 1) * width; l++) square += points[l] ** 2;
      weights[j] = Math.exp(square / (2 * variance));
      total += weights[j];
    }
    for (let j = 0; j < k; j++) weights[j] /= total;
    // Exact: an error of the average would be divided by ε.
    const lengthened = { data: points, shape: [k, width] };
    this.#measure = smoothed({ points: lengthened, weights, variance, tolerance: 0 });
    this.#offset = Math.log(total) + (width / 2) * Math.log(2 * Math.PI * variance);
  }

  /** Two more columns of values: y·c and |c|², both about the means of all, to keep their digits. */
  #addProducts(points: FloatData, width: number): void {
    const [d, origins] = [this.#d, this.#origins!];
    for (let start = 0; start < points.length; start += width) {
      let cross = 0;
      let square = 0;
      for (let l = 0; l < d; l++) {
        const centre = points[start + l] - origins.centres[l];
        cross += centre * (points[start + d + l] - origins.values[l]);
        square += centre * centre;
      }
      points[start + 2 * d] = cross;
      points[start + 2 * d + 1] = square;
    }
  }

  /** @param x n × d, of the dtype of the centres. */
  async evaluate(x: NdArray, options: CallOptions): Promise<KernelAverages> {
    const want = { score: true, logDensity: true };
    const { score, logDensity } = await this.#measure.evaluate(this.#lengthen(x), want, options);
    for (let i = 0; i < logDensity!.length; i++) logDensity![i] += this.#offset;
    // Tweedie: the average of the centres is x + σ² times the score.
    const averages = this.#split(score!, x);
    return { ...averages, logSum: logDensity!, ...(this.#origins && this.#traces(score!, averages)) };
  }

  /** Derivatives of both averages at x_i in the direction u_i: Cov_r(y, c)u/σ², n × m, and Cov_r(c, c)u/σ², n × d. */
  async derivative(
    x: NdArray,
    u: NdArray,
    options: CallOptions,
  ): Promise<Pick<KernelAverages, 'values' | 'centres'>> {
    const product = await this.#measure.hessianVector(this.#lengthen(x), this.#lengthen(u), options);
    return this.#split(product, u);
  }

  #lengthen({ data, shape: [n, d] }: NdArray): NdArray {
    const width = d + this.#scales.length;
    const out = allocate(dtypeOf({ data }), n * width, 'queries');
    for (let i = 0; i < n; i++) out.set(data.subarray(i * d, (i + 1) * d), i * width);
    return { data: out, shape: [n, width] };
  }

  /** σ² times the rows, plus `add`, by their parts: that of the centres, and that of the values with ε taken back. */
  #split({ data, shape: [n, width] }: NdArray, add: NdArray): Pick<KernelAverages, 'values' | 'centres'> {
    const [d, m, variance] = [this.#d, this.#m, this.#variance];
    const dtype = dtypeOf({ data });
    const centres = allocate(dtype, n * d, 'kernel averages');
    const values = allocate(dtype, n * m, 'kernel averages');
    const factors = this.#scales.map((scale) => variance / scale);
    for (let i = 0; i < n; i++) {
      for (let l = 0; l < d; l++) centres[i * d + l] = add.data[i * d + l] + variance * data[i * width + l];
      for (let l = 0; l < m; l++) values[i * m + l] = factors[l] * data[i * width + d + l];
    }
    return { centres: { data: centres, shape: [n, d] }, values: { data: values, shape: [n, m] } };
  }

  #traces(
    { data, shape: [n, width] }: NdArray,
    { values, centres }: Pick<KernelAverages, 'values' | 'centres'>,
  ): { crossTrace: Float64Array; trace: Float64Array } {
    const [d, origins, variance] = [this.#d, this.#origins!, this.#variance];
    const [crossTrace, trace] = [new Float64Array(n), new Float64Array(n)];
    for (let i = 0; i < n; i++) {
      crossTrace[i] = (variance / this.#scales[d]) * data[i * width + 2 * d];
      trace[i] = (variance / this.#scales[d + 1]) * data[i * width + 2 * d + 1];
      for (let l = 0; l < d; l++) {
        const centre = centres.data[i * d + l] - origins.centres[l];
        crossTrace[i] -= centre * (values.data[i * d + l] - origins.values[l]);
        trace[i] -= centre * centre;
      }
    }
    return { crossTrace, trace };
  }
}

function columnMeans({ data, shape: [n, d] }: NdArray): Float64Array {
  const means = new Float64Array(d);
  for (let i = 0; i < data.length; i++) means[i % d] += data[i] / n;
  return means;
}

/** Scales the columns from `first` on so that no row of them is longer than σ: all weights then lie between 1 and √e. */
function scaleColumns(points: FloatData, width: number, first: number, variance: number): Float64Array {
  const scales = new Float64Array(width - first);
  for (let start = first; start < points.length; start += width) {
    for (let l = 0; l < scales.length; l++) scales[l] = Math.max(scales[l], Math.abs(points[start + l]));
  }
  const longest = Math.sqrt(variance / scales.length);
  for (let l = 0; l < scales.length; l++) scales[l] = scales[l] > 0 ? longest / scales[l] : 1;
  for (let start = first; start < points.length; start += width) {
    for (let l = 0; l < scales.length; l++) points[start + l] *= scales[l];
  }
  return scales;
}
