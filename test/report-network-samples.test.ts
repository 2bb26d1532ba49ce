import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { analyseNetwork, openModel } from '../ts/network/index.js';
import { networkReport } from '../ts/report/index.js';
import { depthCurvesChart } from '../ts/report/network-charts.js';
import { imageLayout, sampleTexts, thumbnails } from '../ts/report/samples.js';
import { launchBrowser, visitFile } from './browser.js';
import { normals } from './network-models.js';
import { ModelWriter } from './residual-models.js';

test('images are found by their shape, channels first or last, and made small', (t) => {
  t.deepEqual(imageLayout([8, 6, 3]), { height: 8, width: 6, channels: 3, steps: [18, 3, 1] });
  t.deepEqual(imageLayout([3, 8, 6]), { height: 8, width: 6, channels: 3, steps: [6, 1, 48] });
  t.deepEqual(imageLayout([8, 8]), { height: 8, width: 8, channels: 1, steps: [8, 1, 0] });
  for (const shape of [[64], [8, 6], [3, 3], [12, 8, 8], [2, 2, 2, 2]]) t.is(imageLayout(shape), undefined);

  // Two blocks of brightness, of 64 × 64 pixels: a thumbnail of 32 has them sharp, from 0 to 255.
  const data = Float32Array.from({ length: 2 * 4096 }, (_, at) => (at % 64 < 32 ? -1 : 3));
  const found = thumbnails({ data, shape: [2, 64, 64, 1] }, [1])!;
  t.deepEqual([found.width, found.height, found.channels], [32, 32, 1]);
  const pixels = Buffer.from(found.pixels, 'base64');
  t.is(pixels.length, 1024);
  t.true(pixels.every((value, at) => value === (at % 32 < 16 ? 0 : 255)));
  // However many there are, together they are at most 2 MB.
  const many = Array.from({ length: 5000 }, () => 0);
  const small = thumbnails({ data, shape: [2, 64, 64] }, many)!;
  t.true(Buffer.from(small.pixels, 'base64').length <= 2e6 && small.width >= 8);
  t.is(thumbnails({ data, shape: [2, 4096] }, [0]), undefined);
  t.deepEqual(sampleTexts(['a\n  b ', 'x'.repeat(300)], [1, 0]), [`${'x'.repeat(200)}…`, 'a b']);
});

test('a curve without a number is not in the legend, and the others keep their colours', (t) => {
  const curves = [
    { name: 'none', values: [null, null] },
    { name: 'some', values: [null, 2] },
  ];
  const chart = depthCurvesChart({ name: 'x', title: 'x', subtitle: 'x', curves }, ['a', 'b'], 100);
  const { color } = (chart as unknown as { layer: { encoding: { color: unknown } }[] }).layer[1].encoding;
  t.like(color, { scale: { domain: ['none', 'some'] }, legend: { values: ['some'] } });
});

test('the page: examples show their image and text, and the table of layers is sorted by a click', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-samples-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const writer = new ModelWriter();
  const maps = writer.node('Relu', [writer.convolution('conv', 'x', [1, 3])]);
  const out = writer.linear('fc', writer.node('Flatten', [writer.node('GlobalAveragePool', [maps])]), 3, 2);
  const model = await openModel(await writer.write(join(folder, 'cnn.onnx'), { x: ['n', 1, 6, 6] }, out));
  const x = normals(40, 1, 6, 6);
  const analysis = await analyseNetwork(model, x);
  await model.dispose();
  const texts = sampleTexts(Array.from({ length: 40 }, (_, i) => `example <b>${i}</b>`), analysis.drawn);
  const samples = { texts, images: thumbnails(x, analysis.drawn) };
  const context = { input: 'x.npy', notes: [], command: 'npx ridgeflow network', versions: {}, samples };
  const file = join(folder, 'report.html');
  await writeFile(file, await networkReport(analysis, context));

  const browser = await launchBrowser();
  const { page, problems } = await visitFile(browser, file);
  await page.waitForSelector('[data-chart=cloud] canvas');
  const box = (await page.locator('[data-chart=cloud] canvas').boundingBox())!;
  // The points are drawn, and found, where the slider moves them.
  await page.locator('#player input[type=range]').fill('1000');
  // Over the whole of the chart, until a point is under the pointer.
  await page.locator('[data-chart=cloud] canvas').scrollIntoViewIfNeeded();
  const tooltip = page.locator('#tooltip');
  const inView = (await page.locator('[data-chart=cloud] canvas').boundingBox()) ?? box;
  search: for (let y = 20; y < inView.height - 50; y += 12)
    for (let x = 70; x < inView.width; x += 6) {
      await page.mouse.move(inView.x + x, inView.y + y);
      if (await tooltip.isVisible()) break search;
    }
  const said = await tooltip.innerText();
  const [, row] = /Row (\d+)/.exec(said)!;
  t.true(said.includes(`example <b>${row}</b>`), 'as text, not as HTML');
  t.is(await tooltip.locator('canvas.thumbnail').count(), 1);

  const column = () => page.locator('#layers tbody tr').evaluateAll((rows) => rows.map((tr) => (tr as unknown as { cells: { dataset: { sort: string } }[] }).cells[1].dataset.sort));
  const header = page.locator('#layers thead th').nth(1);
  const before = await column();
  await header.locator('button.sort').click();
  t.is(await header.getAttribute('aria-sort'), 'ascending');
  const sorted = [...before].sort((a, b) => Number(a) - Number(b));
  t.deepEqual(await column(), sorted);
  await page.keyboard.press('Enter');
  t.is(await header.getAttribute('aria-sort'), 'descending');
  t.deepEqual(await column(), [...sorted].reverse());
  await page.locator('#layers thead th button.sort').first().click();
  t.is(await header.getAttribute('aria-sort'), null);
  t.deepEqual(await column(), before);
  t.deepEqual(problems, []);
  await browser.close();
}); // prettier-ignore
