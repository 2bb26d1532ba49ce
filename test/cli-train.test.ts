import { existsSync } from 'node:fs';
import { appendFile, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { TrainSummary } from '../ts/cli/train-output.js';
import { type StackedDae, type TrainedDae, readDae, readDaeLayersModel } from '../ts/dae/index.js';
import { readCloud, readSafetensors } from '../ts/io/index.js';
import { separability } from '../ts/representation/index.js';
import { SCREENS, launchBrowser, visitFile } from './browser.js';
import { type CommandResult, emptyFolder, ridgeflow, twoClasses } from './command-line.js';

const summaryIn = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8')) as TrainSummary;

test('train: a stack on labelled points, its files and its page', async (t) => {
  const folder = emptyFolder(t);
  const data = twoClasses(folder, 120);
  const out = join(folder, 'out');
  const args = ['train', data, '--label-column', 'label', '--kind', 'stacked', '--depth', '2'];
  const more = [
    '--width',
    '24,12',
    '--noise',
    '0.4',
    '--epochs',
    '120',
    '--batch',
    '16',
    '--layers-model',
    '--out',
    out,
  ];
  const { code, stdout, stderr } = await ridgeflow([...args, ...more, '--json', '--activation', 'softplus']);
  t.is(code, 0, stderr);
  t.deepEqual((await readdir(out)).sort(), [
    'checkpoint.safetensors',
    'layers-model',
    'model.safetensors',
    'report.html',
    'summary.json',
  ]);
  const summary = await summaryIn(out);
  t.deepEqual(JSON.parse(stdout), summary);
  const { kind, depth, widths, n, d, T, noiseChosen, residual } = summary;
  t.deepEqual(
    { kind, depth, widths, n, d, T, noiseChosen, residual },
    ...[
      {
        kind: 'stacked',
        depth: 2,
        widths: [24, 12],
        n: 120,
        d: 2,
        T: 0.4,
        noiseChosen: 'given',
        residual: false,
      },
    ],
  );
  const stack = (await readDae(join(out, 'model.safetensors'))) as StackedDae;
  t.deepEqual(
    summary.layers.map(({ width, epochs, training }) => [width, epochs, training]),
    stack.layers.map(({ network, history }) => [network.width, history.length, history.at(-1)!.training]),
  );
  t.true(summary.layers.every(({ heldOut }) => heldOut! > 0));
  const { points, labels } = await readCloud(data, { labelColumn: 'label', dtype: 'float32' });
  const [first, , last] = await stack.trajectory(points);
  t.deepEqual(summary.separation!.points[0], await separability(first, labels!.values));
  t.deepEqual(summary.separation!.points[2], await separability(last, labels!.values));
  t.deepEqual(
    summary.separation!.features![2],
    await separability(await stack.encode(points), labels!.values),
  );
  const moved = Math.sqrt(
    Array.from(last.data).reduce((sum, value, at) => sum + (value - points.data[at]) ** 2, 0) / 120,
  );
  t.true(Math.abs(summary.displacements[1] / moved - 1) < 1e-6);
  // Noise of variance T takes points √(dT) away, and the first layer brings them part of the way back.
  const [noise, after] = summary.denoisingErrors;
  t.true(Math.abs(noise / Math.sqrt(0.8) - 1) < 0.2 && after < 0.95 * noise, `${noise} ${after}`);
  const elsewhere = (await readDaeLayersModel(join(out, 'layers-model'))) as StackedDae;
  t.is(elsewhere.layers.length, 2);

  const browser = await launchBrowser();
  for (const screen of ['desktop', 'phone'] as const) {
    const { page, problems } = await visitFile(browser, join(out, 'report.html'), screen);
    await page.waitForSelector('[data-chart=loss-1] svg');
    t.is(await page.evaluate('document.documentElement.scrollWidth'), SCREENS[screen].width);
    t.deepEqual(
      await page
        .locator('section')
        .evaluateAll((all) => (all as unknown as { id: string }[]).map(({ id }) => id)),
      ['loss', 'denoising', 'flow', 'separation', 'layers', 'reproduce'],
    );
    await page.locator('#player input[type=range]').fill('500');
    t.is(await page.locator('#player output').textContent(), 't = 0.2 (50% of T), layer 1 of 2');
    t.regex(
      (await page.locator('#reproduce code').textContent()) ?? '',
      /^npx ridgeflow train .*--width 24,12/,
    );
    t.deepEqual(problems, []);
    await page.close();
  }
  await browser.close();
});

test('train: images are shown as such, fitted by ridge regression too', async (t) => {
  const folder = emptyFolder(t);
  const args = ['train', '--method', 'ridge', '--width', '40', '--out', folder, '--quiet', '--held-out', '0'];
  const { code, stdout, stderr } = await ridgeflow(args);
  t.deepEqual([code, stdout, stderr], [0, '', '']);
  const summary = await summaryIn(folder);
  t.is(summary.input, 'data/digits.csv.gz');
  t.is(summary.noiseChosen, 'default');
  t.is(summary.layers[0].reason, 'ridge regression');
  t.is(summary.layers[0].heldOut, null);
  const dae = (await readDae(join(folder, 'model.safetensors'))) as TrainedDae;
  t.is(summary.layers[0].ridge, dae.regression!.ridge);
  t.false(existsSync(join(folder, 'checkpoint.safetensors')), 'a fit needs none');
  const browser = await launchBrowser();
  const { page, problems } = await visitFile(browser, join(folder, 'report.html'));
  t.is(await page.locator('.strips img').count(), 3);
  t.is(await page.locator('#images li').count(), 20);
  t.is(await page.locator('#loss').count(), 0, 'there is no curve');
  t.deepEqual(problems, []);
  await browser.close();
});

/** Runs a command until this file is there, and then presses Ctrl-C. */
async function interruptedAt(file: string, args: readonly string[]): Promise<CommandResult> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await ridgeflow(args, {
      onStderr: (_, kill) => {
        timer ??= setInterval(() => {
          if (!existsSync(file)) return;
          clearInterval(timer);
          kill('SIGINT');
        }, 5);
      },
    });
  } finally {
    clearInterval(timer);
  }
}

