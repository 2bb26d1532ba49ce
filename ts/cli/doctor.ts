import { cpus, totalmem } from 'node:os';
import { createRequire } from 'node:module';
import { Command } from 'commander';
import type { Kernels } from '../kernel/contract.js';
import { backendFromEnvironment, kernelsFor, loadBackend } from '../kernel/backend.js';
import { addonOrigin, loadAddon, preferredBlasCore, readCpuInfo } from '../kernel/native/addon.js';
import type { AddonAttempt } from '../kernel/native/addon.js';
import { loadMpiAddon } from '../kernel/mpi/addon.js';
import { currentPlatform } from '../kernel/native/locate.js';
import { processorsForThisProcess } from '../kernel/native/processors.js';
import { RidgeflowError } from '../core/errors.js';
import { nativeRemedy, surroundings } from './remedy.js';
import { packageVersion } from './version.js';

/** Everything that decides how fast calls are on this machine. */
export interface Diagnosis {
  ridgeflow: string;
  backend: { name: string; why: string };
  native: {
    loaded: boolean;
    blas?: string;
    blasCore?: string;
    simd?: string;
    threads?: number;
    compiler?: string;
    /** Where the addon in use came from. */
    origin?: string;
    failure?: string;
    /** Every place where the addon could have been, and why it is not in use. */
    attempts?: AddonAttempt[];
  };
  /** The addon for runs over ranks, which nobody else needs. */
  mpi: { loaded: boolean; failure?: string };
  fallback: { name?: string; failure?: string };
  machine: { processor: string; cores: number; memoryGiB: number; platform: string };
  node: string;
  packages: Record<string, string>;
  advice: string[];
}

/** What a user may install beside the library. */
const PACKAGES = ['@tensorflow/tfjs-node', 'onnxruntime-node'];

function packageVersions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const versions: Record<string, string> = {};
  for (const name of PACKAGES) {
    try {
      versions[name] = (require(`${name}/package.json`) as { version: string }).version;
    } catch {
      versions[name] = 'not installed';
    }
  }
  return versions;
}

interface Loaded {
  kernels?: Kernels;
  failure?: string;
  attempts?: AddonAttempt[];
}

async function attempt(load: () => Promise<Kernels>): Promise<Loaded> {
  try {
    return { kernels: await load() };
  } catch (error) {
    if (!(error instanceof RidgeflowError)) throw error;
    return { failure: error.message, attempts: error.details.attempts as AddonAttempt[] | undefined };
  }
}

/** Looks at the machine, the addon and the fallback, and says what would make calls faster. */
export async function diagnose(): Promise<Diagnosis> {
  const forced = backendFromEnvironment();
  const native = await attempt(() => loadBackend('native'));
  const tfjs = await attempt(() => loadBackend('tfjs'));
  const chosen = await attempt(() => kernelsFor({}));
  const info = native.kernels ? loadAddon().info() : undefined;
  const why = forced
    ? `RIDGEFLOW_BACKEND=${forced} asks for it${chosen.failure ? `, but: ${chosen.failure}` : ''}`
    : native.kernels
      ? 'the native addon loads'
      : 'the native addon does not load';
  return {
    ridgeflow: packageVersion(),
    backend: { name: chosen.kernels?.name ?? 'none', why },
    native: {
      loaded: native.kernels !== undefined,
      ...info,
      origin: addonOrigin(),
      failure: native.failure,
      attempts: native.attempts,
    },
    mpi: mpiAddon(),
    fallback: { name: tfjs.kernels?.name, failure: tfjs.failure },
    machine: {
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: platformName(),
    },
    node: process.version,
    packages: packageVersions(),
    advice: advice(info, forced, tfjs.kernels, native.attempts),
  };
}

/** Whether the addon for MPI loads; MPI itself is not started. */
function mpiAddon(): Diagnosis['mpi'] {
  try {
    loadMpiAddon();
    return { loaded: true };
  } catch (error) {
    if (!(error instanceof RidgeflowError)) throw error;
    return { loaded: false, failure: error.message };
  }
}

function platformName(): string {
  const { os, cpu, libc } = currentPlatform();
  return `${os} ${cpu}${libc === 'musl' ? ' (musl)' : ''}`;
}

function advice(
  info: { blasCore: string; simd: string; threads: number } | undefined,
  forced: string | undefined,
  fallback: Kernels | undefined,
  attempts: readonly AddonAttempt[] = [],
): string[] {
  const lines: string[] = [];
  if (!info) {
    lines.push(...nativeRemedy(attempts, surroundings()));
    if (fallback && fallback.name !== 'tfjs-node')
      lines.push('Or install @tensorflow/tfjs-node beside ridgeflow: faster than the WebAssembly fallback.');
    return lines;
  }
  if (forced && forced !== 'native')
    lines.push('Unset RIDGEFLOW_BACKEND: the native addon loads, and is far faster.');
  const wanted = preferredBlasCore(readCpuInfo());
  // OpenBLAS calls its kernels for AVX-512 by the processors for which they were written.
  if (wanted && !/skylakex|cooperlake|sapphire|zen4/i.test(info.blasCore)) {
    lines.push(
      `Unset OPENBLAS_CORETYPE: this processor has AVX-512, and OpenBLAS runs its ${info.blasCore} kernels.`,
    );
  }
  const processors = processorsForThisProcess();
  if (info.threads < processors)
    lines.push(`Kernels use ${info.threads} of ${processors} cores: raise RIDGEFLOW_THREADS.`);
  return lines;
}

function describe(diagnosis: Diagnosis): string {
  const { backend, native, fallback, machine, node, packages } = diagnosis;
  const rows: [string, string][] = [
    ['ridgeflow', diagnosis.ridgeflow],
    ['backend', `${backend.name}: ${backend.why}`],
    ['native addon', native.loaded ? `${native.origin}, by ${native.compiler}` : 'does not load'],
  ];
  const { attempts = [], failure } = native;
  if (!native.loaded && attempts.length === 0) rows.push(['', failure ?? '']);
  for (const { origin, reason } of attempts) rows.push(['', `${origin}: ${reason}`]);
  if (native.loaded) {
    rows.push(
      ['BLAS', `${native.blas}`],
      ['BLAS core', `${native.blasCore}`],
      ['SIMD', `${native.simd}`],
      ['threads', `${native.threads}`],
    );
  }
  rows.push(
    ['MPI addon', diagnosis.mpi.loaded ? 'loads' : `${diagnosis.mpi.failure}`],
    ['fallback', fallback.name ?? `none: ${fallback.failure}`],
    [
      'machine',
      `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}`,
    ],
    ['Node', node],
    ...Object.entries(packages),
  );
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  lines.push(
    '',
    diagnosis.advice.length ? 'To make it faster:' : 'Nothing to improve: the fast path is in use.',
  );
  for (const line of diagnosis.advice) lines.push(`- ${line}`);
  return `${lines.join('\n')}\n`;
}

/** `ridgeflow doctor`. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Say which backend is in use and why, on what hardware, and what would make it faster.')
    .option('--json', 'print the facts as JSON')
    .option('--debug', 'print stack traces of failures')
    .action(async (options: { json?: boolean }) => {
      const diagnosis = await diagnose();
      process.stdout.write(options.json ? `${JSON.stringify(diagnosis, null, 2)}\n` : describe(diagnosis));
    });
}
