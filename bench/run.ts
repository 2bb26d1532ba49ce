import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import type { BackendName } from '../ts/core/options.js';
import { loadBackend } from '../ts/kernel/backend.js';
import { loadAddon } from '../ts/kernel/native/addon.js';
import type { BenchRecord, BenchSuite } from './record.js';

const folder = new URL('./suites/', import.meta.url);
const available = readdirSync(fileURLToPath(folder))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -3));

const command = new Command('npm run bench --')
  .description(
    'Measures the library on this machine. What counts are the ratios within one run: machines differ and drift.',
  )
  .argument('[suites...]', `suites to run (default all: ${available.join(', ')})`)
  .option('--json', 'print the records as one JSON array on standard output')
  .option('--quick', 'fewer samples, to try a suite out')
  .option('--long', 'workloads too that take most of an hour: mnist/transport-60k')
  .addOption(new Option('--no-compare', 'do not time the tfjs backends'))
  .parse();
const { json, quick, long, compare } = command.opts<{
  json?: boolean;
  quick?: boolean;
  long?: boolean;
  compare: boolean;
}>();
const names = command.args.length ? command.args : available;
const unknown = names.filter((name) => !available.includes(name));
if (unknown.length)
  command.error(`error: no suite named ${unknown.join(', ')}; there are ${available.join(', ')}`, {
    exitCode: 2,
  });

const addon = loadAddon();
const { threads, blasCore, simd } = addon.info();
process.stderr.write(`${threads} threads, BLAS core ${blasCore}, SIMD ${simd}\n`);

const others: BackendName[] = [];
if (compare) {
  for (const name of ['tfjs-node', 'tfjs-wasm', 'tfjs-cpu'] as const) {
    await loadBackend(name).then(
      () => others.push(name),
      () => process.stderr.write(`${name} does not load here and is left out\n`),
    );
  }
}

const records: BenchRecord[] = [];
for (const name of names) {
  const { default: suite } = (await import(new URL(`${name}.ts`, folder).href)) as { default: BenchSuite };
  await suite.run({
    threads,
    others,
    quick: quick ?? false,
    long: long ?? false,
    emit(record) {
      records.push(record);
      (json ? process.stderr : process.stdout).write(`${row(record)}\n`);
    },
  });
}
if (json) process.stdout.write(`${JSON.stringify(records, null, 2)}\n`);

function row(record: BenchRecord): string {
  const params = Object.entries(record.params)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
  const parts = [
    `${record.suite}/${record.workload}`.padEnd(20),
    params.padEnd(30),
    duration(record.seconds).padStart(10),
  ];
  if (record.perPairNs !== undefined) parts.push(`${record.perPairNs.toPrecision(3)} ns/pair`);
  if (record.gemmFraction !== undefined) parts.push(`${record.gemmFraction.toFixed(2)} of gemm`);
  for (const [other, times] of Object.entries(record.speedup ?? {}))
    parts.push(`${times.toPrecision(3)}× ${other}`);
  if (record.growthExponent !== undefined) parts.push(`cost ∝ n^${record.growthExponent.toFixed(2)}`);
  for (const [name, value] of Object.entries(record.measured ?? {}))
    parts.push(`${name} ${value.toPrecision(3)}`);
  return parts.join('  ');
}

function duration(seconds: number): string {
  if (seconds < 1e-3) return `${(seconds * 1e6).toFixed(1)} µs`;
  return seconds < 1 ? `${(seconds * 1e3).toFixed(1)} ms` : `${seconds.toFixed(2)} s`;
}