test('train: what Ctrl-C interrupts goes on from its checkpoint to the same bits', async (t) => {
  const folder = emptyFolder(t);
  const options =
    '--depth 2 --noise 0.2 --width 16 --epochs 150 --held-out 0 --checkpoint-every 1 --label-column label --fine-tune 150';
  const args = ['train', twoClasses(folder, 60), ...options.split(' ')];
  const [whole, cut] = [join(folder, 'whole'), join(folder, 'cut')];
  t.is((await ridgeflow([...args, '--out', whole])).code, 0);
  const [layers, tuning] = ['c.safetensors', 'c-fine-tuning.safetensors'].map((name) => join(folder, name));
  const there = [...args, '--out', cut, '--checkpoint', layers];
  // In the midst of the layers, and then in the midst of fine-tuning.
  for (const [file, more] of [
    [layers, []],
    [tuning, ['--resume']],
  ] as const) {
    const interrupted = await interruptedAt(file, [...there, ...more]);
    t.is(interrupted.code, 130, interrupted.stderr);
    t.regex(interrupted.stderr, /Saved in .*c\.safetensors: .*--resume/);
    t.false(existsSync(join(cut, 'model.safetensors')));
  }
  const resumed = await ridgeflow([...there, '--resume']);
  t.is(resumed.code, 0, resumed.stderr);
  t.regex(resumed.stderr, /layer 2 .*\nend to end {2}150 epochs/);
  const [a, b] = await Promise.all(
    [whole, cut].map((out) => readSafetensors(join(out, 'model.safetensors'))),
  );
  t.deepEqual([...b.tensors], [...a.tensors]);
  const summary = await summaryIn(cut);
  t.deepEqual(summary, await summaryIn(whole));
  t.is(summary.fineTuning!.epochs, 150);
  t.regex(await readFile(join(cut, 'report.html'), 'utf8'), /All layers at once/);

  const other = await ridgeflow([...there.map((word) => (word === '0.2' ? '0.3' : word)), '--resume']);
  t.is(other.code, 1);
  t.regex(other.stderr, /resume .*begin anew without resume \[INVALID_ARGUMENT\]/);
});

test('train: what is wrong is said in a line, with exit code 1 or 2', async (t) => {
  const folder = emptyFolder(t);
  const data = twoClasses(folder, 40);
  const out = join(folder, 'out');
  for (const [args, code, text] of [
    [['--width', '0'], 2, /whole number of at least 1/],
    [['--kind', 'parallel'], 2, /Allowed choices/],
    [['--held-out', '0.95'], 2, /at most 0\.9/],
    [['--width', '4,5'], 1, /one width for --kind composed/],
    [['--kind', 'stacked', '--depth', '3', '--width', '4,5'], 1, /one for each of the 3 layers/],
    [['--method', 'ridge', '--tied'], 1, /--tied needs --method descent \[UNSUPPORTED\]/],
    [['--resume'], 1, /FILE_NOT_FOUND/],
    [['--fine-tune', '5'], 1, /--fine-tune needs --depth above 1/],
    [
      ['--optimiser', 'sgd', '--rate', '1e30', '--epochs', '20'],
      1,
      /no longer finite in epoch \d+: lower .*rate.*\[NOT_CONVERGED\]/,
    ],
  ] as const) {
    const result = await ridgeflow(['train', data, '--label-column', 'label', '--out', out, ...args]);
    t.is(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    t.regex(result.stderr, text);
    t.notRegex(result.stderr, /\n\s+at /);
  }
});

test('train: points that occur twice are counted, dropped or refused, as is asked', async (t) => {
  const folder = emptyFolder(t);
  const data = twoClasses(folder, 40);
  const lines = (await readFile(data, 'utf8')).split('\n');
  await appendFile(data, `${lines[1]}\n${lines[2]}\n`);
  const run = (...more: string[]) =>
    ridgeflow(['train', data, '--method', 'ridge', '--width', '4', '--out', folder, ...more]);
  const kept = await run();
  t.is(kept.code, 0, kept.stderr);
  t.regex(kept.stderr, /2 of 42 points repeat others: training counts each as often as it occurs/);
  t.is((await summaryIn(folder)).n, 42);
  const dropped = await run('--duplicates', 'drop');
  t.is(dropped.code, 0, dropped.stderr);
  t.regex(dropped.stderr, /2 of 42 points repeat others and were dropped/);
  t.is((await summaryIn(folder)).n, 40);
  const refused = await run('--duplicates', 'error');
  t.is(refused.code, 1);
  t.regex(refused.stderr, /points 1 and 41 .* are the same/);
});
