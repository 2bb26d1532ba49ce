import { type NdArray, allocate, checkArray, dtypeOf } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { CallOptions } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * Local stretch: the singular values of the flow's Jacobian at every point. By them a small ball about the point becomes
 * an ellipsoid.
 *
 * @param jacobians n × d × d, as {@link integrate} returns them.
 * @returns n × d, descending in a row, each to nearly full relative accuracy, even where the Jacobian is close to singular.
 * @throws INVALID_SHAPE, INVALID_DTYPE, ABORTED.
 *
 * O(nd³) time. Source: one-sided Jacobi rotations, M. R. Hestenes, J. SIAM 6 (1958), 51–90.
 */
export async function localStretch(
  jacobians: NdArrayLike,
  options: Pick<CallOptions, 'signal' | 'onProgress'> = {},
): Promise<NdArray> {
  ({ jacobians } = checkCall(SIGNATURES.localStretch, { jacobians, options }));
  const { signal, onProgress } = options;
  checkArray(jacobians, 'jacobians');
  const [n, d, columns] = jacobians.shape;
  if (jacobians.shape.length !== 3 || d !== columns) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected shape [n, d, d] for jacobians but received [${jacobians.shape.join(', ')}]`,
      { details: { parameter: 'jacobians' } },
    );
  }
  const pace = new Pace({ signal, onProgress }, n);
  const out = allocate(dtypeOf(jacobians), n * d, 'singular values');
  const matrix = new Float64Array(d * d);
  for (let i = 0; i < n; i++) {
    await pace.reach(i);
    matrix.set(jacobians.data.subarray(i * d * d, (i + 1) * d * d));
    out.set(singularValues(matrix, d), i * d);
  }
  await pace.finish();
  return { data: out, shape: [n, d] };
}

const MAX_SWEEPS = 60;

/** Singular values, descending, of a d × d matrix, whose rows are made orthogonal in place. */
function singularValues(matrix: Float64Array, d: number): Float64Array {
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < d; p++) {
      for (let q = p + 1; q < d; q++) rotated = rotate(matrix, d, p, q) || rotated;
    }
    if (!rotated) break;
  }
  const values = Float64Array.from({ length: d }, (_, row) => Math.sqrt(dot(matrix, row * d, row * d, d)));
  return values.sort().reverse();
}

/** Makes rows p and q orthogonal by a rotation; false where they are already. */
function rotate(matrix: Float64Array, d: number, p: number, q: number): boolean {
  const [first, second] = [p * d, q * d];
  const a = dot(matrix, first, first, d);
  const b = dot(matrix, second, second, d);
  const c = dot(matrix, first, second, d);
  if (!(Math.abs(c) > 1e-15 * Math.sqrt(a) * Math.sqrt(b))) return false;
  const ratio = (b - a) / (2 * c);
  const tangent = Math.sign(ratio || 1) / (Math.abs(ratio) + Math.hypot(1, ratio));
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = cosine * tangent;
  for (let k = 0; k < d; k++) {
    const [x, y] = [matrix[first + k], matrix[second + k]];
    matrix[first + k] = cosine * x - sine * y;
    matrix[second + k] = sine * x + cosine * y;
  }
  return true;
}

function dot(matrix: Float64Array, i: number, j: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += matrix[i + k] * matrix[j + k];
  return sum;
}
