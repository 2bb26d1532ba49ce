import { allocate, type FloatData } from '../../core/array.js';
import { Pace } from '../../core/pace.js';
import type { Kernels, RunControl } from '../contract.js';

/** {@link Kernels.finiteRadon} as loops over rows: TensorFlow.js has no operation that fits. Summed in float64. */
export async function finiteRadon(
  { data, count, p, transpose = false }: Parameters<Kernels['finiteRadon']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const pace = new Pace(run, count * p);
  const [rowsIn, rowsOut] = transpose ? [p + 1, p] : [p, p + 1];
  const out = allocate('float32', count * rowsOut * p, 'finite projections');
  const scale = 1 / Math.sqrt(p);
  const sums = new Float64Array(p);
  for (let n = 0; n < count; n++) {
    const from = n * rowsIn * p;
    const to = n * rowsOut * p;
    for (let a = 0; a < p; a++) {
      sums.fill(transpose ? data[from + p * p + a] : 0);
      for (let b = 0; b < p; b++) {
        const row = from + b * p;
        const start = (transpose ? p - ((a * b) % p) : a * b) % p;
        for (let l = 0; l < p - start; l++) sums[l] += data[row + start + l];
        for (let l = p - start; l < p; l++) sums[l] += data[row + start + l - p];
      }
      for (let l = 0; l < p; l++) out[to + a * p + l] = scale * sums[l];
      await pace.tick(1);
    }
    for (let l = 0; l < p && !transpose; l++) {
      let sum = 0;
      for (let j = 0; j < p; j++) sum += data[from + l * p + j];
      out[to + p * p + l] = scale * sum;
    }
  }
  await pace.finish();
  return out;
}
