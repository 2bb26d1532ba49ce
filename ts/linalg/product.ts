import type { Pace } from '../core/pace.js';
import type { Kernels, Matrix, RunControl } from '../kernel/contract.js';
import { isFloat64Array } from '../core/realm.js';

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

/** a·b or a·bᵀ by plain loops, for what only a float32 backend is there for. O(rows · inner · columns). */
export async function plainProduct(
  a: Matrix<Float64Array>,
  b: Matrix<Float64Array>,
  transposeB: boolean,
  pace: Pace,
): Promise<Float64Array> {
  const columns = transposeB ? b.rows : b.columns;
  const out = new Float64Array(a.rows * columns);
  const [down, right] = transposeB ? [1, b.columns] : [b.columns, 1];
  for (let i = 0; i < a.rows; i++) {
    for (let l = 0; l < a.columns; l++) {
      const factor = a.data[i * a.columns + l];
      if (factor === 0) continue;
      for (let j = 0; j < columns; j++) out[i * columns + j] += factor * b.data[l * down + j * right];
    }
    await pace.tick(0);
  }
  return out;
}
