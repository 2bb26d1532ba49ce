// Every call of the library that runs over ranks against the same in one process. Run on each rank; see test/mpi.test.ts.
import {
  centredKernelAlignment,
  effectiveRank,
  fisherRatio,
  nearestNeighbourAccuracy,
  silhouette,
} from '../../ts/representation/index.js';
import { continuousDaeFlow, heatFlow, probabilityFlow, variancePreserving } from '../../ts/flow/index.js';
import { directionSet, projectCloud, projectedDensity, projectedExtents } from '../../ts/radon/index.js';
import { sinkhorn, sinkhornDivergence } from '../../ts/transport/index.js';
import { integrate } from '../../ts/flow/index.js';
import { principalComponents } from '../../ts/linalg/index.js';
import { backwardHeatField } from '../../ts/field/index.js';
import { smoothed } from '../../ts/measure/index.js';
import type { RidgeflowError } from '../../ts/core/errors.js';
import type { DType, FloatData, NdArray } from '../../ts/core/array.js';
import { Random } from '../reference/random.js';
import { type Spread, differences, finish, ownRows, rank, size } from './ranks.js';

const [spread = 'even'] = process.argv.slice(2) as [Spread?];
const random = new Random(7);
const over = { backend: 'mpi' } as const;
const alone = { backend: 'native' } as const;

function cloudOf(n: number, d: number, dtype: DType = 'float64', shift = 0): NdArray {
  const values = Float64Array.from(random.normals(n * d), (value, i) => value * (1 + (i % d)) + shift);
  return { data: dtype === 'float64' ? values : Float32Array.from(values), shape: [n, d] };
}

/** This rank's rows. */
function own({ data, shape: [n, d] }: NdArray): NdArray {
  const { first, count } = ownRows(n, spread);
  return { data: data.slice(first * d, (first + count) * d), shape: [count, d] };
}

/** This rank's part of one value, or d, for each of n rows. */
function part<A extends Float64Array | Float32Array | Int32Array>(values: A, n: number, d = 1): A {
  const { first, count } = ownRows(n, spread);
  return values.slice(first * d, (first + count) * d) as A;
}

function near(
  name: string,
  found: FloatData | number[],
  expected: FloatData | number[],
  allowed = 1e-11,
): void {
  differences.check(
    `${name}: ${found.length} values, not ${expected.length}`,
    found.length === expected.length,
  );
  differences.compare(
    name,
    Float64Array.from(found),
    Float64Array.from(expected),
    (i) => allowed * Math.max(1, Math.abs(expected[i])),
  );
}

async function entropicTransport(): Promise<void> {
  const [n, m] = [61, 83];
  const [a, b] = [cloudOf(n, 3), cloudOf(m, 3, 'float64', 1)];
  const mass = Float64Array.from({ length: n }, (_, i) => 1 + (i % 5));
  const total = mass.reduce((sum, value) => sum + value, 0);
  const weightsA = mass.map((value) => value / total);
  const cases = [
    {},
    { weightsA },
    { cost: 'euclidean' },
    { weightsA: mass, marginalPenalty: 2, gradient: true },
    { epsilonScaling: false, maximumIterations: 7, gradient: true },
  ] as const;
  for (const [number, { ...options }] of cases.entries()) {
    const name = `sinkhorn ${number}`;
    const { weightsA: whole } = options as { weightsA?: Float64Array };
    const common = { ...options, epsilon: 0.8 };
    const ownWeights = whole && { weightsA: part(whole, n) };
    const { gradient: _, ...forPlan } = common as { gradient?: boolean; epsilon: number };
    const plan = await sinkhorn(own(a), own(b), { ...forPlan, ...ownWeights, ...over });
    const expected = await sinkhorn(a, b, { ...forPlan, ...alone });
    near(`${name} f`, plan.f, part(expected.f, n));
    near(`${name} g`, plan.g, part(expected.g, m));
    const facts = (each: typeof plan) => [each.value, each.mass, each.iterations, each.marginalError];
    near(name, facts(plan), facts(expected));
    near(`${name} cost`, [await plan.transportCost()], [await expected.transportCost()]);
    if (!('cost' in options)) near(`${name} map`, (await plan.map()).data, own(await expected.map()).data);
    const divergence = await sinkhornDivergence(own(a), own(b), { ...common, ...ownWeights, ...over });
    const known = await sinkhornDivergence(a, b, { ...common, ...alone });
    near(`${name} divergence`, [divergence.value], [known.value]);
    if (known.gradient) near(`${name} gradient`, divergence.gradient!.data, own(known.gradient).data);
  }
  const wrong = sinkhorn(own(a), own(b), { epsilon: 1, weightsA: part(mass, n), ...over });
  await refused('weights of all ranks that do not sum to 1', wrong, 'INVALID_ARGUMENT');
  if (size > 1) {
    const plan = await sinkhorn(own(a), own(b), { epsilon: 1, ...over });
    if (plan.f.length > 0) await refused('rows of a plan', plan.rows(0, 1), 'UNSUPPORTED');
    const unlike = sinkhorn(own(a), own(b), { epsilon: 1 + rank, ...over });
    differences.check(
      'ranks that disagree are told in what',
      /the same epsilon for this call on all ranks/.test((await failure(unlike))?.message ?? ''),
    );
  }
}

