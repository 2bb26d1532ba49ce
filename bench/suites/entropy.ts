import { mutualInformation, nearestNeighbourEntropy } from '../../ts/entropy/index.js';
import { loadBackend } from '../../ts/kernel/backend.js';
import { normalCloud } from '../clouds.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { time, timeOnce } from '../timing.js';

const POINTS = 50_000;
const K = 5;
/** Queries that the fallback is timed on: its cost per query does not depend on how many there are. */
const FALLBACK_QUERIES = 500;

const suite: BenchSuite = {
  name: 'entropy',
  async run(context) {
    await neighbours(context, 8);
    await neighbours(context, 64);
    await information(context);
  },
};
export default suite;

/** The whole estimate with its standard error, and its nearest neighbours on the fallback, for some of the points. */
async function neighbours({ threads, others, quick, emit }: BenchContext, d: number): Promise<void> {
  const points = normalCloud(POINTS, d);
  const options = { samples: quick ? 2 : 5, maxSeconds: quick ? 1 : 5 };
  const { seconds, samples } = await time(() => nearestNeighbourEntropy(points, { k: K }), options);
  const speedup: Record<string, number> = {};
  const cloud = { data: points.data, rows: POINTS, columns: d };
  const some = { data: points.data.subarray(0, FALLBACK_QUERIES * d), rows: FALLBACK_QUERIES, columns: d };
  for (const name of others) {
    const kernels = await loadBackend(name);
    const search = () => kernels.nearestNeighbours({ queries: some, points: cloud, k: K, excludeSelf: true });
    await search();
    speedup[name] = ((await timeOnce(search)).seconds * POINTS) / FALLBACK_QUERIES / seconds;
  }
  emit({
    suite: 'entropy',
    workload: `knn-d${d}`,
    params: { n: POINTS, d, k: K, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    speedup,
  });
}

/** Mutual information of two variables of two coordinates each. */
async function information({ threads, quick, emit }: BenchContext): Promise<void> {
  const [x, y] = [1, 2].map((seed) => normalCloud(POINTS, 2, 'float32', seed));
  const options = { samples: quick ? 2 : 5, maxSeconds: quick ? 1 : 4 };
  const { seconds, samples } = await time(() => mutualInformation(x, y, { k: K }), options);
  emit({
    suite: 'entropy',
    workload: 'mutual-d2',
    params: { n: POINTS, d: 2, k: K, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
  });
}
