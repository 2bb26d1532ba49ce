import { type FloatData, type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { checkCall } from '../core/call.js';
import { RidgeflowError } from '../core/errors.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import type { TransportMap } from '../dae/index.js';
import { nearestNeighbours } from '../entropy/index.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type Rows, asCloud } from '../io/index.js';
import { kernelsFor } from '../kernel/backend.js';
import type { PrincipalComponents } from '../linalg/index.js';
import { type ScoreOptions, score } from '../measure/index.js';
import { SIGNATURES } from './signatures.js';
import { type Stage, mapRows } from './stage.js';

/** Options of a stage: those of the call that it makes for every lot, but the signal, which is the pipeline's. */
export type StageOptions = Pick<CallOptions, 'backend' | 'dtype'>;

/** Anything that moves points: a map of the library, a trained autoencoder, or your own. */
export type PointMap = Pick<TransportMap, 'apply'>;

/**
 * A stage that moves rows by a map: `points` are their images; all else goes on as it came, but the names of the columns
 * where their number changes.
 *
 * @throws the stage what `map.apply` throws.
 * @example await pipeline(readRows('large.parquet'), transportMap(await readDae('dae.safetensors')), writeRows('moved.parquet'));
 */
export function transportMap(map: PointMap, options: StageOptions = {}): Stage<Rows> {
  checkCall(SIGNATURES.transportMap, { map, options });
  return mapRows(async (rows, { signal }) =>
    withPoints(rows, await map.apply(rows.points, { ...options, signal })),
  );
}

/** Rows with what {@link scoreRows} found of them. */
export interface ScoredRows extends Rows {
  /** Posterior means, n × d: the score is (mean − x)/variance. */
  readonly mean?: NdArray;
  /** log p(x_i), nats. */
  readonly logDensity?: FloatData;
  /** Δ log p(x_i). */
  readonly divergence?: FloatData;
}

/**
 * A stage that looks at rows from a fixed cloud: what `score` says of them, beside the rows. O(m·d) memory for the m centres,
 * O(m·d) time a row at most.
 *
 * @param options as of `score`, without `excludeSelf`: the rows are none of the centres.
 * @throws what `score` throws, of the centres at once where it can.
 * @example await pipeline(readRows(file), scoreRows(centres, { variance: 0.1, want: { logDensity: true } }), writeRows('p.csv', { also: ['logDensity'] }));
 */
export function scoreRows(
  centres: NdArrayLike,
  options: StageOptions & Pick<ScoreOptions, 'variance' | 'weights' | 'tolerance' | 'want'>,
): Stage<ScoredRows> {
  ({ centres } = checkCall(SIGNATURES.scoreRows, { centres, options }));
  const fixed = fixedCloud(centres, 'centres', options.dtype);
  return mapRows(async (rows, { signal }) => {
    // What it asks of no backend is of the rows that are here: over ranks it does not run.
    await kernelsFor(options);
    const cloud = fixed(rows.points);
    return { ...rows, ...(await score(toDtype(rows.points, dtypeOf(cloud)), cloud, { ...options, signal })) };
  });
}

/** Rows with their nearest points of a cloud. */
export interface NeighbouringRows extends Rows {
  /** Euclidean distances to the k nearest points, n × k, nearest first. */
  readonly distances: NdArray;
  /** Row numbers of these points, n × k, row-major. */
  readonly indices: Int32Array;
}

/**
 * A stage that finds the k nearest points of a fixed cloud for every row, as `nearestNeighbours` does, beside the rows.
 *
 * @throws what `nearestNeighbours` throws, of the cloud at once where it can.
 */
export function neighbourRows(
  points: NdArrayLike,
  options: StageOptions & { k: number },
): Stage<NeighbouringRows> {
  ({ points } = checkCall(SIGNATURES.neighbourRows, { points, options }));
  const fixed = fixedCloud(points, 'points', options.dtype);
  checkInteger(options.k, 'k', 1);
  return mapRows(async (rows, { signal }) => {
    await kernelsFor(options);
    const cloud = fixed(rows.points);
    const queries = toDtype(rows.points, dtypeOf(cloud));
    return { ...rows, ...(await nearestNeighbours(queries, cloud, { ...options, signal })) };
  });
}

/**
 * A stage that projects rows onto directions: `points` are n × k coordinates ⟨x − mean, direction⟩, in the element type of
 * the rows, summed in float64. Columns are named `direction 0`, `direction 1`, …
 *
 * @param directions k × d rows, as an array or the principal components of a cloud, whose mean is then taken off first.
 * @throws INVALID_SHAPE for directions of another dimension; what `asCloud` throws.
 */
export function projectRows(directions: NdArrayLike | PrincipalComponents): Stage<Rows> {
  ({ directions } = checkCall(SIGNATURES.projectRows, { directions }));
  const mean = 'axes' in directions ? directions.mean : undefined;
  const rows = 'axes' in directions ? undefined : asCloud(directions);
  if (rows) checkPoints(rows, 'directions');
  const axes = rows ? toDtype(rows, 'float64').data : (directions as PrincipalComponents).axes;
  const d = mean ? mean.length : rows!.shape[1];
  const k = axes.length / d;
  const columns = Array.from({ length: k }, (_, i) => `direction ${i}`);
  return mapRows((given) => {
    checkPoints(given.points, 'points', { minimum: 0, dimension: d });
    return { ...given, points: projected(given.points, axes, k, mean), columns };
  });
}

function projected(
  { data, shape }: NdArray,
  axes: FloatData,
  k: number,
  mean: Float64Array | undefined,
): NdArray {
  const [n, d] = shape;
  const out = dtypeOf({ data }) === 'float64' ? new Float64Array(n * k) : new Float32Array(n * k);
  for (let row = 0; row < n; row++)
    for (let axis = 0; axis < k; axis++) {
      let sum = 0;
      for (let i = 0; i < d; i++) sum += (data[row * d + i] - (mean ? mean[i] : 0)) * axes[axis * d + i];
      out[row * k + axis] = sum;
    }
  return { data: out, shape: [n, k] };
}

/** A cloud in the element type of a stage: that asked for, or that of the first rows; converted once. */
function fixedCloud(cloud: NdArrayLike, name: string, dtype: CallOptions['dtype']) {
  const given = asCloud(cloud);
  const { d } = checkPoints(given, name);
  let taken: NdArray | undefined;
  return (points: NdArray): NdArray => {
    checkPoints(points, 'points', { dimension: d });
    const wanted = dtype ?? (taken ? dtypeOf(taken) : dtypeOf(points));
    if (taken && dtypeOf(points) === 'float64' && wanted === 'float32' && dtype === undefined)
      throw new RidgeflowError(
        'INVALID_DTYPE',
        'Expected float32, as in the first rows, but received float64',
      );
    return (taken ??= toDtype(given, wanted));
  };
}

function withPoints(rows: Rows, points: NdArray): Rows {
  const { columns, ...rest } = rows;
  return { ...rest, points, ...(columns?.length === points.shape[1] && { columns }) };
}
