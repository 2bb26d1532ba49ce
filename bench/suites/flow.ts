import { join } from 'node:path';
import type { NdArray } from '../../ts/core/array.js';
import { defaultNoise, defaultSmoothing, transportCloud } from '../../ts/dae/index.js';
import { backwardHeatField } from '../../ts/field/index.js';
import { type IntegrateOptions, integrate, rk4 } from '../../ts/flow/index.js';
import { readCloud } from '../../ts/io/index.js';
import { smoothed } from '../../ts/measure/index.js';
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
    for (const [n, d] of [
      [131, 784],
      [1563, 64],
      [12_500, 8],
      [33_334, 3],
    ])
      await overhead(n, d, context);
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

/** Runs of the integrator that differ in what it does itself. */
const RUNS: Record<string, Omit<IntegrateOptions, 'to'>> = {
  'fixed steps': { solver: rk4, step: { steps: 8 } },
  adaptive: {},
  'adaptive, all diagnostics': { track: { logDensity: true, action: true, arcLength: true } },
};

/**
 * The integrator's own share of a run, at n·d ≥ 10⁵, in the backward heat flow of the cloud itself. `overheadFraction` is the
 * time outside of kernels, `passFraction` that in kernels that are one pass over the state (combinations of stages, norms of
 * errors, checks): what is left is the field. Medians of whole runs, which are a few steps to the flow's late time.
 */
async function overhead(n: number, d: number, { threads, quick, emit }: BenchContext): Promise<void> {
  const points = normalCloud(n, d);
  const field = backwardHeatField(smoothed({ points, variance: 0.5 }));
  for (const [kind, options] of Object.entries(RUNS)) {
    // What takes seconds in three dimensions has no overhead left to see.
    if (d === 3 && options.track) continue;
    const call = () => integrate(field, points, { ...options, to: 0.24, backend: 'native' });
    await call();
    const runs = [];
    for (let i = 0; i < (quick || d === 3 ? 1 : 9); i++) runs.push(await withKernelTime(call));
    emit({
      suite: 'flow',
      workload: 'overhead',
      params: { n, d, dtype: 'float32', run: kind },
      backend: 'native',
      threads,
      seconds: median(runs.map((run) => run.seconds)),
      samples: runs.length,
      measured: {
        overheadFraction: median(runs.map((run) => 1 - run.kernelSeconds / run.seconds)),
        passFraction: median(runs.map((run) => run.passSeconds / run.seconds)),
      },
    });
  }
}
