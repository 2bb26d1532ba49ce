import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import test from 'ava';
import { planSnapshots } from '../ts/cli/snapshots.js';
import { completionScript } from '../ts/cli/completion.js';
import { program } from '../ts/cli/program.js';
import { readNpz } from '../ts/index.js';
import { classFindings } from '../ts/report/distance.js';
import { type EstimateRow, entropyFindings } from '../ts/report/entropy-findings.js';
import { launchBrowser, SCREENS, visitFile } from './browser.js';
import { emptyFolder, ridgeflow, twoClasses } from './command-line.js';

test('reports of distance and entropy open without a problem, wide and narrow, in both looks', async (t) => {
  const folder = emptyFolder(t);
  const a = twoClasses(folder, 60);
  const b = join(folder, 'other.csv');
  const moved = readFileSync(a, 'utf8')
    .split('\n')
    .map((line, i) => (i === 0 || line === '' ? line : line.replace(/^[^,]*/, (x) => String(Number(x) + 1))));
  writeFileSync(b, moved.slice(0, 41).join('\n'));
  const out = join(folder, 'distance');
  const run = await ridgeflow(['distance', a, b, '--out', out]);
  t.is(run.code, 0, run.stderr);
  const summary = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as {
    classes: { a: string; b: string; n: number; m: number; distance: number }[];
    plan?: unknown;
  };
  t.is(summary.plan, undefined);
  t.deepEqual(
    summary.classes.map((row) => `${row.a} ${row.b} ${row.n} ${row.m}`),
    ['left left 30 20', 'left right 30 20', 'right left 30 20', 'right right 30 20'],
  );
  t.true(summary.classes[2].distance > summary.classes[0].distance || summary.classes[1].distance > summary.classes[3].distance); // prettier-ignore
  const other = join(folder, 'entropy');
  const second = await ridgeflow(['entropy', a, '--out', other, '--no-kernel']);
  t.is(second.code, 0, second.stderr);
  const browser = await launchBrowser();
  try {
    for (const file of [join(out, 'report.html'), join(other, 'report.html')])
      for (const screen of ['desktop', 'phone'] as const)
        for (const scheme of ['light', 'dark'] as const) {
          const { page, problems } = await visitFile(browser, file, screen, scheme);
          await page.waitForSelector('.chart canvas, .chart svg');
          t.deepEqual(problems, [], `${file} ${screen} ${scheme}`);
          const width = await page.evaluate('document.documentElement.scrollWidth');
          t.true((width as number) <= SCREENS[screen].width, `${file} ${screen} is ${String(width)} wide`);
          await page.close();
        }
  } finally {
    await browser.close();
  }
});

test('what is said of entropies and classes follows the numbers', (t) => {
  const row = (estimator: string, value: number | null, standardError = 0.1): EstimateRow => ({ estimator, quantity: '', unit: '', value, standardError }); // prettier-ignore
  const said = (...rows: EstimateRow[]) => entropyFindings(rows, 3).map(({ sentence }) => sentence);
  const at = (value: number) => row('nearestNeighbourEntropy', value);
  t.regex(said(at(2), row('gaussianEntropy', 2.1))[0], /The same.*within/);
  t.regex(said(at(2), row('gaussianEntropy', 3))[0], /^1 below/);
  t.regex(said(at(4), row('gaussianEntropy', 3))[0], /^1 above.*too high/);
  t.regex(said(at(2))[0], /±/);
  t.deepEqual(said(row('nearestNeighbourEntropy', null)), []);
  t.regex(said({ ...at(2), standardError: null })[0], /^By nearest neighbours\.$/);
  t.regex(said(row('twoNearestNeighbourDimension', 2.9))[0], /fill their 3/);
  t.regex(said(row('twoNearestNeighbourDimension', 1.5))[0], /Fewer than the 3 coordinates: .* surface/);
  const filled = (value: number, filling: number) =>
    said({
      ...row('twoNearestNeighbourDimension', value),
      filling: { value: filling, standardError: 0.1 },
    })[0];
  t.regex(filled(1.5, 2.6), /Fewer than the 3 .* than the 2\.6 found .* surface of about/);
  t.regex(filled(2.5, 2.6), /no fewer than the 2\.6 found .*: so few points cannot tell/);
  t.regex(filled(2.6, 2), /so few points cannot tell/);
  t.regex(said(row('twoNearestNeighbourDimension', 4))[0], /More than the 3/);
  const pair = (a: string, b: string, distance: number) => ({ a, b, n: 1, m: 1, distance });
  t.deepEqual(classFindings([pair('u', 'u', 1)]), []);
  t.regex(classFindings([pair('u', 'u', 1), pair('u', 'v', 2)])[0].sentence, /Least for class u in both, most from u to v/); // prettier-ignore
  t.regex(classFindings([pair('u', 'u', 1), pair('v', 'v', 1)])[0].sentence, /same for every pair/);
});

test('snapshots keep to their limit, by every k-th point', async (t) => {
  const points = { data: new Float32Array(3000 * 784), shape: [3000, 784] };
  const given = { depths: [1, 4, 16, 'continuous'] as const, snapshots: 16, snapshotsLimit: 64 };
  const { every, note } = planSnapshots({ points }, given);
  // 2 + 5 + 17 + 17 frames of 9.408 MB.
  t.is(every, Math.ceil((41 * 9.408) / 64));
  t.regex(note ?? '', /390 MB.*one point in 7.*--snapshots-limit 386/);
  const whole = planSnapshots({ points }, { ...given, snapshotsLimit: 400 });
  t.is(whole.every, 1);
  t.regex(whole.note ?? '', /all points take 390 MB before compression; --snapshots 0/);
  t.deepEqual(planSnapshots({ points }, { ...given, snapshots: 0 }), { every: 0 });
  const folder = emptyFolder(t);
  const run = await ridgeflow(['transport', twoClasses(folder, 50), '--depths', '2', '--snapshots-limit', '0.0005', '--out', folder]); // prettier-ignore
  t.is(run.code, 0, run.stderr);
  t.regex(run.stderr, /Snapshots of all points would take/);
  const { rows, depth_2: kept } = await readNpz(join(folder, 'snapshots.npz'));
  const { depth_2: end } = await readNpz(join(folder, 'positions.npz'));
  const n = rows.data.length;
  t.deepEqual([...kept.shape], [3, n, 2]);
  const last = kept.data.subarray(2 * n * 2);
  rows.data.forEach((row, i) => t.is(last[2 * i], end.data[2 * row]));
});

test('completion knows commands, options and their values', (t) => {
  const scripts = (['bash', 'zsh', 'fish'] as const).map((shell) => completionScript(program(), shell));
  for (const script of scripts)
    for (const word of ['transport', 'entropy', 'completion', 'label-column', 'float64', 'z-score'])
      t.true(script.includes(word), word);
  const complete = (...words: string[]) => {
    const source = `${scripts[0]}\nCOMP_WORDS=(ridgeflow ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _ridgeflow; echo "\${COMPREPLY[*]}"`;
    const { stdout, status, stderr } = spawnSync('bash', ['-c', source], { encoding: 'utf8' });
    t.is(status, 0, stderr);
    return stdout.trim();
  };
  t.is(complete('tr'), 'transport train');
  t.is(complete('entropy', '--drop'), '--drop-columns --drop-missing');
  t.is(complete('entropy', '--dtype', ''), 'float32 float64');
  t.is(complete('transport', '--out', 'x'), '', 'a folder is for the shell to complete');
  t.is(complete('completion', ''), 'bash zsh fish');
});
