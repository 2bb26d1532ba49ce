import type { DType, NdArray } from '../../ts/core/array.js';
import { score } from '../../ts/measure/score.js';
import type { BackendName } from '../../ts/core/options.js';
import { normalCloud } from '../clouds.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { gemmRate, time, timeOnce } from '../timing.js';

const POINTS = 16384;
const DIMENSIONS = [2, 3, 8, 64, 256, 784];
/** Queries that the slow backends are timed on: their cost per pair does not depend on how many there are. */
const COMPARED_QUERIES: Partial<Record<BackendName, number>> = {
  'tfjs-node': 2048,
  'tfjs-wasm': 512,
  'tfjs-cpu': 64,
};

const suite: BenchSuite = {
  name: 'score',
  async run(context) {
    for (const dtype of ['float32', 'float64'] as const) {
      for (const d of DIMENSIONS) await dense(context, d, dtype);
    }
  },
};
export default suite;

/** A bandwidth at which weights spread over the cloud, as in the flows: no tile can be skipped. */
const wideVariance = (d: number) => d / 2;

async function dense({ threads, others, quick, emit }: BenchContext, d: number, dtype: DType): Promise<void> {
  const cloud = normalCloud(POINTS, d, dtype);
  const variance = wideVariance(d);
  const before = gemmRate(dtype, threads);
  const { seconds, samples } = await time(() => score(cloud, cloud, { variance, backend: 'native' }), {
    samples: quick ? 2 : 5,
    maxSeconds: quick ? 1 : 4,
  });
  const rate = (before + gemmRate(dtype, threads)) / 2;
  const perPairNs = (seconds / POINTS ** 2) * 1e9;
  const speedup: Record<string, number> = {};
  if (dtype === 'float32') {
    for (const other of others) {
      const otherNs = await perPairOf(other, cloud, variance);
      if (otherNs !== undefined) speedup[other] = otherNs / perPairNs;
    }
  }
  emit({
    suite: 'score',
    workload: 'dense',
    params: { n: POINTS, d, dtype },
    backend: 'native',
    threads,
    seconds,
    samples,
    perPairNs,
    gemmFraction: (4 * POINTS ** 2 * d) / seconds / rate,
    speedup,
  });
}

async function perPairOf(
  backend: BackendName,
  cloud: NdArray,
  variance: number,
): Promise<number | undefined> {
  const rows = COMPARED_QUERIES[backend];
  if (rows === undefined) return undefined;
  const [n, d] = cloud.shape;
  const queries = { data: cloud.data.subarray(0, rows * d), shape: [rows, d] };
  const call = () => score(queries, cloud, { variance, backend });
  await call();
  const { seconds } = await timeOnce(call, 3);
  return (seconds / (rows * n)) * 1e9;
}
