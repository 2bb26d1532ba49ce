// The package as it is published: no scripts, no dependencies to install, and all that the carried ones did.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { stagePackage } from '../scripts/lib/published.mjs';
import { PLATFORM_PACKAGES } from '../ts/kernel/native/locate.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-published-'));
const installed = join(folder, 'node_modules', 'ridgeflow');

/** Runs a module in a user's project, without the addon; what it prints. */
async function run(program: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: folder,
    env: { ...process.env, RIDGEFLOW_BACKEND: 'tfjs-wasm', ...env },
  });
  return stdout;
}

test.before(async () => {
  if (!existsSync(join(root, 'dist', 'index.js'))) throw new Error('dist/ is not there: npm run build:ts');
  await stagePackage(installed);
});

test.after.always(() => rmSync(folder, { recursive: true, force: true }));

test('it runs no script, asks for no package, and names the packages of the platforms as optional', (t) => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<
    string,
    object
  >;
  for (const name of ['scripts', 'dependencies', 'devDependencies']) t.false(name in manifest, name);
  const optional = Object.entries(manifest.optionalDependencies);
  t.deepEqual(
    optional.map(([name]) => name),
    PLATFORM_PACKAGES.map((name) => `@ridgeflow/${name}`),
  );
  for (const [, version] of optional) t.is(version, manifest.version);
  const licences = readFileSync(join(installed, 'THIRD-PARTY-LICENSES'), 'utf8');
  for (const name of [
    'vega',
    'vega-lite',
    'apache-arrow',
    '@tensorflow/tfjs-core',
    'protobufjs',
    'commander',
  ])
    t.regex(licences, new RegExp(`^${name} \\d`, 'm'));
});

test('kernels run on the engines of TensorFlow.js inside', async (t) => {
  for (const backend of ['tfjs-wasm', 'tfjs-cpu']) {
    const program = `
      import { availableBackends, ndarray, score } from 'ridgeflow';
      const points = ndarray([[0, 0], [1, 0], [0, 1]]);
      const { mean } = await score(points, points, { variance: 1 });
      console.log((await availableBackends()).map(({ name }) => name).join(), mean.data.every(Number.isFinite));`;
    t.regex(await run(program, { RIDGEFLOW_BACKEND: backend }), /tfjs-wasm,tfjs-cpu true\n$/, backend);
  }
});

test('tables, models and charts are read and drawn by what is inside', async (t) => {
  const fixture = (name: string) => JSON.stringify(join(root, 'test', 'fixtures', 'io', name));
  writeFileSync(join(folder, 'cloud.csv'), 'x,y\n0,1\n1,0\n2,2\n0,3\n');
  const program = `
    import { ndarray, openModel, readCloud, readNetworkOnnx, shallowNetwork, writeLayersModel, writeNetworkOnnx } from 'ridgeflow';
    import { renderChart } from 'ridgeflow/report';
    const shape = async (file) => (await readCloud(file)).points.shape.join('x');
    console.log(await shape('cloud.csv'), await shape(${fixture('lz4.feather')}));
    const eye = ndarray([[1, 0], [0, 1]]);
    const network = shallowNetwork({ activation: 'tanh', A: eye, b: ndarray([0, 0], [2]), C: eye });
    await writeLayersModel('model', network);
    await writeNetworkOnnx('model.onnx', network);
    const model = await openModel('model/model.json');
    console.log(model.format, model.layers.length > 0, (await readNetworkOnnx('model.onnx')).constructor.name);
    const spec = { data: { values: [{ a: 1 }] }, mark: 'point', encoding: { x: { field: 'a', type: 'quantitative' } } };
    console.log((await renderChart(spec)).startsWith('<svg'));`;
  const lines = (await run(program)).trim().split('\n');
  t.deepEqual(lines.slice(0, 2), ['4x2 40x4', 'tfjs-layers true ShallowNetwork']);
  t.is(lines[2], 'true');
});

test('the main job writes its report', async (t) => {
  const main = join(installed, 'dist', 'cli', 'main.js');
  const args = ['transport', 'points.csv', '--depths', '1,2', '--out', 'out', '--quiet'];
  writeFileSync(join(folder, 'points.csv'), 'x,y\n0,1\n1,0\n2,2\n0,3\n5,5\n');
  await promisify(execFile)(process.execPath, [main, ...args], {
    cwd: folder,
    env: { ...process.env, RIDGEFLOW_BACKEND: 'tfjs-wasm' },
  });
  t.regex(readFileSync(join(folder, 'out', 'report.html'), 'utf8'), /Vega\..*Copyright/s);
});
