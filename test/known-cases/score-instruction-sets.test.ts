// Scores whose logits are larger than an exponential bears, on every instruction set, each in a process of its own: a
// kernel that is right with one may round its shift and its logits differently with another.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';

/** Prints, per case [n, m, d, step, spread, variance], how many results are not finite or outside the centres. */
const SOURCE = `
  import { score, smoothed } from './ts/index.js';
  import { loadAddon } from './ts/kernel/native/addon.js';
  import { Random } from './test/reference/random.js';
  const bad = (values) => values.filter((v) => !Number.isFinite(v)).length;
  const found = [];
  for (const [n, m, d, step, spread, variance] of JSON.parse(process.argv[1])) {
    const random = new Random(7);
    const q = Float32Array.from(random.normals(n * d), (v, k) => v + (k % d === 0 ? step * (((k / d) | 0) % 64) : 0));
    const c = Float32Array.from(random.normals(m * d), (v) => v * spread);
    const queries = { data: q, shape: [n, d] };
    const points = { data: c, shape: [m, d] };
    const { mean, logDensity, divergence } = await score(queries, points, { variance });
    const largest = c.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
    const outside = mean.data.filter((v) => !(Math.abs(v) <= largest * (1 + 1e-5))).length;
    const values = await smoothed({ points, variance }).evaluate(queries, { logDensity: true, score: true, divergence: true });
    const evaluated = Object.values(values).map((v) => bad(v.data ?? v)).reduce((a, b) => a + b);
    found.push([bad(mean.data), bad(logDensity), bad(divergence), outside, evaluated]);
  }
  console.log(JSON.stringify({ simd: loadAddon().info().simd, found }));
`;

const CASES = [
  [2000, 900, 1, 1000, 1e6, 4e-4],
  [1000, 900, 2, 1000, 1e6, 4e-4],
  [1000, 900, 4, 1000, 1e6, 4e-4],
  [1000, 900, 3, 10, 1e8, 1e-2],
  [500, 20000, 1, 1e5, 1e7, 1e-3],
  [40, 3000, 6, 1e5, 1e7, 1e-3],
  [40, 3000, 6, 1e9, 1, 1e-3],
];

async function run(simd: string) {
  const flags = ['--import=tsx', '--input-type=module', '--eval', SOURCE, JSON.stringify(CASES)];
  const { stdout } = await promisify(execFile)(process.execPath, flags, {
    cwd: new URL('../..', import.meta.url),
    env: { ...process.env, RIDGEFLOW_SIMD: simd, RIDGEFLOW_BACKEND: 'native' },
  });
  return JSON.parse(stdout) as { simd: string; found: number[][] };
}

const onX86 = process.arch === 'x64' ? test : test.skip;

for (const simd of ['', 'avx2', 'sse4', 'ssse3']) {
  onX86(
    `scores of huge logits are finite and their means among the centres: ${simd || 'the best'}`,
    async (t) => {
      const result = await run(simd);
      if (simd !== '') t.is(result.simd.toLowerCase(), simd);
      t.deepEqual(
        result.found,
        CASES.map(() => [0, 0, 0, 0, 0]),
      );
    },
  );
}

onX86('an instruction set that the processor does not have is refused by name', async (t) => {
  const error = await t.throwsAsync(run('avx99'));
  t.regex(error.message, /Expected one of .*ssse3.* for RIDGEFLOW_SIMD but received "avx99"/);
});
