#!/usr/bin/env node
// Proves the packages where their users are: in a bare system of each kind, without compiler, Python, network or root,
// `npm install` of the tarballs gives the native backend and writes nothing outside the project, and the addon passes the
// conformance suite. Other processors than this machine's are emulated by QEMU.
//   npm run prebuild:test -- [bullseye linux-arm64 …] [--suites score,linear|none]       (as root)
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { projectRoot } from './lib/project.mjs';
import { SUITES, writeConformance } from './prebuild/conformance.mjs';
import { USER, makeSystem, runInside, systemsNamed } from './prebuild/systems.mjs';

/** npm install may take so long on a processor that is there. */
const SECONDS = 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { suites: { type: 'string', default: SUITES.join(',') } },
});
const suites = values.suites === 'none' ? [] : values.suites.split(',');
for (const suite of suites)
  if (!SUITES.includes(suite)) throw new Error(`no suite ${suite}: there are ${SUITES.join(', ')}`);

const packages = join(projectRoot, 'build', 'packages');
const home = join(projectRoot, 'build', 'prebuild', 'systems');
const downloads = join(projectRoot, 'build', 'prebuild', 'downloads');
/** @type {{ version: string }} */
const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));

/**
 * @param {string} command
 * @param {string[]} args
 */
function must(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

/** @param {import('./prebuild/systems.mjs').System} system */
async function prove(system) {
  const tarballs = [`ridgeflow-${version}.tgz`, `ridgeflow-${system.target}-${version}.tgz`].map((name) => join(packages, name)); // prettier-ignore
  const absent = tarballs.filter((file) => !existsSync(file));
  if (absent.length > 0) throw new Error(`npm run package and npm run prebuild first: there is no ${absent.join(', ')}`); // prettier-ignore
  const made = await makeSystem(system, { home, downloads, log: join(home, '..', `${system.name}.log`) });
  const { root, node, emulated } = made;
  for (const tool of ['cc', 'g++', 'make', 'cmake', 'python3', 'python'])
    if (existsSync(join(root, 'usr/bin', tool))) throw new Error(`${system.name} has ${tool}`);

  const project = join(root, 'home', 'project');
  rmSync(project, { recursive: true, force: true });
  mkdirSync(project, { recursive: true });
  for (const file of tarballs) cpSync(file, join(root, 'home', basename(file)));
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  must('chown', ['-R', `${USER}:${USER}`, join(root, 'home')]);
  /**
   * @param {string[]} args
   * @param {Record<string, string>} [env]
   */
  const insideWith = (args, env) => {
    const { status, output } = runInside(made, [...node, ...args], { cwd: '/home/project', env });
    if (status !== 0) throw new Error(`${system.name}: node ${args.join(' ')}\n${output}`);
    return output;
  };
  /** @param {string[]} args */
  const inside = (...args) => insideWith(args);

  const stamp = join(root, 'stamp');
  writeFileSync(stamp, '');
  const start = performance.now();
  // Offline: optional packages of other platforms need not be there, and nothing else is asked for.
  // What npm compiles of itself it keeps in the system's temporary folder, from Node.js 22 on: that is npm's.
  insideWith(
    ['/usr/local/lib/npm/bin/npm-cli.js', 'install', '--offline', '--no-audit', '--no-fund', ...tarballs.map((file) => `../${basename(file)}`)],
    { NODE_DISABLE_COMPILE_CACHE: '1' },
  ); // prettier-ignore
  const seconds = (performance.now() - start) / 1000;
  /** @type {{ native: { origin?: string, blasCore?: string, simd?: string } }} */
  const doctor = JSON.parse(inside('node_modules/.bin/ridgeflow', 'doctor', '--json'));
  inside('node_modules/.bin/ridgeflow', 'transport', '--depths', '1,2,continuous', '--out', 'out', '--quiet');
  /** @type {{ backend: string }} */
  const summary = JSON.parse(readFileSync(join(project, 'out', 'summary.json'), 'utf8'));
  const written = must('find', [root, '-xdev', '-newer', stamp, '-type', 'f'])
    .split('\n')
    .filter(
      (file) => file && !file.startsWith(`${project}/`) && !file.startsWith(join(root, 'home', '.npm')),
    );
  const faults = [
    ...(emulated || seconds < SECONDS ? [] : [`npm install took ${seconds.toFixed(1)} s`]),
    ...(doctor.native.origin === 'platform package' ? [] : [`the addon is ${JSON.stringify(doctor.native)}`]),
    ...(summary.backend === 'native' ? [] : [`the main job ran on ${summary.backend}`]),
    ...(written.length > 0 ? [`written: ${written.slice(0, 5).join(', ')}${written.length > 5 ? `, and ${written.length - 5} files more` : ''}`] : []), // prettier-ignore
  ];
  const libc = inside('-p', '`Node.js ${process.version}, ${process.report.getReport().header.glibcVersionRuntime ?? "musl"}`').trim(); // prettier-ignore
  const what = `${libc}, ${doctor.native.blasCore}, ${doctor.native.simd}${emulated ? ', emulated' : ''}`;
  console.log(
    `${system.name} (${what}): npm install ${seconds.toFixed(1)} s, ${faults.join('; ') || 'passed'}`,
  );
  const conforms = await proveConformance(system, made);
  return faults.length === 0 && conforms;
}

/**
 * @param {import('./prebuild/systems.mjs').System} system
 * @param {import('./prebuild/systems.mjs').Made} made
 */
async function proveConformance(system, made) {
  const tests = join(made.root, 'home', 'tests');
  const { ava, files } = await writeConformance(tests, suites);
  must('chown', ['-R', `${USER}:${USER}`, tests]);
  const env = {
    RIDGEFLOW_ADDON: `/home/project/node_modules/@ridgeflow/${system.target}/ridgeflow.node`,
    RIDGEFLOW_BACKEND: 'native',
  };
  if (files.length === 0) return true;
  const start = performance.now();
  const { status } = runInside(made, [...made.node, ...ava, ...files], {
    cwd: '/home/tests',
    env,
    show: true,
  });
  const minutes = ((performance.now() - start) / 60_000).toFixed(1);
  console.log(`${system.name}: conformance ${status === 0 ? 'passed' : 'failed'} (${minutes} min)`);
  return status === 0;
}

for (const system of systemsNamed(positionals)) if (!(await prove(system))) process.exitCode = 1;
