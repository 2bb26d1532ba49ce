import type { Pace } from '../core/pace.js';
import type { Matrix } from './contract.js';

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
