import type { DType, NdArray } from '../../ts/core/array.js';
import { nearestNeighbours } from '../../ts/entropy/index.js';
import { score } from '../../ts/measure/score.js';
import type { BackendName } from '../../ts/core/options.js';
import { cloudNearSubspace, normalCloud } from '../clouds.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { extraMemory } from '../memory.js';
import { plainScore, useEngine } from '../peers/tfjs-score.js';
import { roofline } from '../roofline.js';
import { fitExponent, gemmRate, median, time, timeOnce } from '../timing.js';

const DIMENSIONS = [2, 3, 8, 64, 256, 784];
/** Fewer points of many coordinates: a call of the dense sums takes about a second at most, whatever d. */
const pointsIn = (d: number) => (d <= 64 ? 16384 : d <= 256 ? 8192 : 4096);
/** Queries that slow systems are timed on: their cost per pair does not depend on how many there are. */
const COMPARED_QUERIES: Partial<Record<BackendName, number>> = {
  'tfjs-node': 512,
  'tfjs-wasm': 256,
  'tfjs-cpu': 32,
};

/** Queries that systems of Python are timed on, which hold all pairs at once. */
const PEER_QUERIES = 2048;

const suite: BenchSuite = {
  name: 'score',
  async run(context) {
    for (const dtype of ['float32', 'float64'] as const) {
      for (const d of DIMENSIONS) await dense(context, d, dtype);
    }
    await narrow(context);
    await wide(context);
    for (const dtype of ['float32', 'float64'] as const) {
      const cloud = cloudNearSubspace(context.quick ? 4096 : 8192, 784, dtype);
      for (const [variance, tolerance] of PRUNED) await pruned(context, cloud, variance, tolerance);
    }
    for (const n of [8192, 32768]) await memory(context, n, 64);
  },
};
export default suite;

/** A bandwidth at which weights spread over the cloud, as in the flows: no tile can be skipped. */
const wideVariance = (d: number) => d / 2;

async function dense(
  { threads, others, peers, quick, emit }: BenchContext,
  d: number,
  dtype: DType,
): Promise<void> {
  const n = pointsIn(d);
  const cloud = normalCloud(n, d, dtype);
  const variance = wideVariance(d);
  const before = gemmRate(dtype, threads);
  const { seconds, samples } = await time(
    () => score(cloud, cloud, { variance, tolerance: 0, backend: 'native' }),
    {
      samples: quick ? 2 : 3,
      maxSeconds: quick ? 1 : 2,
    },
  );
  const rate = (before + gemmRate(dtype, threads)) / 2;
  const perPairNs = (seconds / n ** 2) * 1e9;
  // `tfjs-…` is TensorFlow.js's own operations (bench/peers/tfjs-score.ts); `our fallback on …` is ridgeflow without
  // its addon on the same engine, which takes the exponentials out of TensorFlow.js.
  const speedup: Record<string, number> = {};
  if (dtype === 'float32') {
    for (const other of others) {
      const rows = COMPARED_QUERIES[other];
      if (rows === undefined) continue;
      const queries = { data: cloud.data.subarray(0, rows * d), shape: [rows, d] };
      const perPair = async (call: () => Promise<unknown>) => ((await medianOf(call)) / (rows * n)) * 1e9;
      const fallback = await perPair(() => score(queries, cloud, { variance, tolerance: 0, backend: other }));
      speedup[`our fallback on ${other}`] = fallback / perPairNs;
      if (await useEngine(other as Parameters<typeof useEngine>[0])) {
        const plain = await perPair(async () => plainScore(queries, cloud, variance));
        speedup[other] = plain / perPairNs;
      }
    }
  }
  if (dtype === 'float32') {
    const queries = { data: cloud.data.subarray(0, PEER_QUERIES * d), shape: [PEER_QUERIES, d] };
    const ours = () => score(queries, cloud, { variance, tolerance: 0, backend: 'native' });
    const inputs = { queries, centres: cloud, variance };
    Object.assign(speedup, await peers.against('score', ['JAX', 'PyKeOps'], inputs, ours));
  }
  emit({
    suite: 'score',
    workload: 'dense',
    params: { n, d, dtype },
    backend: 'native',
    threads,
    seconds,
    samples,
    perPairNs,
    gemmFraction: (4 * n ** 2 * d) / seconds / rate,
    // The cloud's distances to itself are asked for once, and so are their exponentials.
    roofline: roofline({ multiplyAdds: 1.5 * n ** 2 * d, exponentials: n ** 2 / 2 }, seconds, dtype),
    speedup,
  });
}

/** The bandwidth at the median distance of nearest neighbours: most pairs of points are negligible. */
async function narrow(context: BenchContext): Promise<void> {
  await growing(context, 'narrow', 3, async (cloud) => {
    const { distances } = await nearestNeighbours(cloud, undefined, { k: 1, backend: 'native' });
    return median(Array.from(distances.data)) ** 2;
  });
}

