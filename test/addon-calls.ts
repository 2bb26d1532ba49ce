// Calls of the addon's kernels: well-formed ones, and what each of their fields may not be.
import { Random } from './reference/random.js';

export type Values = Record<string, unknown>;
export type Kernel =
  | 'score'
  | 'nearestNeighbours'
  | 'countWithin'
  | 'softmin'
  | 'planRows'
  | 'planCosts'
  | 'matrixPlanCosts'
  | 'matrixSoftmin'
  | 'pairCosts'
  | 'assignment'
  | 'networkSimplex'
  | 'slicedDistances'
  | 'matmul'
  | 'covariance'
  | 'symmetricEigen';

export const floats = (length: number, seed = 1) => Float32Array.from(new Random(seed).normals(length));

/** The entropic kernel of two clouds. */
const pairs = () => ({
  from: floats(12),
  to: floats(10),
  n: 6,
  m: 5,
  d: 2,
  epsilon: 1,
  logWeights: new Float64Array(5),
  control: new Int32Array(2),
});

/** A well-formed call of each kernel, small enough to run at once. */
export const WELL_FORMED: Record<Kernel, () => Values> = {
  score: () => ({
    queries: floats(12),
    centres: floats(10),
    n: 6,
    m: 5,
    d: 2,
    logWeights: new Float32Array(5).fill(-Math.log(5)),
    variance: 1,
    mean: new Float32Array(12),
    logDensity: new Float32Array(6),
    divergence: new Float32Array(6),
    control: new Int32Array(2),
  }),
  nearestNeighbours: () => ({
    queries: floats(12),
    points: floats(10),
    n: 6,
    m: 5,
    d: 2,
    k: 3,
    distances: new Float32Array(18),
    indices: new Int32Array(18),
    control: new Int32Array(2),
  }),
  countWithin: () => ({
    queries: floats(12),
    points: floats(10),
    radii: new Float32Array(6).fill(1),
    n: 6,
    m: 5,
    d: 2,
    counts: new Int32Array(6),
    control: new Int32Array(2),
  }),
  softmin: () => ({ ...pairs(), out: new Float64Array(6) }),
  planRows: () => ({ ...pairs(), rowLogWeights: new Float64Array(6), out: new Float32Array(30) }),
  planCosts: () => ({ ...pairs(), rowLogWeights: new Float64Array(6), out: new Float64Array(6) }),
  matrixPlanCosts: () => ({
    costs: floats(12),
    rows: 3,
    columns: 4,
    epsilon: 1,
    rowLogWeights: new Float64Array(3),
    logWeights: new Float64Array(4),
    out: new Float64Array(3),
    control: new Int32Array(2),
  }),
  matrixSoftmin: () => ({
    costs: floats(12),
    rows: 3,
    columns: 4,
    epsilon: 1,
    logWeights: new Float64Array(4),
    out: new Float64Array(3),
    control: new Int32Array(2),
  }),
  pairCosts: () => ({
    from: floats(12),
    to: floats(10),
    n: 6,
    m: 5,
    d: 2,
    out: new Float64Array(30),
    control: new Int32Array(2),
  }),
  assignment: () => ({
    costs: Float64Array.from(floats(25)),
    n: 5,
    columns: new Int32Array(5),
    u: new Float64Array(5),
    v: new Float64Array(5),
    control: new Int32Array(2),
  }),
  networkSimplex: () => ({
    costs: Float64Array.from(floats(20)),
    n: 4,
    m: 5,
    supplies: new Float64Array(4).fill(1 / 4),
    demands: new Float64Array(5).fill(1 / 5),
    rows: new Int32Array(9),
    columns: new Int32Array(9),
    masses: new Float64Array(9),
    count: new Int32Array(1),
    u: new Float64Array(4),
    v: new Float64Array(5),
    control: new Int32Array(2),
  }),
  slicedDistances: () => ({
    a: floats(12),
    n: 6,
    b: floats(10),
    m: 5,
    d: 2,
    directions: floats(6),
    count: 3,
    weightsA: new Float64Array(6).fill(1 / 6),
    weightsB: new Float64Array(5).fill(1 / 5),
    p: 2,
    distances: new Float64Array(3),
    gradients: new Float64Array(6),
    control: new Int32Array(2),
  }),
  matmul: () => ({
    a: floats(6),
    rowsA: 2,
    columnsA: 3,
    b: floats(12),
    rowsB: 3,
    columnsB: 4,
    out: new Float32Array(8),
  }),
  covariance: () => ({
    points: floats(12),
    n: 4,
    d: 3,
    mean: new Float64Array(3),
    covariance: new Float64Array(9),
  }),
  symmetricEigen: () => ({ matrix: Float64Array.of(2, 1, 1, 2), d: 2, values: new Float64Array(2) }),
};
export const KERNELS = Object.keys(WELL_FORMED) as Kernel[];
/** Fields that may be left out. */
export const OPTIONAL = new Set([
  'logWeights',
  'mean',
  'logDensity',
  'divergence',
  'weightsA',
  'weightsB',
  'gradients',
  'control',
]);
/** Fields that are not counts, with the numbers that mean something there: an infinite variance, and one of a half. */
export const MEANINGFUL: Record<string, (value: number) => boolean> = {
  variance: (value) => value > 0,
  epsilon: (value) => value > 0,
  p: (value) => value >= 1 && value < Infinity,
};

export const BAD_NUMBERS = [
  undefined,
  null,
  '3',
  true,
  3n,
  {},
  [3],
  NaN,
  Infinity,
  -Infinity,
  -1,
  0,
  0.5,
  2 ** 53,
];

export function badArrays(good: ArrayBufferView & { length: number }): unknown[] {
  const construct = good.constructor as new (length: number) => ArrayBufferView;
  const detached = new construct(good.length);
  structuredClone(detached, { transfer: [detached.buffer as ArrayBuffer] });
  return [
    ...[3, '3', true, {}, Array.from({ length: good.length }, () => 0)],
    ...[good.buffer, new DataView(good.buffer), new Uint8Array(good.length)],
    ...[good instanceof Int32Array ? new Float32Array(good.length) : new Int32Array(good.length)],
    ...[new construct(good.length - 1), new construct(good.length + 1), new construct(0), detached],
  ];
}

/** `score` of n points on themselves in d = 20: about n²·30 ns of work on one thread. */
export function heavyScore(n: number): { n: number; mean: Float32Array; control: Int32Array } & Values {
  const queries = floats(n * 20);
  const mean = new Float32Array(n * 20);
  return { queries, centres: queries, n, m: n, d: 20, variance: 1, mean, control: new Int32Array(2) };
}
