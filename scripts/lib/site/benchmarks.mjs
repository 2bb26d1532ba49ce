// The page of benchmarks, from bench/recorded.json, which `npm run bench -- --record` writes.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {import('../../../bench/record.js').RecordedRun} RecordedRun */
/** @typedef {import('../../../bench/record.js').BenchRecord} BenchRecord */

/**
 * @param {string} root
 * @returns {string} Markdown
 */
export function benchmarkPage(root) {
  const file = join(root, 'bench', 'recorded.json');
  /** @type {RecordedRun[]} */
  const runs = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  const lead = `What \`npm run bench -- --record\` measured last, suite by suite. Compare within a suite only: machines differ
and drift. \`npm run bench\` measures the same on your machine.`;
  const suites = runs.length > 0 ? runs.map(suiteOf).join('\n') : 'No run is recorded here yet.\n';
  return `# Benchmarks\n\n${lead}\n\n${suites}`;
}

/** @param {RecordedRun} run */
function suiteOf({ suite, date, machine, records }) {
  const { processor, threads, simd, blasCore, node, load } = machine;
  const where = `${processor}, ${threads} threads, ${simd}, BLAS core ${blasCore}, Node.js ${node}, on ${date.slice(0, 10)}.`;
  // Others at work take from what is measured, and a reader should know.
  const busy =
    load > 0.5 ? ` Other programs ran meanwhile: the load was ${load.toFixed(1)} before it began.` : '';
  const rows = records.map(
    ({ workload, params, backend, seconds, ...rest }) =>
      `| ${workload} | ${Object.entries(params)
        .map(([name, value]) => `${name} = ${value}`)
        .join(', ')} | ${backend} | ${duration(seconds)} | ${othersOf(rest)} |`,
  );
  return `## ${suite}\n\n${where}${busy}\n\n| workload | of | backend | median | and |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

/** @param {Omit<BenchRecord, 'workload' | 'params' | 'backend' | 'seconds'>} record */
function othersOf({ perPairNs, gemmFraction, growthExponent, speedup = {}, measured = {} }) {
  return [
    ...(perPairNs === undefined ? [] : [`${short(perPairNs)} ns a pair`]),
    ...(gemmFraction === undefined ? [] : [`${gemmFraction.toFixed(2)} of gemm`]),
    ...Object.entries(speedup).map(([other, times]) => `${short(times)} × ${other}`),
    ...(growthExponent === undefined ? [] : [`cost ∝ n^${growthExponent.toFixed(2)}`]),
    ...Object.entries(measured).map(([name, value]) => `${name} ${short(value)}`),
  ].join(', ');
}

/** @param {number} value */
const short = (value) => String(Number(value.toPrecision(3)));

/** @param {number} seconds */
function duration(seconds) {
  if (seconds < 1e-3) return `${short(seconds * 1e6)} µs`;
  return seconds < 1 ? `${short(seconds * 1e3)} ms` : `${short(seconds)} s`;
}
