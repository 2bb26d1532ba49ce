// The package as a user gets it: packed, unpacked into a project's node_modules, imported and required there.
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { subpaths } from '../scripts/lib/entries.mjs';
import type { NdArray } from '../ts/core/array.js';
import { exactly } from './native.js';
import { Random } from './reference/random.js';

type Api = typeof import('../ts/index.js');

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/** A user's project with the package installed; undone after the tests. */
let project: string;
let installed: string;
let packedFiles: string[];

/** Runs Node.js in the user's project. */
const node = (...args: string[]) => run(process.execPath, args, { cwd: project });

test.before(async () => {
  if (!existsSync(join(root, 'dist', 'index.js'))) {
    throw new Error('dist/ is not there: `npm test` makes it, and so does `npm run build:ts`');
  }
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-api-'));
  project = join(folder, 'project');
  installed = join(project, 'node_modules', 'ridgeflow');
  mkdirSync(installed, { recursive: true });
  // The dependencies are those of this project, found one folder up.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(project, 'package.json'), '{ "name": "project", "private": true }');
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
  });
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  packedFiles = files.map(({ path }) => path);
  await run('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components=1']);
  // What the install script builds, where it can.
  const addon = join('build', 'Release', 'ridgeflow.node');
  if (existsSync(join(root, addon))) {
    mkdirSync(dirname(join(installed, addon)), { recursive: true });
    copyFileSync(join(root, addon), join(installed, addon));
  }
});

test.after.always(() => {
  if (project) rmSync(dirname(project), { recursive: true, force: true });
});

test('import and require give the same functions, and print nothing', async (t) => {
  writeFileSync(
    join(project, 'both.mjs'),
    `import { createRequire } from 'node:module';
     import * as imported from 'ridgeflow';
     const required = createRequire(import.meta.url)('ridgeflow');
     const names = Object.keys(imported);
     const same = names.length > 50 && names.every((name) => required[name] === imported[name]);
     if (!same || typeof required.compareDepths !== 'function') process.exitCode = 1;`,
  );
  t.like(await node('both.mjs'), { stdout: '', stderr: '' });
  writeFileSync(join(project, 'imported.mjs'), `import 'ridgeflow';`);
  t.like(await node('imported.mjs'), { stdout: '', stderr: '' });
  writeFileSync(
    join(project, 'required.cjs'),
    `if (typeof require('ridgeflow').slicedWasserstein !== 'function') process.exitCode = 1;`,
  );
  const { stdout, stderr } = await node('required.cjs');
  t.is(stdout, '');
  // Node.js itself says that it can require ES modules, until it takes that for granted.
  t.is(stderr.replace(/^\(node:\d+\) ExperimentalWarning: .*\n\(Use .*\)\n/, ''), '');
});

test('importing leaves the process as it was', async (t) => {
  const program = `
    const before = { env: { ...process.env }, listeners: process.eventNames().map(String) };
    await import('ridgeflow');
    const after = { env: { ...process.env }, listeners: process.eventNames().map(String) };
    if (JSON.stringify(before) !== JSON.stringify(after)) console.log(JSON.stringify({ before, after }));
    const loaded = process.report.getReport().sharedObjects.filter((file) => file.includes('ridgeflow'));
    if (loaded.length > 0) console.log(loaded);
  `;
  t.is((await node('--input-type=module', '--eval', program)).stdout, '');
});

type Entry = string | { [name: string]: Entry };
const pathsOf = (entry: Entry): string[] =>
  typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(pathsOf);

test('every subject has a subpath of its own, with the exports that the index has', async (t) => {
  const subjects = readdirSync(join(root, 'ts')).filter((name) =>
    existsSync(join(root, 'ts', name, 'index.ts')),
  );
  t.true(subjects.length > 12);
  const program = `
    import { createRequire } from 'node:module';
    import * as all from 'ridgeflow';
    const require = createRequire(import.meta.url);
    for (const name of ${JSON.stringify(subjects)}) {
      const subject = await import('ridgeflow/' + name);
      const required = require('ridgeflow/' + name);
      const names = Object.keys(subject);
      const shared = names.filter((key) => all[key] === subject[key]);
      const complete = name === 'report' ? shared.length > 0 : shared.length === names.length;
      if (!complete || names.length === 0 || names.some((key) => required[key] !== subject[key])) console.log(name);
    }
    for (const name of ['html', 'table', 'facts', 'renderChart']) if (name in all) console.log(name);
  `;
  t.is((await node('--input-type=module', '--eval', program)).stdout, '');
});

