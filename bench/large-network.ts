import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from './command-line.js';
import { type MakeLarge, encoder, resnet } from './large-models.js';
import type { BenchContext } from './record.js';

const EXAMPLES = 2000;
const MODELS: Record<string, MakeLarge> = { 'encoder-25m': encoder, 'resnet-25m': resnet };

/**
 * `ridgeflow network` with its default options on models of 25 million parameters and 2000 examples, in a process of its own:
 * seconds and peak memory of the first report, and seconds of the second, whose results are kept.
 */
export async function largeNetworks({ threads, quick, emit }: BenchContext): Promise<void> {
  for (const [workload, make] of Object.entries(MODELS)) {
    const n = quick ? 64 : EXAMPLES;
    const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-bench-'));
    try {
      const { model, data, parameters } = await make(folder, n);
      const args = ['network', model, data, '--labels', 'labels', '--quiet'];
      const places = ['--out', join(folder, 'report'), '--cache', join(folder, 'cache')];
      const first = await commandLine([...args, ...places]);
      const second = await commandLine([...args, ...places]);
      emit({
        suite: 'network',
        workload,
        params: { n, parameters: Math.round(1e6 * parameters) },
        backend: 'native',
        threads,
        seconds: first.seconds,
        samples: 1,
        measured: {
          'MiB at most': first.mebibytes,
          'processor seconds': first.processor,
          'second report, seconds': second.seconds,
        },
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
