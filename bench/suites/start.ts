import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { packageRoot } from '../../ts/core/package-root.js';
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
  },
};
export default suite;

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
