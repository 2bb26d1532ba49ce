import { Pace } from '../core/pace.js';
import { productInFloat64 } from '../linalg/product.js';
import type { CallOptions } from '../core/options.js';
import type { Kernels } from '../kernel/contract.js';

/** d × d matrices in float64, row-major, on a backend. All but `times` take symmetric ones. */
export class SymmetricMatrices {
  readonly #kernels: Kernels;
  readonly #d: number;
  readonly #run: Pick<CallOptions, 'signal'>;

  constructor(kernels: Kernels, d: number, { signal }: Pick<CallOptions, 'signal'>) {
    this.#kernels = kernels;
    this.#d = d;
    this.#run = { signal };
  }

  /** a·b. O(d³) time. */
  times(a: Float64Array, b: Float64Array): Promise<Float64Array> {
    const [left, right] = [a, b].map((data) => ({ data, rows: this.#d, columns: this.#d }));
    const product = productInFloat64(this.#kernels, new Pace(this.#run, this.#d), this.#run);
    return product(left, right, false);
  }

  /** b·a·b, made symmetric. O(d³) time. */
  async between(b: Float64Array, a: Float64Array): Promise<Float64Array> {
    const d = this.#d;
    const product = await this.times(await this.times(b, a), b);
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < i; j++) {
        product[i * d + j] = product[j * d + i] = (product[i * d + j] + product[j * d + i]) / 2;
      }
    }
    return product;
  }

  /** Eigenvalues, ascending. */
  async eigenvalues(a: Float64Array): Promise<Float64Array> {
    return (await this.#kernels.symmetricEigen(a, this.#d)).values;
  }

  /** The root of a positive semidefinite matrix. O(d³) time. */
  async root(a: Float64Array): Promise<Float64Array> {
    return (await this.#powers(a, [0.5]))[0];
  }

  /** The root of a positive definite matrix and the inverse of the root. O(d³) time. */
  async rootAndInverse(a: Float64Array): Promise<[root: Float64Array, inverse: Float64Array]> {
    const [root, inverse] = await this.#powers(a, [0.5, -0.5]);
    return [root, inverse];
  }

  async #powers(a: Float64Array, exponents: readonly number[]): Promise<Float64Array[]> {
    const d = this.#d;
    const { values, vectors } = await this.#kernels.symmetricEigen(a, d);
    const results: Float64Array[] = [];
    for (const exponent of exponents) {
      const transposed = new Float64Array(d * d);
      for (let k = 0; k < d; k++) {
        const factor = Math.max(0, values[k]) ** exponent;
        for (let i = 0; i < d; i++) transposed[i * d + k] = factor * vectors[k * d + i];
      }
      results.push(await this.times(transposed, vectors));
    }
    return results;
  }
}

/** Sum of the diagonal. */
export function trace(a: Float64Array, d: number): number {
  let sum = 0;
  for (let k = 0; k < d; k++) sum += a[k * d + k];
  return sum;
}
