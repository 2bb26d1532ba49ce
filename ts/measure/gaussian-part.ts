import { type FloatData, allocate, dtypeOf } from '../core/array.js';
import type { Kernels, Matrix, RunControl } from '../kernel/contract.js';
import type { Covariance, Whitening } from './covariance.js';
import type { Part, PartValues } from './part.js';

/** One Gaussian of any covariance, by whitening u = W(x − m), WᵀW = Σ⁻¹. O(nd²) time, O(nd) on the axes. */
export class GaussianPart implements Part {
  readonly logWeight: number;
  readonly #mean: FloatData;
  readonly #covariance: Covariance;

  constructor(logWeight: number, mean: FloatData, covariance: Covariance) {
    this.logWeight = logWeight;
    this.#mean = mean;
    this.#covariance = covariance;
  }

  async evaluate(kernels: Kernels, tile: Matrix, _want: object, run: RunControl): Promise<PartValues> {
    const whitening = await this.#covariance.whitening(kernels, dtypeOf(tile));
    const whitened = await whiten(kernels, whitening, this.#centred(tile), run);
    const { rows, columns: d } = tile;
    const logDensity = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      let square = 0;
      for (let k = i * d; k < (i + 1) * d; k++) square += whitened.data[k] * whitened.data[k];
      logDensity[i] = -0.5 * (square + whitening.logDeterminant);
    }
    return {
      logDensity,
      async derivatives() {
        return {
          score: await unwhitenNegated(kernels, whitening, whitened, run),
          divergence: new Float64Array(rows).fill(-whitening.inverseTrace),
        };
      },
    };
  }

  /** −Σ⁻¹v. */
  async hessianVector(kernels: Kernels, _tile: Matrix, vectors: Matrix, run: RunControl): Promise<FloatData> {
    const whitening = await this.#covariance.whitening(kernels, dtypeOf(vectors));
    const copy = whitening.matrix ? vectors : { ...vectors, data: vectors.data.slice() };
    return unwhitenNegated(kernels, whitening, await whiten(kernels, whitening, copy, run), run);
  }

  /** x − m, formed in float64: the mean may have digits that the tile's element type has not. */
  #centred({ data, rows, columns }: Matrix): Matrix {
    const centred = allocate(dtypeOf({ data }), data.length, 'centred points');
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < columns; k++) centred[i * columns + k] = data[i * columns + k] - this.#mean[k];
    }
    return { data: centred, rows, columns };
  }
}

/** Rows times Wᵀ; on the axes in place. */
async function whiten(
  kernels: Kernels,
  { matrix, scales }: Whitening,
  rows: Matrix,
  run: RunControl,
): Promise<Matrix> {
  if (!matrix) return scaleColumns(rows, scales, 1);
  const d = rows.columns;
  const b = { data: matrix, rows: d, columns: d };
  return { ...rows, data: await kernels.matmul({ a: rows, b, transposeB: true }, run) };
}

/** Rows times −W; on the axes in place. */
async function unwhitenNegated(
  kernels: Kernels,
  { matrix, scales }: Whitening,
  rows: Matrix,
  run: RunControl,
): Promise<FloatData> {
  if (!matrix) return scaleColumns(rows, scales, -1).data;
  const d = rows.columns;
  const data = await kernels.matmul({ a: rows, b: { data: matrix, rows: d, columns: d } }, run);
  kernels.linearCombination(data, [{ coefficient: -1, array: data }]);
  return data;
}

function scaleColumns(matrix: Matrix, scales: FloatData, sign: number): Matrix {
  const { data, rows, columns } = matrix;
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < columns; k++) data[i * columns + k] *= sign * scales[k];
  }
  return matrix;
}