test('what package.json names is in the package, and nothing that is not for its users', (t) => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    types: string;
    bin: Record<string, string>;
    exports: Entry;
  };
  const named = [
    manifest.types,
    ...Object.values(manifest.bin),
    ...pathsOf(manifest.exports).filter((path) => !path.includes('*')),
    ...['README.md', 'LICENSE', 'CMakeLists.txt', 'scripts/install.mjs', 'data/digits.csv.gz'],
    ...['bindings/addon.cpp', 'native/score/score.cpp', 'native/score/score.hpp'],
  ];
  for (const path of named) t.true(existsSync(join(installed, path)), path);
  t.regex(readFileSync(join(installed, manifest.bin.ridgeflow), 'utf8'), /^#!\/usr\/bin\/env node\n/);
  const foreign = /^(ts|test|bench|build|node_modules|examples)\/|\.(test|tsbuildinfo)\b|^\./;
  t.deepEqual(
    packedFiles.filter((path) => foreign.test(path)),
    [],
  );
  // The sources of the addon are all there.
  for (const folder of ['native', 'bindings']) {
    const sources = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    const missing = sources.filter(
      (path) => /\.(cpp|hpp|h)$/.test(path) && !existsSync(join(installed, folder, path)),
    );
    t.deepEqual(missing, [], folder);
  }
});

test('the declarations type a program that imports, and one that requires', async (t) => {
  const program = `
    const cloud: NdArray = ndarray([[0, 0], [1, 0], [0, 1]]);
    const options: DepthComparisonOptions = { depths: [1, 'continuous'], seed: 1 };
    export async function use(): Promise<number> {
      const comparison: DepthComparison = await compareDepths(cloud, options);
      const { value } = await slicedWasserstein(cloud, comparison.runs[0].positions);
      // @ts-expect-error there is no such depth
      await compareDepths(cloud, { depths: ['deep'] });
      // @ts-expect-error points are an array of this library or another
      await compareDepths('1, 2, 3');
      // @ts-expect-error bytes without a shape are no points
      await compareDepths(new Float32Array(6));
      return value;
    }`;
  const types = 'type DepthComparison, type DepthComparisonOptions, type NdArray';
  const functions = 'compareDepths, ndarray, slicedWasserstein';
  writeFileSync(
    join(project, 'typed.mts'),
    `import { ${functions}, ${types} } from 'ridgeflow';\n${program}`,
  );
  writeFileSync(
    join(project, 'typed.cts'),
    `import ridgeflow = require('ridgeflow');
     import { ${types} } from 'ridgeflow';
     const { ${functions} } = ridgeflow;\n${program}`,
  );
  writeFileSync(
    join(project, 'subject.cts'),
    `import { sinkhorn } from 'ridgeflow/transport';
     import { renderChart } from 'ridgeflow/report';
     export const both = [sinkhorn, renderChart];`,
  );
  writeFileSync(
    join(project, 'subpaths.cts'),
    subpaths()
      .filter((name) => name !== '.')
      .map((name, i) => `export * as subject${i} from 'ridgeflow/${name.slice(2)}';\n`)
      .join(''),
  );
  writeFileSync(
    join(project, 'foreign.mts'),
    `import type { RecordBatch, Table, Vector } from 'apache-arrow';
     import { daeMap, integrate, linearField, sinkhorn, smoothed, type NdArray, type VelocityField } from 'ridgeflow';
     // The declarations of TensorFlow.js name types of a package that it does not depend on.
     interface Tensor2D {
       shape: [number, number];
       dataSync(): Float32Array;
     }
     interface DataFrame {
       readonly height: number;
       readonly columns: string[];
       getColumn(name: string): { toArray(): number[] };
     }
     export async function use(tensor: Tensor2D, table: Table, batch: RecordBatch, vector: Vector, frame: DataFrame) {
       const plan = await sinkhorn(tensor, table, { epsilon: 0.1 });
       const moved: NdArray = await plan.map({ points: frame });
       const field: VelocityField = {
         times: { from: 0, to: 1 },
         differentiable: false,
         evaluate: async (x) => ({ velocity: { data: x.data.map((value) => -value), shape: x.shape } }),
       };
       await integrate(field, batch, { to: 1 });
       await linearField({ matrix: -1 }).evaluate([[0, 1]], 0, {});
       return daeMap(smoothed({ points: vector, variance: 1 }), { noise: 0.1 }).apply(moved);
     }`,
  );
  const readme = readFileSync(join(installed, 'README.md'), 'utf8');
  const samples = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
  samples.forEach((code, i) => writeFileSync(join(project, `readme-${i}.mts`), code));
  t.true(samples.length > 1);
  const commonJs = ['typed.cts', 'subject.cts', 'subpaths.cts'];
  const files = [...commonJs, 'typed.mts', 'foreign.mts', ...samples.map((_, i) => `readme-${i}.mts`)];
  const settings = [
    // What TypeScript takes where nothing is said; it knows of no `exports`.
    { module: 'CommonJS', moduleResolution: 'Node10', files: commonJs },
    { module: 'Node16', moduleResolution: 'Node16', files },
    { module: 'NodeNext', moduleResolution: 'NodeNext', files },
    { module: 'Preserve', moduleResolution: 'Bundler', files },
  ];
  for (const { files: compiled, ...setting } of settings) {
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          ...setting,
          target: 'ES2022',
          strict: true,
          noEmit: true,
          types: ['node'],
        },
        files: compiled,
      }),
    );
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const problems = await node(compiler, '-p', '.').then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
    t.is(problems, '', setting.module);
  }
});