async function axes(): Promise<void> {
  const cases = [
    { n: 57, d: 6, count: 3 },
    { n: 3, d: 5, count: 4 },
    { n: 1060, d: 1040, count: 2 },
    { n: 40, d: 1040, count: 6 },
  ];
  // The large ones take long, and do not depend on who holds which row.
  for (const { n, d, count } of spread === 'even' ? cases : cases.slice(0, 2)) {
    const cloud = cloudOf(n, d, 'float64', 100);
    const found = await principalComponents(own(cloud), { count, ...over });
    const expected = await principalComponents(cloud, { count, ...alone });
    // Subspace iteration comes as near as the gaps between variances let it.
    const allowed = n === 1060 ? 1e-4 : 1e-8;
    near(`mean ${n} × ${d}`, found.mean, expected.mean);
    near(`variances ${n} × ${d}`, found.variances, expected.variances, allowed);
    near(`explained ${n} × ${d}`, found.explained, expected.explained, allowed);
    const rankOfCloud = Math.min(count, n - 1);
    const first = (values: Float64Array) => values.subarray(0, rankOfCloud * d);
    if (n !== 1060) near(`axes ${n} × ${d}`, first(found.axes), first(expected.axes), 1e-7);
  }
}

async function representations(): Promise<void> {
  for (const [n, d] of [
    [90, 4],
    [20, 30],
  ]) {
    const cloud = cloudOf(n, d);
    const other = cloudOf(n, 3);
    // A rank may have no point of some class.
    const labels = Int32Array.from({ length: n }, (_, i) => 5 - Math.floor((4 * i) / n));
    cloud.data.forEach((value, at) => (cloud.data[at] = value + 2 * labels[Math.floor(at / d)]));
    const said = part(labels, n);
    const name = `${n} × ${d}`;
    const [points, call] = [own(cloud), over];
    const accuracy = await nearestNeighbourAccuracy(points, said, { k: 3, ...call });
    const wholeAccuracy = await nearestNeighbourAccuracy(cloud, labels, { k: 3, ...alone });
    near(`accuracy ${name}`, accuracy.classAccuracies, wholeAccuracy.classAccuracies);
    near(`accuracy of all ${name}`, [accuracy.accuracy], [wholeAccuracy.accuracy]);
    const [form, wholeForm] = [await silhouette(points, said, call), await silhouette(cloud, labels, alone)];
    near(`silhouette ${name}`, form.values, part(wholeForm.values, n));
    near(`silhouettes ${name}`, [form.mean, ...form.classMeans], [wholeForm.mean, ...wholeForm.classMeans]);
    const [fisher, wholeFisher] = [
      await fisherRatio(points, said, call),
      await fisherRatio(cloud, labels, alone),
    ];
    near(
      `Fisher's ratio ${name}`,
      [fisher.ratio, ...fisher.spreads],
      [wholeFisher.ratio, ...wholeFisher.spreads],
    );
    near(
      `classes ${name}`,
      [...fisher.classes, ...fisher.counts],
      [...wholeFisher.classes, ...wholeFisher.counts],
    );
    const [spectrum, wholeSpectrum] = [await effectiveRank(points, call), await effectiveRank(cloud, alone)];
    near(`spectrum ${name}`, spectrum.spectrum, wholeSpectrum.spectrum, 1e-9);
    near(`rank ${name}`, [spectrum.entropyRank], [wholeSpectrum.entropyRank], 1e-9);
    for (const debiased of [false, true]) {
      const found = await centredKernelAlignment(points, own(other), { debiased, ...call });
      const expected = await centredKernelAlignment(cloud, other, { debiased, ...alone });
      near(`alignment ${name} ${debiased ? 'debiased' : ''}`, [found], [expected], 1e-9);
    }
  }
}

