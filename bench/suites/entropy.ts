import { mutualInformation, nearestNeighbourEntropy, nearestNeighbours } from '../../ts/entropy/index.js';
import { loadBackend } from '../../ts/kernel/backend.js';
import { silhouette } from '../../ts/representation/index.js';
import { normalCloud } from '../clouds.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { roofline } from '../roofline.js';
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
    await silhouettes(context);
  },
};
export default suite;

/** The whole estimate with its standard error, and its nearest neighbours on the fallback, for some of the points. */
async function neighbours({ threads, others, peers, quick, emit }: BenchContext, d: number): Promise<void> {
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
  const search = () => nearestNeighbours(points, undefined, { k: K, backend: 'native' });
  const systems = ['faiss', 'scikit-learn', ...(d <= 16 ? ['SciPy'] : [])];
  Object.assign(speedup, await peers.against('neighbours', systems, { points, k: K }, search));
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

/** Silhouettes of a layer of a network, and its sums of distances when each pair is measured twice. */
async function silhouettes({ threads, quick, emit }: BenchContext): Promise<void> {
  const [n, d, classes] = [10_000, 512, 10];
  const points = normalCloud(n, d);
  const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
  const options = { samples: quick ? 2 : 5, maxSeconds: quick ? 1 : 4 };
  const { seconds, samples } = await time(() => silhouette(points, labels), options);
  const kernels = await loadBackend('native');
  const cloud = { data: points.data, rows: n, columns: d };
  const queries = { ...cloud, data: points.data.slice() };
  const twice = () => kernels.distanceSums({ queries, points: cloud, groups: labels, groupCount: classes });
  emit({
    suite: 'entropy',
    workload: 'silhouette-d512',
    params: { n, d, classes, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    roofline: roofline({ multiplyAdds: (n * n * d) / 2 }, seconds, 'float32'),
    speedup: { 'each pair twice': (await time(twice, options)).seconds / seconds },
  });
}