const cloudOf = (n: number, d: number): NdArray => ({
  data: Float32Array.from(new Random(n).normals(n * d)),
  shape: [n, d],
});

test('the public functions leave what they are given as it was', async (t) => {
  const api = (await import(pathToFileURL(join(installed, 'dist', 'index.js')).href)) as Api;
  const [a, b] = [cloudOf(40, 3), cloudOf(41, 3)];
  const same = { data: b.data.subarray(3), shape: [40, 3] };
  const weights = new Float32Array(40).fill(1);
  const labels = Int32Array.from({ length: 40 }, (_, i) => i % 2);
  const given = { a, b, weights, labels };
  const before = structuredClone(given);
  const [x, y] = [a, b].map(({ data, shape }) => Object.freeze({ data, shape: Object.freeze([...shape]) }));
  const frozen = Object.freeze({ seed: 1 });
  await api.compareDepths(x, Object.freeze({ labels, depths: Object.freeze([1, 2, 'continuous'] as const) }));
  await api.transportCloud(x, Object.freeze({ depth: 3, T: 0.1, smoothing: 0.5 }));
  await api.defaultSmoothing(x, frozen);
  await api.nearestNeighbourEntropy(x, frozen);
  await api.nearestNeighbours(x, y, Object.freeze({ k: 2 }));
  await api.slicedWasserstein(x, same, frozen);
  await api.principalComponents(x, frozen);
  await api.score(x, same, Object.freeze({ variance: 1, weights }));
  t.deepEqual(given, before);
});

exactly('the public functions do not copy the clouds they are given', async (t) => {
  // While each call runs, all storage together grows by far less than its input; the library is loaded before.
  const program = `
    import { nearestNeighbourEntropy, principalComponents, score, slicedWasserstein } from 'ridgeflow';
    const cloudOf = (n, d) => ({ data: new Float32Array(n * d).map((_, i) => (i * 7919) % 101), shape: [n, d] });
    const calls = {
      score: (x, options) => score(x, x, { ...options, variance: 1, want: { logDensity: true } }),
      entropy: nearestNeighbourEntropy,
      principalComponents,
      sliced: (x, options) => slicedWasserstein(x, x, { ...options, directions: 16 }),
    };
    for (const call of Object.values(calls)) await call(cloudOf(10, 300), { backend: 'native' });
    const cloud = cloudOf(40_000, 300);
    for (const [name, call] of Object.entries(calls)) {
      globalThis.gc();
      const before = process.memoryUsage().arrayBuffers;
      let most = 0;
      const look = () => (most = Math.max(most, process.memoryUsage().arrayBuffers - before));
      const controller = new AbortController();
      const timer = setInterval(look, 1);
      setTimeout(() => controller.abort(), 150);
      await call(cloud, { backend: 'native', signal: controller.signal }).catch(() => undefined);
      look();
      clearInterval(timer);
      if (most > cloud.data.byteLength / 2) console.log(name, most, 'bytes beside an input of', cloud.data.byteLength);
    }
  `;
  const { stdout } = await node('--expose-gc', '--input-type=module', '--eval', program);
  t.is(stdout, '');
});
