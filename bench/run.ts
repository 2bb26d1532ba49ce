import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import type { BackendName } from '../ts/core/options.js';
import { loadBackend } from '../ts/kernel/backend.js';
import { loadAddon } from '../ts/kernel/native/addon.js';
import { NO_PEERS, openPeers } from './peers/peers.js';
import { setUpTfjsNode } from './peers/tfjs-node.mjs';
import type { BenchRecord, BenchSuite, RecordedRun } from './record.js';

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
  .option('--record', 'keep the records in bench/recorded.json, from which the site makes its page')
  .option('--quick', 'fewer samples, to try a suite out')
  .option('--long', 'workloads too that take from five minutes to an hour: mnist/transport-60k, million')
  .addOption(new Option('--no-compare', 'do not time the tfjs backends'))
  .option(
    '--peers',
    'time systems of Python and tfjs-node on the same inputs; sets them up in bench/peers/.python and .tensorflow',
  )
  .parse();
const {
  json,
  record,
  quick,
  long,
  compare,
  peers: withPeers,
} = command.opts<{
  json?: boolean;
  record?: boolean;
  quick?: boolean;
  long?: boolean;
  compare: boolean;
  peers?: boolean;
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

if (withPeers) {
  try {
    setUpTfjsNode();
  } catch (error) {
    process.stderr.write(`tfjs-node cannot be set up here: ${(error as Error).message}\n`);
  }
}
const others: BackendName[] = [];
if (compare) {
  for (const name of ['tfjs-node', 'tfjs-wasm', 'tfjs-cpu'] as const) {
    await loadBackend(name).then(
      () => others.push(name),
      () => process.stderr.write(`${name} does not load here and is left out\n`),
    );
  }
}

const peers = withPeers ? openPeers(threads) : NO_PEERS;
const records: BenchRecord[] = [];
for (const name of names) {
  const load = loadavg()[0];
  const begun = performance.now();
  const first = records.length;
  const { default: suite } = (await import(new URL(`${name}.ts`, folder).href)) as { default: BenchSuite };
  await suite.run({
    threads,
    others,
    peers,
    quick: quick ?? false,
    long: long ?? false,
    emit(record) {
      records.push(record);
      (json ? process.stderr : process.stdout).write(`${row(record)}\n`);
    },
  });
  process.stderr.write(`${name} took ${duration((performance.now() - begun) / 1000)}\n`);
  if (record) keep({ suite: name, date: new Date().toISOString(), load, records: records.slice(first) });
}
peers.close();
if (json) process.stdout.write(`${JSON.stringify(records, null, 2)}\n`);

/** Puts a suite in the place of its last record. */
function keep({ load, ...run }: Omit<RecordedRun, 'machine'> & { load: number }): void {
  const file = new URL('./recorded.json', import.meta.url);
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RecordedRun[]) : [];
  const processor = cpus()[0]?.model ?? process.arch;
  const machine = { processor, threads, simd, blasCore, node: process.versions.node, load };
  const runs = [...before.filter(({ suite }) => suite !== run.suite), { ...run, machine }];
  runs.sort((a, b) => (a.suite < b.suite ? -1 : 1));
  writeFileSync(file, `${JSON.stringify(runs, null, 2)}\n`);
}

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
  if (record.roofline !== undefined) parts.push(`${record.roofline.toFixed(2)} of the roofline`);
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
