import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { RidgeletSummary } from '../ts/cli/ridgelet-output.js';
import { readNpy } from '../ts/io/index.js';
import { ShallowNetwork } from '../ts/network/shallow-network.js';
import { readLayersModel, readNetworkOnnx } from '../ts/network/index.js';
import { SCREENS, launchBrowser, visitFile } from './browser.js';
import { emptyFolder, ridgeflow, twoClasses } from './command-line.js';

async function sineFile(folder: string, n = 120): Promise<string> {
  const rows = Array.from({ length: n }, (_, i) => {
    const x = (2 * i + 1) / n - 1;
    return `${x.toFixed(5)},${Math.sin(2 * Math.PI * x).toFixed(5)}`;
  });
  const file = join(folder, 'sine.csv');
  await writeFile(file, `x,y\n${rows.join('\n')}\n`);
  return file;
}

test('ridgelet: a function of one column, its files and its page', async (t) => {
  const folder = emptyFolder(t);
  const out = join(folder, 'out');
  const file = await sineFile(folder);
  const args = ['ridgelet', file, '--target', 'y', '--width', '64', '--out', out, '--json'];
  const { code, stdout, stderr } = await ridgeflow(args);
  t.is(code, 0, stderr);
  t.deepEqual((await readdir(out)).sort(), [
    'model.json',
    'network.onnx',
    'report.html',
    'spectrum.npy',
    'summary.json',
    'weights.bin',
  ]);
  const summary = JSON.parse(stdout) as RidgeletSummary;
  t.deepEqual(JSON.parse(await readFile(join(out, 'summary.json'), 'utf8')), summary);
  t.deepEqual([summary.n, summary.d, summary.target, summary.accuracy], [120, 1, 'y', null]);
  t.deepEqual(
    [summary.network.sampling, summary.network.width, summary.network.activation],
    ['oracle', 64, 'tanh'],
  );
  t.true(summary.heldOut.relative < 0.02, `${summary.heldOut.relative}`);
  t.deepEqual(
    summary.widths.map(({ width }) => width),
    [4, 8, 16, 32, 64],
  );
  const spectrum = await readNpy(join(out, 'spectrum.npy'));
  t.deepEqual(spectrum.shape, [summary.spectrum.slopes.length, summary.spectrum.biases.length, 1]);
  const x = { data: Float32Array.of(-0.75, 0.1, 0.6), shape: [3, 1] };
  for (const network of [await readNetworkOnnx(join(out, 'network.onnx')), await readLayersModel(out)]) {
    t.true(network instanceof ShallowNetwork);
    const { data } = await network.evaluate(x);
    data.forEach((value, i) => t.true(Math.abs(value - Math.sin(2 * Math.PI * x.data[i])) < 0.05));
  }

  const browser = await launchBrowser();
  t.teardown(() => browser.close());
  for (const [screen, scheme] of [
    ['desktop', 'light'],
    ['phone', 'dark'],
  ] as const) {
    const { page, problems } = await visitFile(browser, join(out, 'report.html'), screen, scheme);
    for (const chart of ['spectrum', 'fit', 'widths']) {
      t.true(await page.locator(`[data-chart=${chart}] :is(canvas, svg)`).first().isVisible(), chart);
    }
    const colours = await page.locator('[data-chart=spectrum] canvas').evaluate((element) => {
      const canvas = element as unknown as {
        width: number;
        height: number;
        getContext(kind: '2d'): {
          getImageData(...box: number[]): { data: Uint8ClampedArray };
        };
      };
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const found = new Set<number>();
      for (let i = 0; i < data.length; i += 4) found.add(data[i] * 65536 + data[i + 1] * 256 + data[i + 2]);
      return found.size;
    });
    t.true(colours > 100, `the heat map has ${colours} colours`);
    t.true(Number(await page.evaluate('document.documentElement.scrollWidth')) <= SCREENS[screen].width);
    t.deepEqual(problems, []);
    await page.close();
  }
});

