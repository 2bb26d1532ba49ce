import type { NdArray } from '../core/array.js';

/**
 * The debiased linear alignments of many representations of the same points, taken batch by batch: of every batch the unbiased
 * products of L. Song et al. (JMLR 13, 2012) of all pairs, and the alignments from their sums over the batches (T. Nguyen, M.
 * Raghu, S. Kornblith, ICLR 2021). Batches come one at a time and are not kept: memory does not grow with their number. Their
 * sums are unbiased whatever the size of a batch, from 4 points on.
 */
export class MinibatchAlignment {
  readonly #products: Float64Array[] = [];

  /** @param count of representations on one side, numbered from 0. */
  constructor(
    readonly count: number,
    readonly others: number,
  ) {}

  get batches(): number {
    return this.#products.length;
  }

  /** Adds a batch: b × d_l of every representation, the first `count` on one side, then `others`. O(b²(Σd + (count + others)²)). */
  add(clouds: readonly NdArray[]): void {
    const grams = clouds.map(centredGram);
    const all = this.count + this.others;
    const b = clouds[0].shape[0];
    const products = new Float64Array(all * all);
    for (let i = 0; i < all; i++) {
      for (let j = i; j < all; j++) {
        const value = product(grams[i], grams[j], b);
        products[i * all + j] = value;
        products[j * all + i] = value;
      }
    }
    this.#products.push(products);
  }

  /**
   * The alignments of the one side with the other (without another, with itself), and their standard errors by leaving out
   * batches in turn; null where one is 0/0, and for the errors of a single batch.
   */
  finish(): { values: (number | null)[][]; standardErrors: (number | null)[][] } {
    const all = this.count + this.others;
    const total = new Float64Array(all * all);
    for (const products of this.#products) products.forEach((value, at) => (total[at] += value));
    const batches = this.#products.length;
    const columns = Array.from({ length: this.others || this.count }, (_, j) =>
      this.others > 0 ? this.count + j : j,
    );
    const each = <Result>(value: (i: number, j: number) => Result) =>
      Array.from({ length: this.count }, (_, i) => columns.map((j) => value(i, j)));
    const ratio = (i: number, j: number, without?: Float64Array) => {
      const at = (a: number, b: number) => total[a * all + b] - (without?.[a * all + b] ?? 0);
      const [left, right] = [at(i, i), at(j, j)];
      return left > 0 && right > 0 ? at(i, j) / Math.sqrt(left * right) : null;
    };
    return {
      values: each((i, j) => ratio(i, j)),
      standardErrors: each((i, j) => {
        const left = this.#products.map((products) => ratio(i, j, products));
        if (batches < 2 || left.some((value) => value === null)) return null;
        const mean = left.reduce<number>((sum, value) => sum + value! / batches, 0);
        const squares = left.reduce<number>((sum, value) => sum + (value! - mean) ** 2, 0);
        return Math.sqrt((squares * (batches - 1)) / batches);
      }),
    };
  }
}

/**
 * Inner products of the rows about their mean, without the diagonal and centred so that each row of what is left sums to 0: the
 * estimator's products are then plain sums (G. Székely, M. Rizzo, Annals of Statistics 42, 2014).
 */
function centredGram({ data, shape: [b, d] }: NdArray): Float64Array {
  const rows = new Float64Array(b * d);
  for (let c = 0; c < d; c++) {
    let mean = 0;
    for (let i = 0; i < b; i++) mean += data[i * d + c] / b;
    for (let i = 0; i < b; i++) rows[i * d + c] = data[i * d + c] - mean;
  }
  const gram = new Float64Array(b * b);
  const sums = new Float64Array(b);
  for (let i = 0; i < b; i++) {
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += rows[i * d + c] * rows[j * d + c];
      gram[i * b + j] = sum;
      gram[j * b + i] = sum;
      sums[i] += sum;
      sums[j] += sum;
    }
  }
  const all = sums.reduce((total, value) => total + value, 0) / ((b - 1) * (b - 2));
  for (let i = 0; i < b; i++)
    for (let j = 0; j < b; j++) if (i !== j) gram[i * b + j] += all - (sums[i] + sums[j]) / (b - 2);
  return gram;
}

/** The unbiased product of two such matrices, but for the factor that all have. */
function product(a: Float64Array, b: Float64Array, size: number): number {
  let sum = 0;
  for (let at = 0; at < size * size; at++) sum += a[at] * b[at];
  return sum / (size * (size - 3));
}
