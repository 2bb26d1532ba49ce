// The addon of one platform, with all its libraries, from the pinned sources.
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildJobs, buildTarget } from '../lib/native.mjs';
import { projectPaths, projectRoot } from '../lib/project.mjs';
import { errorLines, run } from '../lib/run.mjs';
import { HIGHWAY, ONETBB, ZIG, fetchPinned, openblasWheel, unpack } from './downloads.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

/**
 * @typedef {object} Places
 * @property {string} downloads the pinned files
 * @property {string} work what is unpacked and compiled
 * @property {string} log
 */

/**
 * @param {Target} target
 * @param {Places} places
 * @returns {Promise<{ addon: string, openblas: string, sources: string }>} the addon, and the folders of OpenBLAS's
 *   wheel and of the other sources, which hold the licences
 */
export async function compileAddon(target, { downloads, work, log }) {
  const home = join(work, target.name);
  const bundle = join(home, 'bundle');
  /**
   * @param {import('./downloads.mjs').Download} download
   * @param {string} folder
   */
  const bring = async (download, folder) => {
    const stamp = join(folder, '.unpacked');
    if (existsSync(stamp)) return;
    await unpack(await fetchPinned(download, downloads, log), folder, log);
    writeFileSync(stamp, download.sha256);
  };
  await bring(ONETBB, join(bundle, 'onetbb'));
  await bring(HIGHWAY, join(bundle, 'highway'));
  const wheel = join(home, 'openblas');
  await bring(openblasWheel(target), wheel);
  cpSync(join(wheel, 'scipy_openblas32'), join(bundle, 'openblas'), { recursive: true });
  const build = join(home, 'build');
  const made = { openblas: wheel, sources: bundle };
  if (!target.triple) {
    if (target.os !== process.platform || target.cpu !== process.arch)
      throw new Error(`${target.name} is made on such a machine, with its own compiler`);
    // cmake-js knows what an addon is linked with there.
    const settings = { folder: build, definitions: [`RIDGEFLOW_BUNDLE=${bundle}`] };
    if (!(await buildTarget(projectPaths(projectRoot), log, 'ridgeflow', settings)))
      throw new Error(`${errorLines(log).join('\n')}\n(log: ${log})`);
    return { addon: join(build, 'Release', 'ridgeflow.node'), ...made };
  }

  const toolchain = await zigToolchain(target, home, { downloads, work, log });
  const modules = join(projectRoot, 'node_modules');
  const headers = ['node-api-headers/include', 'node-addon-api'].map((name) => join(modules, name)).join(';');
  const configure = ['cmake', '-S', projectRoot, '-B', build, '-DCMAKE_BUILD_TYPE=Release'];
  const settings = [`-DRIDGEFLOW_BUNDLE=${bundle}`, `-DCMAKE_JS_INC=${headers}`, ...toolchain];
  const make = ['cmake', '--build', build, '--target', 'ridgeflow', '--parallel', String(buildJobs())];
  for (const command of [[...configure, ...settings], make]) {
    if (!(await run(command, { log }))) throw new Error(`${errorLines(log).join('\n')}\n(log: ${log})`);
  }
  return { addon: join(build, 'ridgeflow.node'), ...made };
}

/**
 * The settings that make CMake compile with zig, for the target's processor and C library.
 *
 * @param {Target} target
 * @param {string} home
 * @param {Places} places
 */
async function zigToolchain({ triple, cpu }, home, { downloads, work, log }) {
  const zig = join(work, 'zig');
  const program = join(zig, 'ziglang', 'zig');
  if (!existsSync(program)) {
    await unpack(await fetchPinned(ZIG, downloads, log), `${zig}.new`, log);
    renameSync(`${zig}.new`, zig);
  }
  chmodSync(program, 0o755);
  const tools = join(home, 'tools');
  mkdirSync(tools, { recursive: true });
  /**
   * CMake wants one file for each tool.
   *
   * @param {string} name
   * @param {string} command
   */
  const tool = (name, command) => {
    const file = join(tools, name);
    writeFileSync(file, `#!/bin/sh\nexec '${program}' ${command} "$@"\n`, { mode: 0o755 });
    return file;
  };
  const processor = cpu === 'arm64' ? 'aarch64' : 'x86_64';
  return [
    '-DCMAKE_SYSTEM_NAME=Linux',
    `-DCMAKE_SYSTEM_PROCESSOR=${processor}`,
    `-DCMAKE_C_COMPILER=${tool('cc', `cc -target ${triple}`)}`,
    `-DCMAKE_CXX_COMPILER=${tool('c++', `c++ -target ${triple}`)}`,
    `-DCMAKE_AR=${tool('ar', 'ar')}`,
    `-DCMAKE_RANLIB=${tool('ranlib', 'ranlib')}`,
    '-DCMAKE_SHARED_LINKER_FLAGS=-s',
  ];
}