async function projections(): Promise<void> {
  const cloud = cloudOf(75, 3);
  const directions = directionSet(9, 3);
  const weights = Float64Array.from({ length: 75 }, (_, i) => i % 4);
  const bins = { count: 40, spacing: 0.3 };
  const rows = (await projectCloud(own(cloud), { directions, ...over })).data;
  const whole = (await projectCloud(cloud, { directions, ...alone })).data;
  const { first, count } = ownRows(75, spread);
  const wanted = Array.from({ length: 9 }, (_, k) => [
    ...whole.subarray(k * 75 + first, k * 75 + first + count),
  ]);
  near('projections', rows, wanted.flat());
  for (const bandwidth of [undefined, 0.7]) {
    const mine = { points: own(cloud), weights: part(weights, 75) };
    const found = await projectedDensity(mine, { directions, bins, bandwidth, ...over });
    const expected = await projectedDensity(
      { points: cloud, weights },
      { directions, bins, bandwidth, ...alone },
    );
    near(`density ${bandwidth}`, found.density.data, expected.density.data);
  }
  const found = await projectedExtents(own(cloud), { directions, ...over });
  const expected = await projectedExtents(cloud, { directions, ...alone });
  near('extents', [...found.least, ...found.greatest], [...expected.least, ...expected.greatest]);
}

async function flows(): Promise<void> {
  const [points, queries] = [cloudOf(50, 2), cloudOf(31, 2)];
  const measures = [{ points: own(points) }, { points }].map((each) => smoothed({ ...each, variance: 0.5 }));
  const pairs = [
    ['heat', ...measures.map((measure) => heatFlow(measure, { to: 0.3 }))],
    ['autoencoder', ...measures.map((measure) => continuousDaeFlow(measure, { to: 0.1 }))],
    ['probability', ...measures.map((measure) => probabilityFlow(variancePreserving(), measure))],
  ] as const;
  for (const [name, mine, whole] of pairs) {
    const options = { track: { logDensity: true, action: true } };
    const { end, statistics } = await mine.transport(own(queries), { ...options, ...over });
    const expected = await whole.transport(queries, { ...options, ...alone });
    near(`${name}: ends`, end.positions.data, own(expected.end.positions).data, 1e-9);
    near(`${name}: densities`, end.logDensity!, part(Float64Array.from(expected.end.logDensity!), 31), 1e-9);
    near(
      `${name}: steps and action`,
      [statistics.steps, end.action!],
      [expected.statistics.steps, expected.end.action!],
      1e-9,
    );
  }
  const v = cloudOf(31, 2);
  const product = await measures[0].hessianVector(own(queries), own(v), over);
  const expected = await measures[1].hessianVector(queries, v, alone);
  near('second derivatives', product.data, own(expected).data, 1e-10);
  if (size === 1) return;
  const weights = new Float64Array(own(points).shape[0]);
  if (weights.length > 0) weights[0] = 1;
  const field = backwardHeatField(smoothed({ points: own(points), weights, variance: 1 }));
  await refused('weights of a measure', integrate(field, own(queries), { to: 0.1, ...over }), 'UNSUPPORTED');
}

async function failure(call: Promise<unknown>): Promise<RidgeflowError | undefined> {
  return call.then(
    () => undefined,
    (error: unknown) => error as RidgeflowError,
  );
}

async function refused(name: string, call: Promise<unknown>, code: string): Promise<void> {
  const error = await failure(call);
  differences.check(`${name}: ${error?.message ?? 'no error'}`, error?.code === code);
}

await entropicTransport();
await axes();
await representations();
await projections();
// A measure has points on every rank.
if (spread === 'even') await flows();
finish();