/** Variances of the kernel in {@link pruned}, from narrow to one where every pair counts; and tolerances. */
const PRUNED = [
  [0.3, 1e-6],
  [0.3, 1e-3],
  [1, 1e-3],
  [10, 1e-3],
] as const;

/** Many dimensions: centres left out by their leading coordinates, against all pairs of some of the queries. */
async function pruned(
  { threads, emit }: BenchContext,
  cloud: NdArray,
  variance: number,
  tolerance: number,
): Promise<void> {
  const [n, d] = cloud.shape;
  const dtype = cloud.data instanceof Float64Array ? 'float64' : 'float32';
  const rows = 1024;
  const some = { data: cloud.data.subarray(0, rows * d), shape: [rows, d] };
  const exactly = () => score(some, cloud, { variance, tolerance: 0, backend: 'native' });
  const exact = await exactly();
  // Alternating, since machines drift.
  const before = (await timeOnce(exactly, 2)).seconds;
  const call = () => score(cloud, cloud, { variance, tolerance, backend: 'native' });
  const fast = await call();
  const { seconds, samples } = await timeOnce(call, 2);
  const dense = (((before + (await timeOnce(exactly, 2)).seconds) / 2) * n) / rows;
  emit({
    suite: 'score',
    workload: 'pruned',
    params: { n, d, dtype, variance, tolerance },
    backend: 'native',
    threads,
    seconds,
    samples,
    speedup: { dense: dense / seconds },
    measured: {
      meanError: largestDifference(fast.mean!.data, exact.mean!.data) / Math.sqrt(variance),
      logDensityError: largestDifference(fast.logDensity!, exact.logDensity!),
    },
  });
}

/** The bandwidth at a third of the cloud's own scale, where every pair counts: a fast Gauss transform. */
async function wide(context: BenchContext): Promise<void> {
  for (const d of [1, 2, 3]) await growing(context, 'wide', d, () => Promise.resolve(1 / 9));
}

/**
 * The default tolerance over growing clouds, against all pairs. Errors are those of some of the queries, relative to the
 * bandwidth (means) and to 1 (log-densities).
 */
async function growing(
  { threads, quick, emit }: BenchContext,
  workload: string,
  d: number,
  varianceOf: (cloud: NdArray) => Promise<number>,
): Promise<void> {
  const sizes = quick ? [10_000, 30_000, 100_000] : [10_000, 100_000, 1_000_000];
  const growth: { n: number; seconds: number }[] = [];
  for (const n of sizes) {
    const cloud = normalCloud(n, d);
    const variance = await varianceOf(cloud);
    const call = () => score(cloud, cloud, { variance, backend: 'native' });
    const { seconds, samples } = await time(call, { samples: 3, maxSeconds: 1 });
    growth.push({ n, seconds });
    const exactly = (rows: number) =>
      score({ data: cloud.data.subarray(0, rows * d), shape: [rows, d] }, cloud, {
        variance,
        tolerance: 0,
        backend: 'native',
      });
    const exact = await exactly(Math.min(2000, 5e8 / n));
    const fast = await call();
    // All pairs, on as many queries as take about half a second.
    const rows = Math.min(n, Math.ceil(1e9 / n));
    const dense = ((await timeOnce(() => exactly(rows), 2)).seconds * n) / rows;
    emit({
      suite: 'score',
      workload,
      params: { n, d, dtype: 'float32', tolerance: 1e-6 },
      backend: 'native',
      threads,
      seconds,
      samples,
      speedup: { dense: dense / seconds },
      ...(growth.length === sizes.length && { growthExponent: fitExponent(growth) }),
      measured: {
        meanError: largestDifference(fast.mean!.data, exact.mean!.data) / Math.sqrt(variance),
        logDensityError: largestDifference(fast.logDensity!, exact.logDensity!),
      },
    });
  }
}

/** Over the length of the second. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < b.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

/** Peak memory beyond the cloud, and the size of the results in it. */
async function memory({ threads, emit }: BenchContext, n: number, d: number): Promise<void> {
  const root = new URL('../../', import.meta.url).href;
  const prepare = `
    const { normalCloud } = await import('${root}bench/clouds.ts');
    const { score } = await import('${root}ts/measure/score.ts');
    const small = normalCloud(64, ${d});
    await score(small, small, { variance: ${wideVariance(d)} });
    const cloud = normalCloud(${n}, ${d});
    return { cloud, score };`;
  const work = `await state.score(state.cloud, state.cloud, { variance: ${wideVariance(d)} });`;
  const begin = performance.now();
  const extraMiB = await extraMemory(prepare, work);
  const seconds = (performance.now() - begin) / 1000;
  const resultsMiB = (n * (d + 2) * 4) / 2 ** 20;
  emit({
    suite: 'score',
    workload: 'memory',
    params: { n, d, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples: 1,
    measured: { extraMiB, resultsMiB },
  });
}

/** Median seconds of two calls after one to warm up. */
async function medianOf(call: () => Promise<unknown>): Promise<number> {
  await call();
  return (await timeOnce(call, 2)).seconds;
}
