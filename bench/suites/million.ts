import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeNpy } from '../../ts/io/index.js';
import { packageRoot } from '../../ts/core/package-root.js';
import { mixtureCloud } from '../clouds.js';
import type { BenchContext, BenchSuite } from '../record.js';

/** The main job with its default options, as the command does it from a file to a report, on a million points. */
const suite: BenchSuite = {
  name: 'million',
  async run(context) {
    // Minutes each: only where they are asked for, or in short.
    if (context.long || context.quick) for (const d of [3, 8]) await transport(context, d);
  },
};
export default suite;

/** What the command prints as it ends, beside what it prints itself: its largest memory. */
const TELL_MEMORY = `data:text/javascript,process.on('exit',()=>process.stderr.write('\\nmaxRSS '+process.resourceUsage().maxRSS))`;

async function transport({ threads, quick, emit }: BenchContext, d: number): Promise<void> {
  const cli = join(packageRoot(), 'dist', 'cli', 'main.js');
  if (!existsSync(cli)) throw new Error('npm run build:ts first');
  const n = quick ? 20_000 : 1_000_000;
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-million-'));
  try {
    const [file, out] = ['cloud.npy', 'out'].map((name) => join(folder, name));
    await writeNpy(file, mixtureCloud(n, d, 50));
    const begin = performance.now();
    const args = ['--import', TELL_MEMORY, cli, 'transport', file, '--out', out, '--backend', 'native'];
    const { stderr } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 28 });
    const seconds = (performance.now() - begin) / 1000;
    const { runs } = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as {
      runs: { evaluations: number }[];
    };
    emit({
      suite: 'million',
      workload: `transport-${d}`,
      params: { n, d },
      backend: 'native',
      threads,
      seconds,
      samples: 1,
      measured: {
        evaluations: runs.reduce((sum, run) => sum + run.evaluations, 0),
        'MiB at most': Number(/maxRSS (\d+)/.exec(stderr)?.[1]) / 1024,
        'report MiB': statSync(join(out, 'report.html')).size / 2 ** 20,
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
