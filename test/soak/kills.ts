// Runs with checkpoints that are killed at any time and started again: the end has the bits of a run that nobody killed,
// and no temporary file stays.
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as rf from '../../ts/index.js';
import { digest } from './bits.js';

const { points } = rf.twoMoons(200, { noise: 0.1, seed: 1 });
const drift = rf.scoreField(rf.smoothed({ points, variance: 0.1 }));
const training = { epochs: 60, batch: 32, seed: 4, noise: 0.1 };

/** Runs that go on from `file` where it is there, and write it at every step. */
const RUNS: Readonly<Record<string, (file: string, resume: string | undefined) => Promise<unknown>>> = {
  trainDae: (file, resume) =>
    rf
      .trainDae(points, { ...training, width: 24, checkpoint: { file, every: 1 }, resume })
      .then(({ network, history }) => [network.A, network.b, network.C, network.bias, history]),
  trainStackedDae: (file, resume) =>
    rf
      .trainStackedDae(points, {
        ...{ epochs: 30, batch: 32, seed: 4, widths: [16, 8], noises: [0.1, 0.1] },
        ...{ checkpoint: { file, every: 1 }, resume },
      })
      .then(({ layers }) => layers.map(({ network, history }) => [network.A, network.C, history])),
  integrate: (path, resume) =>
    rf
      .integrate(drift, points, {
        ...{ to: 1, step: { steps: 60 }, track: { logDensity: true } },
        ...{ checkpoint: { file: path, every: { steps: 1 } }, resume },
      })
      .then(({ states, end }) => [states, end]),
  diffuse: (path, resume) =>
    rf
      .diffuse(drift, points, {
        ...{ to: 1, noise: 1, seed: 3, step: { steps: 80 } },
        ...{ checkpoint: { file: path, every: { steps: 1 } }, resume },
      })
      .then(({ states }) => states),
};

/** Kills `count` runs of each of the first `kinds` kinds. */
export async function kills(count: number, kinds = Infinity): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-kills-'));
  try {
    const names = Object.keys(RUNS).slice(0, kinds);
    let whole = 0;
    for (const name of names) {
      const file = join(
        folder,
        name === 'integrate' || name === 'diffuse' ? `${name}.npz` : `${name}.safetensors`,
      );
      const started = performance.now();
      const right = await run(name, file, Infinity);
      const duration = performance.now() - started;
      rmSync(file, { force: true });
      for (let killed = 0, round = 0; killed < count || existsSync(file); round++) {
        // Later and later while it is to be killed, so that each kind of moment comes, and then left alone.
        const after = killed < count ? ((round * 0.381966) % 1) * duration * 0.5 : Infinity;
        const result = await run(name, file, after);
        if (result === undefined) {
          killed++;
          continue;
        }
        if (result !== right) throw new Error(`${name} resumed to other bits after ${killed} kills`);
        whole++;
        rmSync(file, { force: true });
      }
    }
    const left = readdirSync(folder);
    if (left.length > 0) throw new Error(`Files that stayed: ${left.join(', ')}`);
    return `${count} kills of each of ${names.length} kinds of run, ${whole} of which came to the right end, no file left`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The digest of a run's result; undefined where it was killed. */
function run(name: string, file: string, killAfter: number): Promise<string | undefined> {
  const child = fork(fileURLToPath(import.meta.url), [name, file], { execArgv: ['--import=tsx'] });
  return new Promise((resolve, reject) => {
    let result: string | undefined;
    let killed = false;
    child.on('message', (message: string) => {
      if (message !== 'begun') result = message;
      else if (killAfter < Infinity) setTimeout(() => (killed = child.kill('SIGKILL')), killAfter);
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (result !== undefined) resolve(result);
      else if (killed && signal === 'SIGKILL') resolve(undefined);
      else reject(new Error(`${name} ended with ${signal ?? code}`));
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , name, file] = process.argv;
  process.send!('begun');
  const result = await RUNS[name](file, existsSync(file) ? file : undefined);
  process.send!(digest(result));
  process.disconnect();
}
