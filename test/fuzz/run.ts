import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { keepFinding } from './findings.js';
import { targets } from './targets.js';

// Hands damaged files to every reader, and hostile calls to the addon: `npm run fuzz -- [reader…|calls] [--seconds N]
// [--first N]`. What is neither read nor
// refused with an error of the library is a finding: it is made small and kept in test/fixtures/fuzz, which the tests
// read from then on. Ends with exit code 1 where there is one.

/** Milliseconds that a process works on one reader before the next has its turn. */
const SLICE = 10_000;
/** Milliseconds without a word after which a case hangs; less where that is only counted. */
const PATIENCE = 30_000;
const SHELTERED_PATIENCE = 5_000;
const NAMES = [...Object.keys(targets), 'calls'];
const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

interface Tally {
  next: number;
  exhaustive: number;
  codes: Map<string, number>;
  findings: Map<string, number>;
  milliseconds: number;
}

type Message = { exhaustive?: number; number?: number; code?: string; finding?: string };

/** Lets one process read cases until its time is over; a crash or a hang ends it early and is noted. */
async function slice(name: string, tally: Tally, milliseconds: number): Promise<void> {
  const args = ['--import=tsx', '--max-old-space-size=512', WORKER];
  const child = spawn(
    process.execPath,
    [...args, name, String(tally.next), '1000000000', String(milliseconds)],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );
  let [current, hung, errors, rest] = [-1, false, '', ''];
  let timer = setTimeout(() => undefined, 0);
  const start = performance.now();
  const patience = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        hung = true;
        child.kill('SIGKILL');
      },
      current >= 0 && targets[name]?.sheltered ? SHELTERED_PATIENCE : PATIENCE,
    );
  };
  patience();
  child.stderr!.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
  child.stdio[3]!.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const { exhaustive, number, code, finding } = JSON.parse(line) as Message;
      if (exhaustive !== undefined) tally.exhaustive = exhaustive;
      if (number === undefined) continue;
      current = code === undefined && finding === undefined ? number : -1;
      if (code !== undefined) tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);
      if (finding !== undefined && !tally.findings.has(finding)) tally.findings.set(finding, number);
      tally.next = number + (current < 0 ? 1 : 0);
    }
    patience();
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (...end: [number | null, string | null]) => resolve(end)),
  );
  clearTimeout(timer);
  tally.milliseconds += performance.now() - start;
  if (current < 0 && code === 0) return;
  if (current < 0 && tally.exhaustive < 0) throw new Error(`the reader ${name} cannot be tried: ${errors}`);
  tally.next++;
  // A decoder of others may end its process where that is a process of its own.
  const how = hung ? 'hangs' : `ended the process (${signal ?? `exit code ${code}`})`;
  if (!hung && errors) console.error(errors);
  if (targets[name]?.sheltered) tally.codes.set(how, (tally.codes.get(how) ?? 0) + 1);
  else if (!tally.findings.has(how)) tally.findings.set(how, current);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: 'string', default: '60' }, first: { type: 'string', default: '0' } },
  });
  const names = positionals.length > 0 ? positionals : NAMES;
  const unknown = names.find((name) => !NAMES.includes(name));
  const seconds = Number(values.seconds);
  const first = Number(values.first);
  if (unknown !== undefined || !(seconds > 0) || !Number.isSafeInteger(first)) {
    console.error(`Usage: npm run fuzz -- [${NAMES.join('|')}]… [--seconds N] [--first N]`);
    return 2;
  }
  const end = performance.now() + 1000 * seconds;
  const tallies = new Map<string, Tally>(
    names.map((name) => [
      name,
      { next: first, exhaustive: -1, codes: new Map(), findings: new Map(), milliseconds: 0 },
    ]),
  );
  // Starting takes a while too, and in a short run every reader is to have its turn.
  const turn = Math.min(SLICE, (600 * seconds * availableParallelism()) / names.length);
  const queue = [...names];
  const work = async () => {
    while (performance.now() < end && queue.length > 0) {
      const name = queue.shift()!;
      await slice(name, tallies.get(name)!, Math.max(1, Math.min(turn, end - performance.now())));
      queue.push(name);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), names.length) }, work));

  let [cases, findings] = [0, 0];
  for (const [name, { next, codes, findings: found, milliseconds }] of tallies) {
    cases += next - first;
    findings += found.size;
    const list = [...codes].sort((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`);
    const rate = Math.round((next - first) / (milliseconds / 1000) || 0);
    console.log(
      `${name.padEnd(20)} ${String(next - first).padStart(7)} cases, ${rate}/s: ${list.join(', ')}`,
    );
    for (const [finding, number] of found) {
      console.log(`  FOUND in case ${number}: ${finding}`);
      if (name === 'calls') console.log(`  again: npm run fuzz -- calls --first ${number} --seconds 1`);
      else console.log(`  kept as ${await keepFinding(name, number, finding)}`);
    }
  }
  console.log(`${cases} cases, ${findings} findings`);
  return findings > 0 ? 1 : 0;
}

process.exitCode = await main();
