import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { NetworkSummary } from '../ts/cli/network.js';
import { readNpz, writeNpy } from '../ts/io/index.js';
import { writeLayersModel, writeNetworkOnnx } from '../ts/network/index.js';
import { nearestNeighbourAccuracy } from '../ts/representation/index.js';
import { SCREENS, launchBrowser, visitFile } from './browser.js';
import { emptyFolder, ridgeflow } from './command-line.js';
import { labelled, residualStream } from './network-models.js';
import { trainResidualClassifier } from './trained-model.js';

const { points, labels } = labelled(120, 4, 3);

async function dataFile(folder: string): Promise<string> {
  const rows = Array.from({ length: 120 }, (_, i) =>
    [...points.data.subarray(4 * i, 4 * i + 4), labels[i] ? 'right' : 'left'].join(','),
  );
  const file = join(folder, 'points.csv');
  await writeFile(file, `a,b,c,d,label\n${rows.join('\n')}\n`);
  return file;
}

test('network: a trained model of TensorFlow.js, its files and its page', async (t) => {
  const folder = emptyFolder(t);
  const model = join(folder, 'model');
  const options = { width: 4, blocks: 2, epochs: 30, classes: 2 };
  await trainResidualClassifier(model, points, labels, options);
  const out = join(folder, 'out');
  const args = ['network', model, await dataFile(folder), '--out', out, '--json', '--activations'];
  const { code, stdout, stderr } = await ridgeflow([...args, '--layers', 'embed', 'Add', 'classes']);
  t.is(code, 0, stderr);
  t.deepEqual((await readdir(out)).sort(), ['activations.npz', 'report.html', 'summary.json']);
  const summary = JSON.parse(stdout) as NetworkSummary;
  t.deepEqual(JSON.parse(await readFile(join(out, 'summary.json'), 'utf8')), summary);
  t.deepEqual(
    summary.layers.map(({ name, kind, width }) => [name, kind, width]),
    [
      ['input', 'input', 4],
      ['embed', 'Dense', 4],
      ['state0', 'Add', 4],
      ['state1', 'Add', 4],
      ['classes', 'Dense', 2],
    ],
  );
  t.deepEqual(summary.classNames, ['left', 'right']);
  t.deepEqual(
    summary.steps.map(({ to }) => to),
    ['state0', 'state1'],
  );
  const arrays = await readNpz(join(out, 'activations.npz'));
  const last = arrays['4_classes'];
  t.deepEqual(last.shape, [120, 2]);
  // Probabilities, of a network that has learned something.
  t.true(Math.abs(last.data[0] + last.data[1] - 1) < 1e-5);
  const { accuracy } = await nearestNeighbourAccuracy(last, labels);
  t.is(summary.layers[4].separation!.neighbourAccuracy, accuracy);
  t.true(summary.layers[4].separation!.probeAccuracy! > 0.85);

  const browser = await launchBrowser();
  for (const screen of ['desktop', 'phone'] as const) {
    const { page, problems } = await visitFile(browser, join(out, 'report.html'), screen);
    await page.waitForSelector('[data-chart=separation] svg');
    t.is(await page.evaluate('document.documentElement.scrollWidth'), SCREENS[screen].width);
    await page.locator('[data-chart=separation] path[aria-roledescription="point"]').nth(1).click();
    t.is(await page.locator('#choice').inputValue(), '1');
    t.is(await page.locator('article:not([hidden])').getAttribute('data-layer'), '1');
    await page.locator('#choice').selectOption('3');
    t.is(await page.locator('article:not([hidden])').getAttribute('data-layer'), '3');
    const slider = page.locator('#player input[type=range]');
    await slider.fill('500');
    t.is(await page.locator('#player output').textContent(), '2. state0');
    await slider.fill('600');
    t.is(await page.locator('#player output').textContent(), 'from 2. state0 to 3. state1');
    t.deepEqual(problems, []);
    await page.close();
  }
  await browser.close();
});

test('network: ONNX without labels, quietly', async (t) => {
  const folder = emptyFolder(t);
  const model = join(folder, 'model.onnx');
  await writeNetworkOnnx(model, residualStream(4, 2));
  const data = join(folder, 'points.npy');
  await writeNpy(data, points);
  const out = join(folder, 'out');
  const { code, stdout, stderr } = await ridgeflow(['network', model, data, '--quiet', '--out', out]);
  t.deepEqual([code, stdout, stderr], [0, '', '']);
  const summary = JSON.parse(await readFile(join(out, 'summary.json'), 'utf8')) as NetworkSummary;
  t.is(summary.layers[1].separation, null);
  t.is(summary.format, 'onnx');
});