test('ridgelet: columns of very different scale, as they are and brought to one', async (t) => {
  const folder = emptyFolder(t);
  const n = 200;
  const cells = Array.from({ length: n }, (_, i) => {
    const x = (2 * i + 1) / n - 1;
    return [x, 5000 + 3000 * Math.sin(7.3 * i * i), Math.sin(4 * x)];
  });
  const file = join(folder, 'scales.csv');
  await writeFile(file, `x,far,y\n${cells.map((row) => row.join(',')).join('\n')}\n`);
  const run = async (...more: string[]) => {
    const out = join(folder, more.join('') || 'plain');
    const args = ['ridgelet', file, '-t', 'y', '-w', '64', '--out', out, '--json', ...more];
    const { code, stdout, stderr } = await ridgeflow(args);
    t.is(code, 0, stderr);
    return { summary: JSON.parse(stdout) as RidgeletSummary, out };
  };
  const plain = await run();
  t.regex(plain.summary.notes.join(), /column far holds .* of the variance .*--standardise/);
  t.is(plain.summary.columns.scaled, null);
  const { summary, out } = await run('--standardise');
  t.regex(summary.notes.join(), /every column was standardised.*the network takes standardised columns/);
  t.true(summary.heldOut.relative < 0.02, `${summary.heldOut.relative}`);
  const { columns } = summary.columns.scaled!;
  t.deepEqual(
    columns.map(({ column }) => column),
    ['x', 'far'],
  );
  for (const [k, { centre, scale }] of columns.entries()) {
    const mean = cells.reduce((sum, row) => sum + row[k], 0) / n;
    const deviation = Math.sqrt(cells.reduce((sum, row) => sum + (row[k] - mean) ** 2, 0) / n);
    t.true(Math.abs(centre - mean) < 1e-4 * deviation && Math.abs(scale / deviation - 1) < 0.01);
  }
  // The network that was written, given columns as the note says, gives the values.
  const network = await readNetworkOnnx(join(out, 'network.onnx'));
  const rows = cells.slice(40, 60);
  const points = rows.flatMap((row) => columns.map(({ centre, scale }, k) => (row[k] - centre) / scale));
  const { data } = await network.evaluate({ data: Float32Array.from(points), shape: [rows.length, 2] });
  rows.forEach(([, , y], i) => t.true(Math.abs(data[i] - y) < 0.2, `${data[i]} ${y}`));
});

test('ridgelet: classes of points in the plane, an activation that only ONNX has', async (t) => {
  const folder = emptyFolder(t);
  const out = join(folder, 'out');
  const file = twoClasses(folder, 100);
  const { code, stdout, stderr } = await ridgeflow([
    ...['ridgelet', file, '--label-column', 'label', '--activation', 'cosine', '--width', '40', '--out', out],
    ...['--sampling', 'random', '--dtype', 'float64', '--json', '--quiet'],
  ]);
  t.is(code, 0, stderr);
  const summary = JSON.parse(stdout) as RidgeletSummary;
  t.deepEqual(summary.target, ['left', 'right']);
  t.true(summary.accuracy! > 0.9, `${summary.accuracy}`);
  t.regex(summary.notes.at(-1)!, /ONNX/);
  t.false((await readdir(out)).includes('model.json'));
});

test('ridgelet: the digits that come with the package', async (t) => {
  const out = join(emptyFolder(t), 'out');
  const { code, stdout, stderr } = await ridgeflow([
    'ridgelet',
    '--width',
    '128',
    '--out',
    out,
    '--json',
    '--quiet',
  ]);
  t.is(code, 0, stderr);
  const summary = JSON.parse(stdout) as RidgeletSummary;
  t.deepEqual(
    [summary.n, summary.d, summary.network.outputs, summary.network.sampling],
    [1797, 64, 10, 'pairs'],
  );
  t.true(summary.accuracy! > 0.95, `${summary.accuracy}`);
});

test('ridgelet: what cannot be done is said', async (t) => {
  const folder = emptyFolder(t);
  const file = await sineFile(folder, 12);
  const out = ['--out', join(folder, 'out')];
  const nothing = await ridgeflow(['ridgelet', file, '--label-column', '-1', '--target', 'z', ...out]);
  t.is(nothing.code, 1);
  t.regex(nothing.stderr, /no column z.*INVALID_ARGUMENT/s);
  const plain = join(folder, 'plain.csv');
  await writeFile(plain, '1,2\n3,4\n5,7\n');
  const unnamed = await ridgeflow(['ridgelet', plain, ...out]);
  t.is(unnamed.code, 1);
  t.regex(unnamed.stderr, /--target.*INVALID_ARGUMENT/s);
  const missing = await ridgeflow(['ridgelet', join(folder, 'none.csv'), '--target', '0', ...out]);
  t.regex(missing.stderr, /FILE_NOT_FOUND/);
  for (const wrong of [
    ['--width', '0'],
    ['--width', '1000000000'],
    ['--activation', 'swish'],
    ['--held-out', '1'],
    ['--sampling', 'all'],
  ]) {
    t.is((await ridgeflow(['ridgelet', file, '--target', 'y', ...wrong, ...out])).code, 2, wrong.join(' '));
  }
});
