import { type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { type CallOptions, checkInteger, checkPositive, throwIfAborted } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { kernelsFor } from '../kernel/backend.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import { checkFinite } from '../kernel/checks.js';
import { centredRows, meanOf } from './centred.js';
import { type Classes, type Labels, classesOf } from './classes.js';
import { type Accuracy, accuracyOf } from './neighbour-accuracy.js';

export interface LinearProbeOptions extends CallOptions {
  /** Parts that the points are dealt into by `seed`, each classified by what the others teach: 2 to n. Default 5. */
  folds?: number;
  /** The ridge penalty over the mean variance of a coordinate, above 0. Default 0.001. */
  ridge?: number;
}

/** Moments of some of the points: their number, the sum of their rows, of their outer products and of each class. */
interface Moments {
  count: number;
  sum: Float64Array;
  products: Float64Array;
  classSums: Float64Array;
  classCounts: Float64Array;
}

/**
 * How well a linear classifier tells the classes of points it has not seen: the cross-validated accuracy of ridge
 * regression on one indicator per class, the largest wins. The linear probe of G. Alain and Y. Bengio (2016), solved
 * exactly rather than trained.
 *
 * @param points n × d. @param labels one per point.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_ARGUMENT, DEGENERATE_CLOUD (one class, or points that all coincide),
 * NON_FINITE, UNSUPPORTED, ABORTED. O(nd² + folds·d³) time, O(nd + folds·d²) memory.
 */
export async function linearProbe(
  points: NdArray,
  labels: Labels,
  options: LinearProbeOptions = {},
): Promise<Accuracy> {
  const { n, d } = checkPoints(points, 'points', { minimum: 2 });
  const classes = classesOf(labels, n);
  const folds = checkInteger(options.folds ?? Math.min(5, n), 'folds', 2, n);
  const ridge = checkPositive(options.ridge ?? 1e-3, 'ridge');
  const cloud = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(cloud));
  checkFinite(kernels, cloud, 'points');

  const order = new RandomStream(options.seed, 'shuffle').choose(n, n);
  const parts = Array.from({ length: folds }, (_, f) =>
    order.filter((_, position) => position % folds === f),
  );
  const centre = meanOf(cloud);
  const rows = parts.map((part): Matrix => {
    return { data: centredRows(cloud, centre, part), rows: part.length, columns: d };
  });
  const moments: Moments[] = [];
  for (const [f, part] of parts.entries()) {
    moments.push(await momentsOf(kernels, rows[f], part, classes, options));
    options.onProgress?.((0.5 * (f + 1)) / folds);
  }
  const all = sumOf(moments);

  const right = new Uint8Array(n);
  for (const [f, part] of parts.entries()) {
    const taught = difference(all, moments[f]);
    const answers = await classify(kernels, taught, rows[f], ridge);
    throwIfAborted(options.signal);
    part.forEach((i, at) => (right[i] = Number(answers[at] === classes.of[i])));
    options.onProgress?.(0.5 + (0.5 * (f + 1)) / folds);
  }
  return accuracyOf(right, classes);
}

async function momentsOf(
  kernels: Kernels,
  rows: Matrix,
  part: Int32Array,
  classes: Classes,
  options: CallOptions,
): Promise<Moments> {
  const { rows: count, columns: d, data } = rows;
  const { mean, covariance } = await kernels.covariance(rows, { signal: options.signal });
  const products = covariance;
  for (let k = 0; k < d; k++) {
    for (let l = 0; l < d; l++) products[k * d + l] = count * (products[k * d + l] + mean[k] * mean[l]);
  }
  const classSums = new Float64Array(classes.counts.length * d);
  const classCounts = new Float64Array(classes.counts.length);
  part.forEach((i, at) => {
    const start = classes.of[i] * d;
    for (let k = 0; k < d; k++) classSums[start + k] += data[at * d + k];
    classCounts[classes.of[i]]++;
  });
  return { count, sum: mean.map((value) => value * count), products, classSums, classCounts };
}

/** a + sign · b, in the storage of a. */
function add(a: Moments, b: Moments, sign: number): Moments {
  const parts = ['sum', 'products', 'classSums', 'classCounts'] as const;
  for (const part of parts) {
    const [x, y] = [a[part], b[part]];
    for (let at = 0; at < x.length; at++) x[at] += sign * y[at];
  }
  return { ...a, count: a.count + sign * b.count };
}

function copyOf({ count, sum, products, classSums, classCounts }: Moments): Moments {
  return {
    count,
    sum: sum.slice(),
    products: products.slice(),
    classSums: classSums.slice(),
    classCounts: classCounts.slice(),
  };
}

const difference = (a: Moments, b: Moments) => add(copyOf(a), b, -1);
const sumOf = ([first, ...others]: readonly Moments[]) =>
  others.reduce((sum, moments) => add(sum, moments, 1), copyOf(first));

/** The class that the regression on these moments gives each of the rows. */
async function classify(
  kernels: Kernels,
  { count, sum, products, classSums, classCounts }: Moments,
  rows: Matrix,
  ridge: number,
): Promise<Int32Array> {
  const d = rows.columns;
  const classCount = classCounts.length;
  const mean = sum.map((value) => value / count);
  const scatter = new Float64Array(d * d);
  for (let k = 0; k < d; k++) {
    for (let l = 0; l < d; l++) scatter[k * d + l] = products[k * d + l] - count * mean[k] * mean[l];
  }
  let trace = 0;
  for (let k = 0; k < d; k++) trace += scatter[k * d + k];
  for (let k = 0; k < d; k++) scatter[k * d + k] += (ridge * trace) / d;
  const sides = classSums.map((value, at) => value - classCounts[Math.floor(at / d)] * mean[at % d]);
  const weights = trace > 0 ? await kernels.solvePositiveDefinite(scatter, d, sides) : undefined;
  if (!weights) {
    throw new RidgeflowError(
      'DEGENERATE_CLOUD',
      'Expected points that differ and a ridge that rounding does not swallow: raise the option ridge',
    );
  }
  const offsets = classCounts.map((number, c) => {
    let offset = number / count;
    for (let k = 0; k < d; k++) offset -= weights[c * d + k] * mean[k];
    return offset;
  });
  const data = rows.data instanceof Float32Array ? Float32Array.from(weights) : weights;
  const values = await kernels.matmul({
    a: rows,
    b: { data, rows: classCount, columns: d },
    transposeB: true,
  });
  return Int32Array.from({ length: rows.rows }, (_, i) => {
    let best = 0;
    for (let c = 1; c < classCount; c++) {
      const value = values[i * classCount + c] + offsets[c];
      if (value > values[i * classCount + best] + offsets[best]) best = c;
    }
    return best;
  });
}
