// Runs over ranks of which one is killed at any time, and started again with --resume: each ends, naming the rank and its host,
// and the end has the bits of a run that nobody killed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as rf from '../../ts/index.js';
import { compiled } from '../compiled.js';

/** Seconds within which all ranks end after one is killed, on a machine that does nothing else. */
const LIMIT = 10;
/** From so many kills on the run is one of its own, and held to the limit. */
const MANY = 10;
/** Milliseconds after which a run counts as hanging. */
const HANGS = 120_000;

interface Ended {
  code: number | null;
  stderr: string;
  /** Seconds from the kill to the end; absent where nobody was killed. */
  seconds?: number;
}

/** Kills a rank of a run `count` times, at moments spread over its length. Linux alone tells which process is which rank. */
export async function mpi(count: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-ranks-'));
  try {
    const file = join(folder, 'points.npy');
    await rf.writeNpy(file, rf.twoMoons(600, { noise: 0.1, seed: 1 }).points);
    const [whole, out] = [join(folder, 'whole'), join(folder, 'out')];
    const started = performance.now();
    await rightly(run(file, whole, Infinity, 0));
    const duration = performance.now() - started;
    const right = digest(whole);
    let [killed, slowest, ends] = [0, 0, 0];
    for (let round = 0; killed < count || existsSync(join(out, 'unfinished')); round++) {
      const after = killed < count ? ((round * 0.381966) % 1) * duration : Infinity;
      const { code, stderr, seconds } = await run(file, out, after, round % 2);
      if (code === 0) {
        if (digest(out) !== right) throw new Error(`The end has other bits after ${killed} kills`);
        rmSync(out, { recursive: true });
        ends++;
        continue;
      }
      if (seconds === undefined) throw new Error(`A run that nobody killed ended with ${code}: ${stderr}`);
      if (!/rank \d+ \(host \S+\) ended on signal 9/.test(stderr))
        throw new Error(`A run that was killed does not name rank and host: ${stderr}`);
      killed++;
      slowest = Math.max(slowest, seconds);
    }
    if (existsSync(out)) {
      await rightly(run(file, out, Infinity, 0));
      if (digest(out) !== right) throw new Error(`The end has other bits after ${killed} kills`);
      ends++;
    }
    if (count >= MANY && slowest > LIMIT)
      throw new Error(`${slowest.toFixed(1)} s from a kill to the end of all ranks, more than ${LIMIT} s`);
    return `${killed} ranks killed, ${ends} runs of which came to the right end, all ranks ended within ${slowest.toFixed(1)} s`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rightly(run: Promise<Ended>): Promise<void> {
  const { code, stderr } = await run;
  if (code !== 0) throw new Error(`A run that nobody killed ended with ${code}: ${stderr}`);
}

/** Goes on with what is in the folder, on two ranks; one of them is killed after so many milliseconds. */
function run(file: string, out: string, killAfter: number, rank: number): Promise<Ended> {
  const resume = existsSync(join(out, 'unfinished')) ? ['--resume'] : [];
  const job = ['transport', file, '--depths', '1,8,60', '--ranks', '2', '--out', out, ...resume];
  // By which the processes of this run are told from all others.
  const mark = `${process.pid}-${performance.now()}`;
  const child = spawn(process.execPath, [compiled('cli/main.js'), ...job], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, RIDGEFLOW_BACKEND: '', RIDGEFLOW_THREADS: '1', RIDGEFLOW_SOAK: mark },
  });
  return new Promise((resolve, reject) => {
    let [stderr, killedAt] = ['', 0];
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const kill = () => {
      const pid = processOf(rank, mark);
      // Where the rank has not begun, a little later.
      if (pid === undefined) timers.push(setTimeout(kill, 20));
      else if (killByNumber(pid)) killedAt = performance.now();
    };
    const timers: NodeJS.Timeout[] = killAfter < Infinity ? [setTimeout(kill, killAfter)] : [];
    const hangs = setTimeout(() => {
      child.kill('SIGTERM');
      reject(new Error(`A run hangs: ${stderr}`));
    }, HANGS);
    child.on('error', reject);
    child.on('close', (code) => {
      timers.forEach(clearTimeout);
      clearTimeout(hangs);
      resolve({ code, stderr, ...(killedAt > 0 && { seconds: (performance.now() - killedAt) / 1000 }) });
    });
  });
}

/** The process that is this rank of the run with this mark. */
function processOf(rank: number, mark: string): number | undefined {
  const found = readdirSync('/proc').find((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const variables = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      return (
        variables.includes(`OMPI_COMM_WORLD_RANK=${rank}`) && variables.includes(`RIDGEFLOW_SOAK=${mark}`)
      );
    } catch {
      return false; // It has ended, or is another user's.
    }
  });
  return found === undefined ? undefined : Number(found);
}

function killByNumber(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // It has ended by itself.
  }
}

/** Of where the points of all depths ended. Throws where anything but results has stayed. */
function digest(out: string): string {
  const left = readdirSync(out, { recursive: true }).filter((name) => /tmp|unfinished/.test(String(name)));
  if (left.length > 0) throw new Error(`Files that stayed: ${left.join(', ')}`);
  const hash = createHash('sha256');
  for (const name of readdirSync(join(out, 'positions')).sort())
    hash.update(name).update(readFileSync(join(out, 'positions', name)));
  return hash.digest('hex');
}
