import type { NdArray } from '../../core/array.js';
import { type CallOptions } from '../../core/options.js';
import { Pace } from '../../core/pace.js';
import { RandomStream } from '../../core/random.js';
import { kernelsFor } from '../../kernel/backend.js';
import { krylovSpace } from './arnoldi.js';
import type { BlockMap } from './block-map.js';
import { firstOfLog, logAbsDeterminant } from './small-matrices.js';

/** What the Jacobian J of a block says at one point, A = J − I. */
export interface PointGeometry {
  /** −Infinity where J is singular, or too near it to tell. */
  readonly logDeterminant: number;
  /** tr A. */
  readonly trace: number;
  /** ‖A‖². */
  readonly norm: number;
  /** ‖(A + Aᵀ)/2‖². */
  readonly symmetric: number;
  /** |Ju|/|u| along random directions. */
  readonly stretches: readonly number[];
  /** Singular values, descending. */
  readonly singular?: Float64Array;
}

/** Rows that go through a block for one column after the other. */
const ROWS = 2048;

/** From all of J: d products a point. O(d³) a point. */
export async function exactGeometry(
  map: BlockMap,
  x: NdArray,
  options: CallOptions,
): Promise<PointGeometry[]> {
  const [n, d] = x.shape;
  const kernels = await kernelsFor(options);
  const pace = new Pace(options, n);
  const found: PointGeometry[] = [];
  const each = Math.max(1, Math.floor(ROWS / d));
  for (let first = 0; first < n; first += each) {
    const count = Math.min(each, n - first);
    const J = await columns(map, x, { first, count }, options);
    for (let i = 0; i < count; i++) {
      const matrix = J.subarray(i * d * d, (i + 1) * d * d);
      const squared = new Float64Array(d * d);
      let [trace, norm, product] = [0, 0, 0];
      for (let a = 0; a < d; a++) {
        for (let b = 0; b < d; b++) {
          // Row c of `matrix` is J e_c.
          const [entry, mirror] = [matrix[a * d + b], matrix[b * d + a]];
          const [p, q] = a === b ? [entry - 1, mirror - 1] : [entry, mirror];
          norm += p * p;
          product += p * q;
          if (a === b) trace += p;
        }
        for (let b = 0; b <= a; b++) {
          let sum = 0;
          for (let c = 0; c < d; c++) sum += matrix[a * d + c] * matrix[b * d + c];
          squared[a * d + b] = sum;
          squared[b * d + a] = sum;
        }
      }
      const { values } = await kernels.symmetricEigen(squared, d);
      const singular = values.map((value) => Math.sqrt(Math.max(0, value))).reverse();
      const signs = new Float64Array(d);
      new RandomStream(options.seed, 'probe', first + i).fillUniform(signs);
      found.push({
        // Differences of float32 do not tell smaller factors from 0.
        logDeterminant:
          singular[d - 1] > 1e-5 * singular[0] ? logAbsDeterminant(matrix.slice(), d) : -Infinity,
        trace,
        norm,
        symmetric: (norm + product) / 2,
        stretches: [stretchAlong(matrix, signs)],
        singular,
      });
      await pace.tick(1);
    }
  }
  return found;
}

/** J e_c as row c, for some points. */
async function columns(
  map: BlockMap,
  x: NdArray,
  { first, count }: { first: number; count: number },
  options: CallOptions,
): Promise<Float64Array> {
  const d = x.shape[1];
  const rows = count * d;
  const at = new (x.data.constructor as Float32ArrayConstructor)(rows * d);
  const along = new (x.data.constructor as Float32ArrayConstructor)(rows * d);
  for (let row = 0; row < rows; row++) {
    const i = first + Math.floor(row / d);
    at.set(x.data.subarray(i * d, (i + 1) * d), row * d);
    along[row * d + (row % d)] = 1;
  }
  const shape = [rows, d];
  const call = { ...options, onProgress: undefined };
  const { data } = await map.jacobianVector({ data: at, shape }, { data: along, shape }, call);
  return Float64Array.from(data);
}

/** |Ju|/|u| of signs u. */
function stretchAlong(matrix: Float64Array, uniform: Float64Array): number {
  const d = uniform.length;
  let square = 0;
  for (let b = 0; b < d; b++) {
    let sum = 0;
    for (let c = 0; c < d; c++) sum += matrix[c * d + b] * (uniform[c] < 0.5 ? -1 : 1);
    square += sum * sum;
  }
  return Math.sqrt(square / d);
}

/** Nodes of the rule for the logarithm, and of the one that says whether they were enough. */
const NODES = 48;
const FEWER = 24;

/** From `steps` products with J for each of `probes` random signs a point. */
export async function probedGeometry(
  map: BlockMap,
  x: NdArray,
  { probes, steps }: { probes: number; steps: number },
  options: CallOptions,
): Promise<PointGeometry[]> {
  const [n, d] = x.shape;
  const pace = new Pace(options, probes * n);
  const sums = Array.from({ length: n }, () => ({ logs: 0, trace: 0, norm: 0, square: 0 }));
  const stretches = Array.from({ length: n }, (): number[] => []);
  const signs = new Float64Array(n * d);
  for (let probe = 0; probe < probes; probe++) {
    new RandomStream(options.seed, 'probe', probe).fillUniform(signs);
    for (let at = 0; at < signs.length; at++) signs[at] = signs[at] < 0.5 ? -1 : 1;
    const v = { data: signs, shape: x.shape };
    const call = { ...options, onProgress: undefined };
    const { matrices, sizes, m } = await krylovSpace(map, x, v, steps, call);
    for (let i = 0; i < n; i++) {
      const size = sizes[i];
      const H = new Float64Array(size * size);
      for (let a = 0; a < size; a++)
        for (let b = 0; b < size; b++) H[a * size + b] = matrices[i * m * m + a * m + b];
      const [fine, coarse] = [firstOfLog(H, size, NODES), firstOfLog(H, size, FEWER)];
      const sum = sums[i];
      // Eigenvalues near 0 are what the rule is wrong for.
      sum.logs += Math.abs(fine - coarse) <= 1e-3 * (1e-2 + Math.abs(fine)) ? fine : -Infinity;
      const across = size > 1 ? H[size] : 0;
      const along = H[0] - 1;
      sum.trace += along;
      sum.norm += along ** 2 + across ** 2;
      sum.square += along ** 2 + across * (size > 1 ? H[1] : 0);
      stretches[i].push(Math.sqrt(H[0] ** 2 + across ** 2));
      await pace.tick(1);
    }
  }
  // |v|² is d, and the mean over the probes.
  const scale = d / probes;
  return sums.map(({ logs, trace, norm, square }, i) => ({
    logDeterminant: scale * logs,
    trace: scale * trace,
    norm: scale * norm,
    symmetric: (scale * (norm + square)) / 2,
    stretches: stretches[i],
  }));
}
