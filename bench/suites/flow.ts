import { join } from 'node:path';
import type { NdArray } from '../../ts/core/array.js';
import { defaultNoise, defaultSmoothing, transportCloud } from '../../ts/dae/index.js';
import { readCloud } from '../../ts/io/index.js';
import { packageRoot } from '../../ts/core/package-root.js';
import type { BackendName } from '../../ts/core/options.js';
import { normalCloud } from '../clouds.js';
import { withKernelTime } from '../kernel-time.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { median } from '../timing.js';

const suite: BenchSuite = {
  name: 'flow',
  async run(context) {
    const { points } = await readCloud(join(packageRoot(), 'data', 'digits.csv.gz'), { labelColumn: -1 });
    await continuous('digits', points, context, context.others);
    await continuous('cloud-100k', normalCloud(context.quick ? 10_000 : 100_000, 3), context, []);
  },
};
export default suite;

/** The continuous DAE at the default noise and smoothing, and the share of its time spent above the kernels. */
async function continuous(
  workload: string,
  points: NdArray,
  { threads, quick, emit }: BenchContext,
  others: BackendName[],
): Promise<void> {
  const smoothing = await defaultSmoothing(points);
  const T = defaultNoise(smoothing);
  const call = (backend: BackendName) =>
    transportCloud(points, { depth: 'continuous', T, smoothing, backend });
  await call('native');
  const samples = quick || points.shape[0] > 10_000 ? 1 : 5;
  const runs = [];
  for (let i = 0; i < samples; i++) runs.push(await withKernelTime(() => call('native')));
  const seconds = median(runs.map((run) => run.seconds));
  const overhead = median(runs.map((run) => 1 - run.kernelSeconds / run.seconds));
  const speedup: Record<string, number> = {};
  for (const other of others) {
    if (other === 'tfjs-cpu' && quick) continue;
    const begin = performance.now();
    await call(other);
    speedup[other] = (performance.now() - begin) / 1000 / seconds;
  }
  const [n, d] = points.shape;
  emit({
    suite: 'flow',
    workload,
    params: { n, d, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    speedup,
    measured: { overheadFraction: overhead },
  });
}
