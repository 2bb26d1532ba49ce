import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { findCommand } from '../../scripts/lib/requirements.mjs';
import { normalCloud } from '../clouds.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { median } from '../timing.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

const POINTS = 32_768;
const DIMENSION = 64;
/** Points of which ranks send each other what is counted. */
const COUNTED_POINTS = 8192;
/** Bytes that a rank may send another beside the tiles: the call's name and options, and words after tiles. */
const SAID = 512;

const suite: BenchSuite = {
  name: 'mpi',
  async run(context) {
    if (findCommand('mpirun') === null) {
      process.stderr.write('mpirun is not there: the suite mpi is left out\n');
      return;
    }
    for (const workload of ['score', 'transport']) await efficiency(context, workload);
    for (const ranks of [2, 4, 8]) await volume(context, ranks);
    if (context.long) await parquet(context);
  },
};
export default suite;

interface Took {
  seconds: number;
  bytes: number;
}

async function onRanks(ranks: number, threads: number, workload: string, n: number): Promise<Took> {
  const flags = ['--allow-run-as-root', '--oversubscribe', '--bind-to', 'none', '-n', String(ranks)];
  const program = [process.execPath, '--import=tsx', join(root, 'bench', 'ranks', 'workload.ts')];
  const env = { ...process.env, RIDGEFLOW_THREADS: String(threads), RIDGEFLOW_BACKEND: '' };
  const args = [...flags, ...program, workload, String(n), String(DIMENSION)];
  const { stdout } = await run('mpirun', args, { cwd: root, env });
  return JSON.parse(stdout) as Took;
}

/** One rank against two, each of one thread, and against two threads, by turns. Twice the pairs are those of √2 as many points. */
async function efficiency({ quick, emit }: BenchContext, workload: string): Promise<void> {
  const n = quick ? POINTS / 4 : POINTS;
  const more = Math.round(n * Math.SQRT2);
  const kinds = {
    one: () => onRanks(1, 1, workload, n),
    two: () => onRanks(2, 1, workload, n),
    weak: () => onRanks(2, 1, workload, more),
    threads: () => onRanks(1, 2, workload, n),
  };
  const rounds = quick ? 1 : 3;
  const seconds: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++)
    for (const [kind, call] of Object.entries(kinds)) (seconds[kind] ??= []).push((await call()).seconds);
  const [one, two, weak, threads] = Object.keys(kinds).map((kind) => median(seconds[kind]));
  emit({
    suite: 'mpi',
    workload,
    params: { n, d: DIMENSION, ranks: 2 },
    backend: 'mpi',
    threads: 1,
    seconds: two,
    samples: rounds,
    measured: {
      'strong efficiency': one / (2 * two),
      'weak efficiency': one / weak,
      '2 ranks over 2 threads': threads / two,
    },
  });
}

/** What is sent for one sum over all pairs, beside n · d · (R − 1) elements of 4 bytes (docs/distributed.md). */
async function volume({ emit }: BenchContext, ranks: number): Promise<void> {
  const { seconds, bytes } = await onRanks(ranks, 1, 'score', COUNTED_POINTS);
  const formula = 4 * COUNTED_POINTS * DIMENSION * (ranks - 1);
  if (!(bytes >= formula && bytes <= formula + ranks * (ranks - 1) * SAID))
    throw new Error(`${ranks} ranks sent ${bytes} bytes, not the ${formula} of docs/distributed.md`);
  emit({
    suite: 'mpi',
    workload: 'volume',
    params: { n: COUNTED_POINTS, d: DIMENSION, ranks },
    backend: 'mpi',
    threads: 1,
    seconds,
    samples: 1,
    measured: { 'bytes sent': bytes, 'over the formula': bytes / formula },
  });
}

/** 2·10⁶ points × 8 of a Parquet file, through one layer on two ranks, by the command line. */
async function parquet({ emit, quick }: BenchContext): Promise<void> {
  const [n, d] = [quick ? 20_000 : 2_000_000, 8];
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-parquet-'));
  try {
    const { data } = normalCloud(n, d);
    const columnData = Array.from({ length: d }, (_, k) => ({
      name: `x${k}`,
      data: Float32Array.from({ length: n }, (_, i) => data[i * d + k]),
      type: 'FLOAT' as const,
    }));
    const file = join(folder, 'points.parquet');
    writeFileSync(file, Buffer.from(parquetWriteBuffer({ columnData, rowGroupSize: 100_000 })));
    const begin = performance.now();
    const program = join(root, 'dist', 'cli', 'main.js');
    const job = ['transport', file, '--depths', '1', '--ranks', '2', '--out', join(folder, 'out'), '--quiet'];
    await run(process.execPath, [program, ...job], { cwd: root });
    emit({
      suite: 'mpi',
      workload: 'parquet',
      params: { n, d, ranks: 2 },
      backend: 'mpi',
      threads: 1,
      seconds: (performance.now() - begin) / 1000,
      samples: 1,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
