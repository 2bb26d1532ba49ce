import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { packageRoot } from '../../ts/core/package-root.js';
import { transportCloud } from '../../ts/dae/index.js';
import { nearestNeighbours } from '../../ts/entropy/index.js';
import { score } from '../../ts/measure/score.js';
import { normalCloud } from '../clouds.js';
import type { BenchSuite } from '../record.js';
import { median, time } from '../timing.js';

const suite: BenchSuite = {
  name: 'start',
  async run({ threads, quick, emit }) {
    const samples = quick ? 5 : 20;
    const { seconds, bare } = await importTime(samples);
    emit({
      suite: 'start',
      workload: 'import',
      params: {},
      backend: 'none',
      threads,
      seconds,
      samples,
      measured: { nodeStartSeconds: bare },
    });

    const cloud = normalCloud(10, 3);
    const call = await time(() => score(cloud, cloud, { variance: 1, backend: 'native' }), {
      samples: 30,
      maxSeconds: 2,
    });
    emit({
      suite: 'start',
      workload: 'call',
      params: { n: 10, d: 3, dtype: 'float32' },
      backend: 'native',
      threads,
      ...call,
    });

    const large = normalCloud(quick ? 50_000 : 100_000, 64);
    const aborted = (run: (signal: AbortSignal) => Promise<unknown>) => abortLatency(run, quick ? 3 : 7);
    const params = { n: large.shape[0], d: 64, dtype: 'float32' };
    for (const [workload, run] of Object.entries<(signal: AbortSignal) => Promise<unknown>>({
      'abort-score': (signal) => score(large, large, { variance: 32, signal }),
      'abort-neighbours': (signal) => nearestNeighbours(large, undefined, { k: 5, signal }),
      'abort-flow': (signal) => transportCloud(large, { depth: 'continuous', T: 10, smoothing: 32, signal }),
    })) {
      emit({ suite: 'start', workload, params, backend: 'native', threads, ...(await aborted(run)) });
    }
  },
};
export default suite;

/** Median seconds from the abort of a long call to its end. */
async function abortLatency(
  run: (signal: AbortSignal) => Promise<unknown>,
  samples: number,
): Promise<{ seconds: number; samples: number }> {
  const latencies: number[] = [];
  for (let i = 0; i < samples; i++) {
    const controller = new AbortController();
    let asked = 0;
    setTimeout(
      () => {
        asked = performance.now();
        controller.abort();
      },
      150 + 20 * i,
    );
    await run(controller.signal).catch(() => undefined);
    latencies.push((performance.now() - asked) / 1000);
  }
  return { seconds: median(latencies), samples };
}

/** Time that `import('ridgeflow')` takes inside a fresh process, and that of a process that imports nothing. */
async function importTime(samples: number): Promise<{ seconds: number; bare: number }> {
  const url = pathToFileURL(join(packageRoot(), 'dist', 'index.js')).href;
  const script = `const t = performance.now(); await import(${JSON.stringify(url)}); console.log(performance.now() - t, t);`;
  const run = promisify(execFile);
  const imports: number[] = [];
  const starts: number[] = [];
  for (let i = 0; i < samples; i++) {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
    const [milliseconds, start] = stdout.trim().split(' ').map(Number);
    imports.push(milliseconds / 1000);
    starts.push(start / 1000);
  }
  return { seconds: median(imports), bare: median(starts) };
}
