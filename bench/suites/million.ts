import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeNpy } from '../../ts/io/index.js';
import { mixtureCloud } from '../clouds.js';
import { commandLine } from '../command-line.js';
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

async function transport({ threads, quick, emit }: BenchContext, d: number): Promise<void> {
  const n = quick ? 20_000 : 1_000_000;
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-million-'));
  try {
    const [file, out] = ['cloud.npy', 'out'].map((name) => join(folder, name));
    await writeNpy(file, mixtureCloud(n, d, 50));
    const took = await commandLine(['transport', file, '--out', out, '--backend', 'native', '--quiet']);
    const { runs } = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as {
      runs: { evaluations: number }[];
    };
    emit({
      suite: 'million',
      workload: `transport-${d}`,
      params: { n, d },
      backend: 'native',
      threads,
      seconds: took.seconds,
      samples: 1,
      measured: {
        evaluations: runs.reduce((sum, run) => sum + run.evaluations, 0),
        'MiB at most': took.mebibytes,
        'processor seconds': took.processor,
        'report MiB': statSync(join(out, 'report.html')).size / 2 ** 20,
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
