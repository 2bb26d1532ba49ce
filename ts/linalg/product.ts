import type { Pace } from '../core/pace.js';
import type { Kernels, Matrix, RunControl } from '../kernel/contract.js';
import { isFloat64Array } from '../core/realm.js';
import { plainProduct } from '../kernel/plain-product.js';

/** a·b or a·bᵀ in float64: by the backend, or where that has no float64 by plain loops. */
export function productInFloat64(kernels: Kernels, pace: Pace, { signal }: RunControl) {
  return async (
    a: Matrix<Float64Array>,
    b: Matrix<Float64Array>,
    transposeB: boolean,
  ): Promise<Float64Array> => {
    if (kernels.dtypes.includes('float64')) {
      const out = await kernels.matmul({ a, b, transposeB }, { signal });
      return isFloat64Array(out) ? out : Float64Array.from(out);
    }
    return plainProduct(a, b, transposeB, pace);
  };
}
