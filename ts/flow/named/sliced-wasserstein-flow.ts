import { type FloatData, type NdArray, allocate, checkPoints, dtypeOf, toDtype } from '../../core/array.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkInteger, checkPositive } from '../../core/options.js';
import { Pace } from '../../core/pace.js';
import { fieldFromFunction } from '../../field/from-function.js';
import { kernelsFor } from '../../kernel/backend.js';
import { asMatrix, checkFinite } from '../../kernel/checks.js';
import type { Kernels } from '../../kernel/contract.js';
import { uniformDirections } from '../../transport/directions.js';
import { euler } from '../solvers/index.js';
import { Flow } from './flow.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link slicedWassersteinFlow}. */
export interface SlicedWassersteinFlowOptions {
  /** Last time, above 0. The distance to the target falls about as exp(−t/d). */
  to: number;
  /** Directions of each evaluation. Default 64. */
  directions?: number;
  /**
   * Length of an Euler step, above 0, for each of which new directions are drawn. Default: the same directions throughout, so
   * that any solver can follow the flow; they should then be many more than d.
   */
  step?: number;
}

/**
 * The Wasserstein gradient flow of ½ SW₂²(μ, ν), the sliced distance from a target cloud ν: every particle moves by the mean
 * over directions u of (T_u(u·x) − u·x) u, where T_u is the monotone map between the projections.
 *
 * The particles that `transport` moves are the ones that interact: every row of what the field is given. They may be fewer or
 * more than the points of the target: each then goes to the mean of its share of the sorted projections. Directions come
 * from the option `seed` of the call.
 *
 * @param target m × d.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, EMPTY_CLOUD; on evaluation NON_FINITE, ABORTED and what `kernelsFor` throws.
 *
 * An evaluation takes O(L (n + m)(d + log(n + m))) time for L directions, O((n + m)L) memory. Source: N. Bonnotte, thesis,
 * Paris-Sud 2013; A. Liutkus et al., Sliced-Wasserstein flows, ICML 2019.
 */
export function slicedWassersteinFlow(target: NdArrayLike, options: SlicedWassersteinFlowOptions): Flow {
  ({ target } = checkCall(SIGNATURES.slicedWassersteinFlow, { target, options }));
  const { d } = checkPoints(target, 'target');
  const count = checkInteger(options?.directions ?? 64, 'directions', 1);
  const { step } = options;
  if (step !== undefined) checkPositive(step, 'step');
  const field = fieldFromFunction(
    async (x, t, call) => {
      const dtype = dtypeOf(x);
      const kernels = await kernelsFor(call, dtype);
      const cloud = toDtype(target, dtype);
      checkFinite(kernels, cloud, 'target');
      const substream = step === undefined ? 0 : Math.max(0, Math.round(t / step));
      const directions = uniformDirections(count, d, call.seed, dtype, substream);
      return velocities(kernels, x, cloud, directions, call);
    },
    { dimension: d },
  );
  return new Flow({
    name: 'sliced Wasserstein flow',
    field,
    from: 0,
    to: checkPositive(options.to, 'to'),
    ...(step !== undefined && { defaults: { solver: euler, step } }),
  });
}

async function velocities(
  kernels: Kernels,
  x: NdArray,
  target: NdArray,
  directions: NdArray,
  { signal }: CallOptions,
): Promise<NdArray> {
  const n = x.shape[0];
  const m = target.shape[0];
  const [count, d] = directions.shape;
  const project = (points: NdArray) =>
    kernels.matmul({ a: asMatrix(directions), b: asMatrix(points), transposeB: true }, { signal });
  const [own, others] = [await project(x), await project(target)];
  const moves = allocate(dtypeOf(x), count * n, 'moves along directions');
  const pace = new Pace({ signal }, count);
  for (let l = 0; l < count; l++) {
    const here = own.subarray(l * n, (l + 1) * n);
    const there = others.subarray(l * m, (l + 1) * m).sort();
    const order = Int32Array.from({ length: n }, (_, i) => i).sort((i, j) => here[i] - here[j]);
    const shares = sharesOf(there, n);
    order.forEach((row, rank) => (moves[l * n + row] = (shares[rank] - here[row]) / count));
    await pace.tick(1);
  }
  const velocity = await kernels.matmul(
    { a: { data: moves, rows: count, columns: n }, b: asMatrix(directions), transposeA: true },
    { signal },
  );
  return { data: velocity, shape: [n, d] };
}

/** Means of n equal shares of sorted values. */
function sharesOf(sorted: FloatData, n: number): Float64Array {
  const m = sorted.length;
  const shares = new Float64Array(n);
  for (let r = 0; r < n; r++) {
    const [first, last] = [(r * m) / n, ((r + 1) * m) / n];
    for (let j = Math.floor(first); j < Math.min(m, last); j++) {
      shares[r] += sorted[j] * (Math.min(j + 1, last) - Math.max(j, first)) * (n / m);
    }
  }
  return shares;
}
