import { join } from 'node:path';
import type { NdArray } from '../../ts/core/array.js';
import { defaultNoise, defaultSmoothing, transportCloud } from '../../ts/dae/index.js';
import { backwardHeatField } from '../../ts/field/index.js';
import { type IntegrateOptions, integrate, rk4 } from '../../ts/flow/index.js';
import { readCloud } from '../../ts/io/index.js';
import { smoothed } from '../../ts/measure/index.js';
import { RandomStream } from '../../ts/core/random.js';
import { loadBackend } from '../../ts/kernel/backend.js';
import { packageRoot } from '../../ts/core/package-root.js';
import type { BackendName } from '../../ts/core/options.js';
import { normalCloud } from '../clouds.js';
import { withKernelTime } from '../kernel-time.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { gemmRate, median, time, timeOnce } from '../timing.js';

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
    await noise(context);
    for (const d of [3, 64]) await hessian(4096, d, context);
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
  const call = (backend: BackendName, scoreTolerance?: number) =>
    transportCloud(points, { depth: 'continuous', T, smoothing, scoreTolerance, backend });
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
  if (d <= 3) {
    const begin = performance.now();
    await call('native', 0);
    speedup['tolerance 0'] = (performance.now() - begin) / 1000 / seconds;
  }
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

/** Standard normal numbers as stochastic flows draw them, and how much faster than the plain stream. */
async function noise({ threads, emit }: BenchContext): Promise<void> {
  const kernels = await loadBackend('native');
  const stream = new RandomStream(1, 'noise');
  const out = new Float32Array(4_000_000);
  const { seconds, samples } = await time(() => kernels.normals({ stream, out }));
  const few = out.subarray(0, out.length / 10);
  const plain = await time(async () => stream.fillNormal(few));
  emit({
    suite: 'flow',
    workload: 'noise',
    params: { n: out.length, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    speedup: { 'plain stream': (10 * plain.seconds) / seconds },
    measured: { perNumberNs: (seconds / out.length) * 1e9 },
  });
}

/** ∇²log p(x)·v of a cloud smoothed, on itself: what Jacobians of the flow are made of. */
async function hessian(n: number, d: number, { threads, others, emit }: BenchContext): Promise<void> {
  const points = normalCloud(n, d);
  const measure = smoothed({ points, variance: 0.5 });
  const { seconds, samples } = await time(() => measure.hessianVector(points, points, { backend: 'native' }));
  const few = { data: points.data.subarray(0, (n / 16) * d), shape: [n / 16, d] };
  const speedup: Record<string, number> = {};
  for (const backend of others) {
    const { seconds: slow } = await timeOnce(() => measure.hessianVector(few, few, { backend }));
    speedup[backend] = (16 * slow) / seconds;
  }
  emit({
    suite: 'flow',
    workload: 'hessian',
    params: { n, d, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    perPairNs: (seconds / n / n) * 1e9,
    // Two products of twice the rows, in float64.
    gemmFraction: (8 * n * n * d) / seconds / gemmRate('float64', threads),
    speedup,
  });
}
