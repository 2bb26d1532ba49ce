// Puts @tensorflow/tfjs-node beside TensorFlow.js in node_modules where its own download of TensorFlow's C library fails: on
// the library of TensorFlow's Python wheel, by which its addon is compiled here. `npm ci` takes it away again.
//   node bench/peers/tfjs-node.mjs          (Linux; python3 with pip, g++; 0.3 GB to download, 1.3 GB on the disk)
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { npmCommand } from '../../scripts/lib/dependencies.mjs';
import { projectRoot } from '../../scripts/lib/project.mjs';

/** Of TensorFlow.js in package-lock.json: one tfjs-core serves all engines. */
const TFJS_NODE = '@tensorflow/tfjs-node@4.22.0';
/** A wheel whose C interface the binding compiles against. */
const TENSORFLOW = 'tensorflow-cpu==2.21.0';

const home = join(projectRoot, 'bench', 'peers', '.tensorflow');
const require = createRequire(join(projectRoot, 'package.json'));
const folder = join(projectRoot, 'node_modules', '@tensorflow', 'tfjs-node');
const addon = join(folder, 'lib', 'napi-v8', 'tfjs_binding.node');

/**
 * @param {string[]} command
 * @param {string} [cwd]
 */
function must([command, ...args], cwd = projectRoot) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 }); // prettier-ignore
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')}\n${error?.message ?? stdout + stderr}`);
}

/** Unpacks the wheel's C interface and its two libraries into bench/peers/.tensorflow. */
function fetchTensorFlow() {
  const unpacked = join(home, 'tensorflow');
  if (existsSync(join(unpacked, 'libtensorflow_cc.so.2'))) return unpacked;
  mkdirSync(home, { recursive: true });
  const scratch = mkdtempSync(join(home, 'wheel-'));
  try {
    must(['python3', '-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', scratch, TENSORFLOW]); // prettier-ignore
    const [wheel] = readdirSync(scratch);
    must(['python3', '-m', 'zipfile', '-e', join(scratch, wheel), home]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return unpacked;
}

/**
 * Puts the package into node_modules, with what it needs inside its own folder but for the parts of TensorFlow.js that this
 * library has. npm does not install by itself what package.json names as an optional peer.
 */
function installPackage() {
  const scratch = mkdtempSync(join(home, 'npm-'));
  try {
    writeFileSync(join(scratch, 'package.json'), '{ "private": true }');
    // Without scripts, which would download.
    must(
      [...npmCommand(process.env), 'install', '--no-audit', '--no-fund', '--ignore-scripts', TFJS_NODE],
      scratch,
    );
    const installed = join(scratch, 'node_modules');
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(installed, '@tensorflow', 'tfjs-node'), folder, { recursive: true });
    rmSync(join(installed, '@tensorflow', 'tfjs-node'), { recursive: true });
    for (const name of readdirSync(join(installed, '@tensorflow')))
      if (existsSync(join(dirname(folder), name)))
        rmSync(join(installed, '@tensorflow', name), { recursive: true });
    cpSync(installed, join(folder, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Makes it ready, where it is not. Throws where it cannot be. */
export function setUpTfjsNode() {
  if (existsSync(addon)) return;
  const tensorflow = fetchTensorFlow();
  installPackage();
  const library = join(folder, 'deps', 'lib');
  mkdirSync(library, { recursive: true });
  symlinkSync(join(tensorflow, 'include'), join(folder, 'deps', 'include'));
  const shared = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
  for (const name of shared) symlinkSync(join(tensorflow, name), join(library, name));
  mkdirSync(dirname(addon), { recursive: true });
  const nodeHeaders = join(dirname(require.resolve('node-api-headers')), 'include');
  const made = `${addon}.part`;
  must(
    [
      ...['g++', '-std=gnu++17', '-O2', '-fPIC', '-shared', '-o', made],
      ...['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc', '-I', '.', '-I', 'deps/include', '-I', nodeHeaders],
      ...shared.map((name) => join('deps', 'lib', name)),
      '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ],
    folder,
  ); // prettier-ignore
  renameSync(made, addon);
}

if (process.argv[1] === import.meta.filename) {
  setUpTfjsNode();
  console.log(`${TFJS_NODE} is ready: the conformance suite and the benchmarks take it from now on`);
}
