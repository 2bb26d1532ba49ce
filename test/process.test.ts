// What the process around a kernel does: it goes on, it ends, it takes the kernel's memory away. Each in a process of its
// own, with kernels that would take hours.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { exactly as built } from './native.js';

const addon = fileURLToPath(new URL('../build/Release/ridgeflow.node', import.meta.url));

/** `score(n)` of n points in 8 dimensions on the addon alone; `HOURS` of them take hours. */
const PRELUDE = `
  const addon = require(${JSON.stringify(addon)});
  const HOURS = 3e6;
  const points = (n) => Float32Array.from({ length: 8 * n }, (_, i) => Math.sin(i * i));
  const endless = new Float32Array(8 * HOURS).fill(1);
  const score = (queries, mean = new Float32Array(queries.length)) => {
    const n = queries.length / 8;
    return addon.score({ queries, centres: queries, n, m: n, d: 8, variance: 1, tolerance: 0, mean });
  };
`;

/** Exit code and output of a program, which would be killed if it did not end. */
async function run(
  program: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<{ code: number | string | null; stdout: string }> {
  const args = ['--expose-gc', '--eval', PRELUDE + program];
  const child = promisify(execFile)(process.execPath, args, {
    timeout: 120_000,
    env: { ...process.env, ...environment },
  });
  return child.then(
    ({ stdout }) => ({ code: 0, stdout: stdout.trim() }),
    (error: { code: number | null; signal?: string; stdout: string; stderr: string }) => ({
      code: error.code ?? error.signal ?? null,
      stdout: (error.stdout + error.stderr).trim(),
    }),
  );
}

built('process.exit does not wait for kernels', async (t) => {
  const result = await run(`
    for (let i = 0; i < 8; i++) score(endless).catch(() => {});
    setTimeout(() => process.exit(7), 100);
  `);
  t.deepEqual(result, { code: 7, stdout: '' });
});

built('an error that ends the process does not wait for kernels', async (t) => {
  const result = await run(`
    for (let i = 0; i < 8; i++) score(endless);
    setTimeout(() => { throw new Error('the end'); }, 100);
  `);
  t.is(result.code, 1);
  t.regex(result.stdout, /the end/);
});

built('terminating a worker waits neither for its kernels nor for those of others', async (t) => {
  const result = await run(`
    const { Worker } = require('node:worker_threads');
    const program = ${JSON.stringify(
      `${PRELUDE} for (let i = 0; i < 8; i++) score(endless); require('node:worker_threads').parentPort.postMessage(1);`,
    )};
    (async () => {
      const mine = score(endless).catch(() => {});
      const worker = new Worker(program, { eval: true });
      await new Promise((resolve) => worker.once('message', resolve));
      console.log(await worker.terminate());
      const small = await score(points(200));
      console.log(small);
      process.exit(0);
    })();
  `);
  t.deepEqual(result, { code: 0, stdout: '1\nundefined' });
});

built('files, names and ciphers are served beside more kernels than libuv has threads', async (t) => {
  const result = await run(`
    const calls = Array.from({ length: 8 }, () => score(endless).catch(() => {}));
    (async () => {
      await require('node:fs/promises').readFile(process.execPath, { length: 1 });
      await require('node:util').promisify(require('node:crypto').pbkdf2)('a', 'b', 1, 8, 'sha1');
      await require('node:dns/promises').lookup('localhost').catch(() => {});
      console.log('served');
      process.exit(0);
    })();
  `);
  t.deepEqual(result, { code: 0, stdout: 'served' });
});

built('memory that is transferred away during a call stays until the kernel is done', async (t) => {
  const result = await run(`
    const n = 6000;
    (async () => {
      const right = new Float32Array(8 * n);
      await score(points(n), right);
      const [queries, mean] = [points(n), new Float32Array(8 * n)];
      const call = score(queries, mean);
      structuredClone(queries.buffer, { transfer: [queries.buffer] });
      const moved = new Float32Array(structuredClone(mean.buffer, { transfer: [mean.buffer] }));
      gc();
      const others = Array.from({ length: 64 }, () => new Uint8Array(1 << 18).fill(255));
      await call;
      const lengths = [queries.length, mean.length, others.length];
      console.log(lengths, Buffer.compare(Buffer.from(moved.buffer), Buffer.from(right.buffer)));
    })();
  `);
  t.deepEqual(result, { code: 0, stdout: '[ 0, 0, 64 ] 0' });
});

built(
  'kernels work on copies where memory cannot be held: what is transferred away takes nothing',
  async (t) => {
    const program = `
    const n = 3000;
    (async () => {
      const right = new Float32Array(8 * n);
      await score(points(n), right);
      // Views on one piece of memory, beside others of it that stay as they are.
      const pool = new Float32Array(16 * n + 16).fill(7);
      const [queries, mean] = [pool.subarray(4, 8 * n + 4), pool.subarray(8 * n + 8, 16 * n + 8)];
      queries.set(points(n));
      await score(queries, mean);
      const same = [Buffer.compare(Buffer.from(mean.slice().buffer), Buffer.from(right.buffer))];
      const beside = [...pool.subarray(0, 4), ...pool.subarray(8 * n + 4, 8 * n + 8), ...pool.subarray(16 * n + 8)];
      const few = new Float32Array(8 * 4);
      score(points(4), few);
      console.log(same, beside.every((value) => value === 7), few.some((value) => value !== 0));

      const [first, second] = [points(n), new Float32Array(8 * n)];
      const call = score(first, second);
      structuredClone(first.buffer, { transfer: [first.buffer] });
      gc();
      const others = Array.from({ length: 64 }, () => new Uint8Array(1 << 18).fill(255));
      await call;
      console.log(Buffer.compare(Buffer.from(second.buffer), Buffer.from(right.buffer)), others.length);

      const lost = new Float32Array(8 * n);
      const last = score(points(n), lost);
      structuredClone(lost.buffer, { transfer: [lost.buffer] });
      await last;
      console.log(lost.length);
    })();
  `;
    for (const RIDGEFLOW_COPY_MEMORY of ['1', ''])
      t.deepEqual(await run(program, { RIDGEFLOW_COPY_MEMORY }), {
        ...{ code: 0, stdout: '[ 0 ] true true\n0 64\n0' },
      });
  },
);

built('memory that may shrink is refused, memory that may grow or is shared is not', async (t) => {
  const result = await run(`
    const n = 3000;
    const of = (buffer) => new Float32Array(buffer);
    try { score(of(new ArrayBuffer(32 * n, { maxByteLength: 64 * n }))); } catch (error) { console.log(error.message); }
    score(of(new SharedArrayBuffer(32 * n)), of(new SharedArrayBuffer(32 * n, { maxByteLength: 64 * n })))
      .then(() => console.log('done'));
  `);
  t.is(result.code, 0);
  t.regex(result.stdout, /slice\(\)\ndone$/);
});
