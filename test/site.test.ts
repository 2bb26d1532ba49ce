// Builds the documentation site with one picture of each kind, and walks it: links, search, console, width, both looks.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import type { Browser } from 'playwright-core';
import { SCREENS, launchBrowser, visitFile } from './browser.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-site-'));
const site = join(folder, 'site');
let browser: Browser;
let pages: string[];

test.before(async (t) => {
  t.timeout(600_000);
  const args = ['scripts/site.mjs', '--out', site, '--examples', 'heat-flow,radon-volume'];
  // It fails by itself where a link of a page or of a doc comment leads nowhere.
  await promisify(execFile)(process.execPath, args, { cwd: root });
  const files = await readdir(site, { recursive: true });
  pages = files.filter((name) => name.endsWith('.html')).map((name) => join(site, name));
  browser = await launchBrowser();
});
test.after.always(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The values of an attribute, as a browser reads them. */
const attributes = (html: string, name: string) =>
  [...html.matchAll(new RegExp(`<[^>]*\\s${name}="([^"]*)"`, 'g'))].map(([, value]) =>
    value.replaceAll('&amp;', '&'),
  );

test('no link of any page is dead, and nothing is loaded from elsewhere', async (t) => {
  const texts = new Map(
    await Promise.all(pages.map(async (page) => [page, await readFile(page, 'utf8')] as const)),
  );
  const anchors = new Map([...texts].map(([page, html]) => [page, new Set(attributes(html, 'id'))]));
  const dead: string[] = [];
  let links = 0;
  for (const [page, html] of texts) {
    const sources = attributes(html, 'src');
    for (const link of [...attributes(html, 'href'), ...sources]) {
      if (/^(https?:|data:)/.test(link)) {
        if (sources.includes(link) || html.includes(`<link rel="stylesheet" href="${link}"`))
          dead.push(`${page} loads ${link}`);
        continue;
      }
      links++;
      const [path, anchor] = link.split('#').map(decodeURIComponent);
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(target)) dead.push(`${relative(site, page)}: ${link}`);
      else if (anchor && anchors.has(target) && !anchors.get(target)!.has(anchor))
        dead.push(`${relative(site, page)}: ${link}`);
    }
  }
  t.true(links > 5000, `${links} links`);
  t.deepEqual([...new Set(dead)], []);
});

test('the menu has the guide, the gallery, the benchmarks, the changes and every subject', async (t) => {
  const { page, problems } = await visitFile(browser, join(site, 'index.html'), 'desktop', 'light', site);
  const menu = page.locator('.tsd-navigation a');
  await menu.filter({ hasText: 'Benchmarks' }).first().waitFor({ state: 'attached' });
  const entries = (await menu.allTextContents()).map((text) => text.trim());
  for (const entry of [
    'From the mathematics to the calls',
    'All pictures',
    'Changelog',
    'Contributing',
    'transport',
    'ridgelet',
  ])
    t.true(entries.includes(entry), `${entry} is in the menu`);
  t.deepEqual(problems, []);
});

test('search finds exports by their names, and pages by their words', async (t) => {
  const { page, problems } = await visitFile(browser, join(site, 'index.html'), 'desktop', 'light', site);
  for (const [words, found] of [
    ['slicedWasserstein', 'slicedWasserstein'],
    ['total variation', 'Radon'],
  ]) {
    await page.locator('#tsd-search-trigger').click();
    await page.locator('#tsd-search-input').fill(words);
    const results = page.locator('#tsd-search-results a');
    await results.filter({ hasText: found }).first().waitFor();
    t.true((await results.count()) > 0);
    await page.keyboard.press('Escape');
  }
  t.deepEqual(problems, []);
});

test('every page of text, and some of the API, are readable on a telephone and in the dark', async (t) => {
  const chosen = [
    ...pages.filter((page) => /\/(documents|modules)\//.test(page)),
    join(site, 'index.html'),
    join(site, 'functions', 'transport.sinkhorn.html'),
    join(site, 'classes', 'transport.EntropicPlan.html'),
    join(site, 'interfaces', 'dae.DepthComparison.html'),
  ];
  for (const file of chosen) {
    const name = relative(site, file);
    const { page, problems } = await visitFile(browser, file, 'phone', 'dark', site);
    const [width, background, ink] = await page.evaluate<[number, string, string]>(
      '[document.documentElement.scrollWidth, getComputedStyle(document.body).backgroundColor, ' +
        'getComputedStyle(document.body).color]',
    );
    t.true(width <= SCREENS.phone.width, `${name} is ${width} pixels wide`);
    t.true(brightness(background) < 60 && brightness(ink) > 180, `${name} is dark`);
    const broken = await page.evaluate<string[]>(
      '[...document.images].filter((image) => image.complete && image.naturalWidth === 0 && image.checkVisibility())' +
        '.map(({ src }) => src)',
    );
    t.deepEqual(broken, [], name);
    t.deepEqual(problems, [], name);
    await page.close();
  }
});

test('a picture is drawn for the look of the page', async (t) => {
  const file = pages.find((page) => page.endsWith('/All_pictures.html'))!;
  for (const look of ['light', 'dark'] as const) {
    const { page } = await visitFile(browser, file, 'desktop', look, site);
    const shown = await page.evaluate<string[]>(
      '[...document.images].filter((image) => image.checkVisibility()).map(({ src }) => src)',
    );
    t.is(shown.filter((src) => src.includes('heat-flow')).length, 1);
    t.is(
      shown.some((src) => src.endsWith('heat-flow.dark.svg')),
      look === 'dark',
    );
    await page.close();
  }
});

/** From 0 to 255. */
function brightness(colour: string): number {
  const parts = [...colour.matchAll(/\d+/g)].slice(0, 3).map(Number);
  return parts.reduce((sum, part) => sum + part, 0) / 3;
}