test('network: the blocks of a stream, and a second model', async (t) => {
  const folder = emptyFolder(t);
  const models = ['a.onnx', 'b.onnx'].map((name) => join(folder, name));
  await writeNetworkOnnx(models[0], residualStream(4, 3));
  await writeNetworkOnnx(models[1], residualStream(4, 2));
  const data = await dataFile(folder);
  const out = join(folder, 'out');
  const { code, stdout, stderr } = await ridgeflow([
    'network',
    ...models,
    data,
    '--out',
    out,
    '--label-column',
    'label',
  ]);
  t.is(code, 0, stderr);
  const summary = JSON.parse(await readFile(join(out, 'summary.json'), 'utf8')) as NetworkSummary;
  const [{ blocks, verdict, lyapunov }] = summary.blocks;
  t.deepEqual(
    blocks.map(({ from, to }) => [from, to]),
    [
      ['input', 'x1'],
      ['x1', 'x2'],
      ['x2', 'y'],
    ],
  );
  t.true(stdout.includes(verdict.sentence), stdout);
  t.is(lyapunov!.exponents.length, 3);
  t.is(summary.comparison!.model, models[1]);
  t.deepEqual(
    [summary.comparison!.alignment.values.length, summary.comparison!.alignment.columns.length],
    [4, 3],
  );
  t.true(Math.abs(summary.alignment!.values[2][2]! - 1) < 1e-6);

  const browser = await launchBrowser();
  for (const scheme of ['light', 'dark'] as const) {
    const { page, problems } = await visitFile(browser, join(out, 'report.html'), 'phone', scheme);
    await page.waitForSelector('[data-chart=gradient] svg');
    await page.waitForSelector('[data-chart=comparison] canvas');
    await page.waitForSelector('[data-chart=river] canvas');
    t.is(await page.locator('#blocks-0 tbody tr').count(), 3);
    t.is(await page.evaluate('document.documentElement.scrollWidth'), SCREENS.phone.width);
    t.deepEqual(problems, []);
    await page.close();
  }
  await browser.close();

  const args = ['network', models[0], data, '--out', out, '--json', '--no-blocks', '--refit', '1,3'];
  const without = await ridgeflow([...args, '--label-column', 'label']);
  const { blocks: none, refits } = JSON.parse(without.stdout) as NetworkSummary;
  t.deepEqual(none, []);
  t.deepEqual(
    refits.map(({ depth, blocks, heldOut }) => [depth, blocks, heldOut]),
    [
      [1, 3, 30],
      [3, 3, 30],
    ],
  );
  t.true((await readFile(join(out, 'report.html'), 'utf8')).includes('<table id="refits">'));
  t.true(refits.every(({ explained }) => explained > 0.5 && explained <= 1));
  const many = await ridgeflow(['network', ...models, data, data]);
  t.is(many.code, 2);
  t.regex(many.stderr, /two models and data/);
});

test('network: what is wrong is said in a line, with exit code 1 or 2', async (t) => {
  const folder = emptyFolder(t);
  const out = join(folder, 'out');
  const model = join(folder, 'model');
  await writeLayersModel(model, residualStream(3, 2));
  const data = await dataFile(folder);
  const few = join(folder, 'labels.csv');
  await writeFile(few, 'label\na\nb\n');
  for (const [args, code, text] of [
    [[model, data], 1, /INVALID_SHAPE/],
    [[join(folder, 'none'), data], 1, /FILE_NOT_FOUND/],
    [[model, data, '--label-column', 'e'], 1, /INVALID_ARGUMENT/],
    [[model, data, '--label-column', 'label', '--labels', few], 1, /\[\w+\]/],
    [[model, data, '--feature-maps', 'max'], 2, /Allowed choices/],
    [[model], 2, /missing required argument/],
  ] as const) {
    const result = await ridgeflow(['network', ...args, '--out', out]);
    t.is(result.code, code, result.stderr);
    t.regex(result.stderr, text);
  }
});
