import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { NdArray } from '../../ts/core/array.js';
import { writeNpy } from '../../ts/io/index.js';
import { median } from '../timing.js';

const folder = fileURLToPath(new URL('.', import.meta.url));
const environment = join(folder, '.python');

/** Systems of Python's world, timed beside ours: bench/peers/workloads.py has what each does. */
export interface Peers {
  /**
   * How many times faster `ours` is than each of the systems named, on the same input in the same run: all by turns, after
   * one call each to warm up; the ratio of the medians. A system that does not run is left out, and said on standard error.
   */
  against(
    workload: string,
    systems: readonly string[],
    inputs: Readonly<Record<string, NdArray | number>>,
    ours: () => Promise<unknown>,
    turns?: number,
  ): Promise<Record<string, number>>;
  close(): void;
}

/** No systems to compare with: `against` gives an empty record. */
export const NO_PEERS: Peers = { against: () => Promise.resolve({}), close: () => undefined };

/**
 * Sets the Python environment up, in bench/peers/.python, where it is not there, and starts it with so many threads.
 * What does not install is left out and said. Throws where there is no Python with venv.
 */
export function openPeers(threads: number): Peers {
  const python = join(environment, 'bin', 'python');
  setUp(python);
  const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...inherited } = process.env; // their OpenBLAS chooses for itself
  const count = String(threads);
  const server = spawn(python, [join(folder, 'serve.py')], {
    stdio: ['pipe', 'pipe', process.env.RIDGEFLOW_PEERS_LOG ? 'inherit' : 'ignore'],
    env: {
      ...inherited,
      OMP_NUM_THREADS: count,
      OPENBLAS_NUM_THREADS: count,
      JAX_PLATFORMS: 'cpu',
    },
  });
  const scratch = mkdtempSync(join(tmpdir(), 'ridgeflow-peers-'));
  const ask = asker(server);
  return {
    async against(workload, systems, inputs, ours, turns = 3) {
      const request = { inputs: {} as Record<string, number>, arrays: {} as Record<string, string> };
      for (const [name, value] of Object.entries(inputs)) {
        if (typeof value === 'number') request.inputs[name] = value;
        else await writeNpy((request.arrays[name] = join(scratch, `${name}.npy`)), value);
      }
      const running: string[] = [];
      for (const system of systems) {
        const name = `${workload}/${system}`;
        const { error } = await ask({ prepare: name, ...request });
        if (error === undefined) running.push(system);
        else process.stderr.write(`${name} does not run here and is left out: ${error}\n`);
      }
      if (running.length === 0) return {};
      await ours();
      const seconds = new Map<string, number[]>(['ours', ...running].map((name) => [name, []]));
      for (let turn = 0; turn < turns; turn++) {
        const begin = performance.now();
        await ours();
        seconds.get('ours')!.push((performance.now() - begin) / 1000);
        for (const system of running) {
          const answer = await ask({ run: `${workload}/${system}` });
          seconds.get(system)!.push(answer.seconds ?? Number.NaN);
        }
      }
      const own = median(seconds.get('ours')!);
      return Object.fromEntries(running.map((name) => [name, median(seconds.get(name)!) / own]));
    },
    close() {
      server.stdin.end();
      server.kill();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

interface Answer {
  ready?: string;
  seconds?: number;
  error?: string;
}

/** Sends a request, a line, and gives the line that answers it; an error for every request once the process has ended. */
function asker(server: ChildProcess): (request: object) => Promise<Answer> {
  const waiting: ((answer: Answer) => void)[] = [];
  let ended: string | undefined;
  createInterface({ input: server.stdout! }).on('line', (line) =>
    waiting.shift()?.(JSON.parse(line) as Answer),
  );
  const end = (why: string) => {
    ended = why;
    for (const resolve of waiting.splice(0)) resolve({ error: why });
  };
  server.on('error', ({ message }) => end(message));
  server.on('exit', (code, signal) => end(`Python ended with ${signal ?? `code ${code}`}`));
  return (request) =>
    new Promise((resolve) => {
      if (ended !== undefined) return resolve({ error: ended });
      waiting.push(resolve);
      server.stdin!.write(`${JSON.stringify(request)}\n`);
    });
}

/** Makes the environment; systems one by one where they do not install together. */
function setUp(python: string): void {
  const requirements = join(folder, 'requirements.txt');
  const pip = (...what: string[]) =>
    spawnSync(python, ['-m', 'pip', 'install', '--quiet', ...what]).status === 0;
  if (spawnSync(python, ['-m', 'pip', '--version']).status !== 0) {
    process.stderr.write('setting up Python for the peers, a few minutes once …\n');
    const { status, stderr } = spawnSync('python3', ['-m', 'venv', '--clear', environment], {
      encoding: 'utf8',
    });
    if (status !== 0)
      throw new Error(`No Python environment for the peers: ${stderr ?? 'python3 was not found'}`);
  }
  if (pip('--requirement', requirements)) return;
  for (const line of readFileSync(requirements, 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (!pip(line)) process.stderr.write(`${line} does not install here and is left out\n`);
  }
}
