import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ndarray } from '../ts/core/array.js';
import { CLAIMS, runClaim } from '../ts/theory/index.js';
import { launchBrowser, visitFile } from './browser.js';
import { emptyFolder, ridgeflow } from './command-line.js';
import { backendNames } from './native.js';

for (const { claim, title } of CLAIMS) {
  test(`claim ${claim} holds: ${title}`, async (t) => {
    const { verdict, checks, figures } = await runClaim(claim, { quick: true, backend: backendNames[0] });
    t.deepEqual(
      checks.filter(({ holds }) => !holds),
      [],
    );
    t.is(verdict, 'holds');
    t.true(checks.length > 0 && figures.length > 0);
    for (const { measured, predicted, tolerance } of checks) {
      t.true([measured, predicted, tolerance].every(Number.isFinite) && tolerance >= 0);
    }
  });

  test(`claim ${claim} fails where the score has the wrong sign`, async (t) => {
    const options = { quick: true, displacementFactor: -1, backend: backendNames[0] };
    const { verdict, checks } = await runClaim(claim, options);
    t.is(verdict, 'fails');
    t.true(checks.some(({ holds }) => !holds));
  });
}

test('the same seed gives the same numbers, another one others', async (t) => {
  const numbers = async (seed: number) =>
    (await runClaim(4, { quick: true, seed })).checks.map((c) => c.measured);
  const first = await numbers(1);
  t.deepEqual(await numbers(1), first);
  t.notDeepEqual(await numbers(2), first);
});

test('experiments on real data take points of the reader’s own', async (t) => {
  const points = ndarray(Array.from({ length: 60 }, (_, i) => [Math.cos(i), Math.sin(i), i / 60]));
  const { checks } = await runClaim(4, { quick: true, data: { name: 'helix', points } });
  t.true(checks.some(({ name }) => name.startsWith('helix')));
  t.false(checks.some(({ name }) => name.startsWith('digits')));
});

test('a claim that does not exist, and an abort, are said', async (t) => {
  await t.throwsAsync(runClaim(0), { code: 'INVALID_ARGUMENT', message: /claim/ });
  await t.throwsAsync(runClaim(2, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
});

test('ridgeflow theory prints the findings and draws pages that open', async (t) => {
  const folder = emptyFolder(t);
  const { code, stdout, stderr } = await ridgeflow([
    'theory',
    '2',
    '--quick',
    '--json',
    '--quiet',
    '--out',
    folder,
  ]);
  t.is(code, 0, stderr);
  const { claims } = JSON.parse(stdout) as { claims: { claim: number; verdict: string; checks: object[] }[] };
  t.like(claims[0], { claim: 2, verdict: 'holds' });
  t.true(claims[0].checks.every((check) => 'measured' in check && 'predicted' in check && 'holds' in check));
  t.deepEqual(readdirSync(folder).sort(), ['claim-2.html', 'index.html']);
  t.regex(readFileSync(join(folder, 'index.html'), 'utf8'), /claim-2\.html/);
  const browser = await launchBrowser();
  try {
    for (const name of ['index.html', 'claim-2.html']) {
      const { page, problems } = await visitFile(browser, join(folder, name), 'phone');
      t.deepEqual(problems, []);
      const wide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
      t.false(wide, `${name} scrolls sideways`);
    }
  } finally {
    await browser.close();
  }
});

test('ridgeflow theory refuses a claim that does not exist', async (t) => {
  const { code, stderr } = await ridgeflow(['theory', '12']);
  t.is(code, 2);
  t.regex(stderr, /one of/);
});
