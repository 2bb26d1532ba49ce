import type { NdArray } from '../../ts/core/array.js';
import { loadBackend } from '../../ts/kernel/backend.js';
import { asMatrix } from '../../ts/kernel/checks.js';
import { exactTransport, sinkhorn, slicedWasserstein, uniformDirections } from '../../ts/transport/index.js';
import { normalCloud } from '../clouds.js';
import { peakMemory } from '../memory.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { roofline } from '../roofline.js';
import { gemmRate, time, timeOnce } from '../timing.js';

const DIMENSION = 50;
/** ε of the workloads: the mean squared distance is about 100. */
const EPSILON = 5;
const ITERATIONS = 50;
/** Points and directions that the fallback is timed on: its cost for each does not depend on how many there are. */
const FALLBACK_POINTS = 64;
const FALLBACK_DIRECTIONS = 4;

const suite: BenchSuite = {
  name: 'transport',
  async run(context) {
    await sliced(context, 100_000, 64, 256);
    await sinkhornWorkload(context, 'sinkhorn-10k', 10_000, ITERATIONS);
    if (!context.quick) await sinkhornWorkload(context, 'sinkhorn-100k', 100_000, 1);
    await assignment(context, 2000);
  },
};
export default suite;

function pair(n: number, d: number): [a: NdArray, b: NdArray] {
  const b = normalCloud(n, d, 'float32', 2);
  b.data.forEach((value, k) => (b.data[k] = value + 0.5));
  return [normalCloud(n, d, 'float32', 1), b];
}

async function sliced(
  { threads, others, peers, quick, emit }: BenchContext,
  n: number,
  d: number,
  count: number,
) {
  const [a, b] = pair(n, d);
  const call = () => slicedWasserstein(a, b, { directions: count, backend: 'native' });
  const { seconds, samples } = await time(call, { samples: quick ? 1 : 5, maxSeconds: quick ? 1 : 6 });
  const speedup: Record<string, number> = {};
  const directions = asMatrix(uniformDirections(FALLBACK_DIRECTIONS, d, 1, 'float32'));
  for (const name of quick ? [] : others) {
    const kernels = await loadBackend(name);
    const problem = { a: asMatrix(a), b: asMatrix(b), directions, p: 2 };
    const fallback = await timeOnce(() => kernels.slicedDistances(problem));
    speedup[name] = (fallback.seconds * count) / FALLBACK_DIRECTIONS / seconds;
  }
  Object.assign(speedup, await peers.against('sliced', ['POT'], { a, b, directions: count }, call));
  emit({
    suite: 'transport',
    workload: 'sliced-100k',
    params: { n, d, directions: count, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    speedup,
  });
}

/** A fixed number of iterations at a fixed ε, of two half-steps over all pairs each. */
async function sinkhornWorkload(
  { threads, others, peers, quick, emit }: BenchContext,
  workload: string,
  n: number,
  iterations: number,
) {
  const [a, b] = pair(n, DIMENSION);
  const options = {
    epsilon: EPSILON,
    tolerance: 0,
    maximumIterations: iterations,
    epsilonScaling: false as const,
    backend: 'native' as const,
  };
  const before = gemmRate('float32', threads);
  const { seconds, samples } = await timeOnce(() => sinkhorn(a, b, options), quick || n > 10_000 ? 1 : 3);
  const rate = (before + gemmRate('float32', threads)) / 2;
  const pairs = 2 * iterations * n * n;
  const speedup: Record<string, number> = {};
  const some = { data: a.data.subarray(0, FALLBACK_POINTS * DIMENSION), shape: [FALLBACK_POINTS, DIMENSION] };
  for (const name of quick || n > 10_000 ? [] : others) {
    const kernels = await loadBackend(name);
    const logWeights = new Float64Array(n).fill(-Math.log(n));
    const problem = {
      from: asMatrix(some),
      to: asMatrix(b),
      cost: 'squaredEuclidean' as const,
      epsilon: EPSILON,
      logWeights,
    };
    await kernels.softmin(problem);
    const fallback = await timeOnce(() => kernels.softmin(problem), 3);
    speedup[name] = (fallback.seconds * pairs) / (FALLBACK_POINTS * n) / seconds;
  }
  if (n <= 10_000) {
    const inputs = { a, b, epsilon: EPSILON, iterations };
    const ours = () => sinkhorn(a, b, options);
    Object.assign(speedup, await peers.against('sinkhorn', ['OTT-JAX', 'POT'], inputs, ours, 1));
  }
  emit({
    suite: 'transport',
    workload,
    params: { n, d: DIMENSION, iterations, epsilon: EPSILON, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    perPairNs: (seconds / pairs) * 1e9,
    gemmFraction: (2 * DIMENSION * pairs) / seconds / rate,
    roofline: roofline({ multiplyAdds: DIMENSION * pairs, exponentials: pairs }, seconds, 'float32'),
    speedup,
    measured: await memoryOf(n),
  });
}

/** Peak memory, in all, of a fresh process that makes the clouds and runs an iteration. */
async function memoryOf(n: number): Promise<Record<string, number>> {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const peakMiB = await peakMemory(`
    const { normalCloud } = await import(${url('../clouds.ts')});
    const { sinkhorn } = await import(${url('../../ts/transport/index.ts')});
    const [a, b] = [1, 2].map((seed) => normalCloud(${n}, ${DIMENSION}, 'float32', seed));
    const options = { epsilon: ${EPSILON}, tolerance: 0, maximumIterations: 1, epsilonScaling: false };
    await sinkhorn(a, b, options);`);
  return { peakMiB };
}

/** Between as many points of equal weight: both solvers, and POT's. */
async function assignment({ threads, others, peers, quick, emit }: BenchContext, n: number) {
  const [a, b] = pair(n, 3);
  const call = (method?: 'assignment') => () => exactTransport(a, b, { method, backend: 'native' });
  const { seconds, samples } = await time(call(), { samples: quick ? 1 : 5, maxSeconds: quick ? 1 : 6 });
  const paths = await timeOnce(call('assignment'));
  const speedup: Record<string, number> = {
    'shortest augmenting paths': paths.seconds / seconds,
    ...(await peers.against('assignment', ['POT', 'SciPy'], { a, b }, call())),
  };
  for (const name of quick ? [] : others.slice(0, 1)) {
    speedup[name] = (await timeOnce(() => exactTransport(a, b, { backend: name }))).seconds / seconds;
  }
  emit({
    suite: 'transport',
    workload: 'assignment-2k',
    params: { n, d: 3, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    speedup,
  });
}
