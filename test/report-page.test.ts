import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { Browser, Page } from 'playwright-core';
import { COLOURS } from '../ts/report/charts.js';
import { transportReport } from '../ts/report/index.js';
import { launchBrowser, SCREENS, visitFile } from './browser.js';
import { syntheticReport } from './report-comparison.js';

let browser: Browser;
let folder: string;

test.before(async () => {
  browser = await launchBrowser();
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-report-'));
});

test.after.always(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

async function write(name: string, page: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, page);
  return file;
}

/** What a canvas shows, as text to compare. */
function picture(page: Page, selector: string): Promise<string> {
  return page
    .locator(selector)
    .evaluate((element) => (element as unknown as { toDataURL(): string }).toDataURL());
}

async function slideTo(page: Page, value: number): Promise<void> {
  await page.locator('#player input[type=range]').fill(String(value));
}

const CLOUD = '[data-chart=cloud] canvas';
const IMAGE = '#images li:first-child canvas:last-child';

for (const screen of Object.keys(SCREENS) as (keyof typeof SCREENS)[]) {
  for (const scheme of ['light', 'dark'] as const) {
    test.serial(`the report works on a ${screen} in ${scheme} mode`, async (t) => {
      const { comparison, context } = syntheticReport();
      const file = await write(`${screen}-${scheme}.html`, await transportReport(comparison, context));
      const { page, problems } = await visitFile(browser, file, screen, scheme);
      const readout = page.locator('#player output');

      const [before, image] = [await picture(page, CLOUD), await picture(page, IMAGE)];
      t.is(await readout.textContent(), 't = 2 (100% of T), the continuous limit', 'it opens at the end');
      const start = await picture(page, '[data-chart=cloud-start] canvas');
      t.not(start, before, 'beside the start');
      await slideTo(page, 500);
      const halfway = await picture(page, CLOUD);
      t.not(halfway, before, 'the points move with the slider');
      t.not(await picture(page, IMAGE), image, 'the images follow the slider');
      t.is(await picture(page, '[data-chart=cloud-start] canvas'), start, 'the start stays');
      t.is(await readout.textContent(), 't = 1 (50% of T), the continuous limit');

      await page.getByRole('radio', { name: '4 layers', exact: true }).check();
      t.not(await picture(page, CLOUD), halfway, 'another depth moves the points otherwise');
      t.is(await readout.textContent(), 't = 1 (50% of T), layer 2 of 4');

      await page.locator('#player input[type=range]').press('ArrowRight');
      t.is(await readout.textContent(), 't = 1 (50% of T), layer 3 of 4', 'the keyboard moves the slider');

      await slideTo(page, 0);
      const stopped = await picture(page, CLOUD);
      await page.getByRole('button', { name: 'Play' }).click();
      await page.waitForFunction(() => {
        const { document } = globalThis as unknown as {
          document: { querySelector(s: string): { value: string } };
        };
        return Number(document.querySelector('#player input[type=range]').value) > 20;
      });
      await page.getByRole('button', { name: 'Pause' }).click();
      t.not(await picture(page, CLOUD), stopped, 'playing moves the points');
      const paused = await readout.textContent();
      await page.waitForTimeout(100);
      t.is(await readout.textContent(), paused, 'pausing stops them');

      const width = await page.evaluate('document.documentElement.scrollWidth');
      t.true(Number(width) <= SCREENS[screen].width, `the page is ${String(width)} pixels wide`);
      t.deepEqual(problems, []);
      await page.close();
    });
  }
}

test.serial('every figure is saved as SVG, PNG and CSV, and says what it is', async (t) => {
  const { comparison, context } = syntheticReport();
  const file = await write('save.html', await transportReport(comparison, context));
  const { page, problems } = await visitFile(browser, file);
  const figures = await page.locator('figure:has([data-chart])').count();
  t.true(figures > 4);
  t.is(await page.locator('[data-save] button').count(), 3 * figures);
  const saved = async (figure: string, format: string): Promise<Buffer> => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('group', { name: figure }).getByRole('button', { name: format }).click(),
    ]);
    t.is(download.suggestedFilename().split('.').at(-1), format.toLowerCase());
    return readFile(await download.path());
  };
  for (const figure of ['Save: Entropy', 'Save: The points, coloured by label']) {
    t.regex(String(await saved(figure, 'SVG')), /^<svg /);
    t.is((await saved(figure, 'PNG')).subarray(1, 4).toString(), 'PNG');
  }
  const lines = String(await saved('Save: The points, coloured by label', 'CSV'))
    .trim()
    .split('\r\n');
  t.is(lines[0], 'row,class,label,x,y');
  t.is(lines.length, 1 + 300);
  t.regex(String(await saved('Save: Entropy', 'CSV')), /\b40\b.*\b32\b.*\b24\b/s);
  t.is(await page.getByRole('figure', { name: 'At the start' }).count(), 1);
  t.deepEqual(problems, []);
  await page.close();
});

test.serial('the page follows the reader from light to dark', async (t) => {
  const { comparison, context } = syntheticReport();
  const file = await write('scheme.html', await transportReport(comparison, context));
  const { page, problems } = await visitFile(browser, file);
  const label = page.locator('[data-chart=entropy] .role-axis-label text').first();
  await slideTo(page, 700);
  const light = [await label.getAttribute('fill'), await picture(page, CLOUD), await picture(page, IMAGE)];
  await page.emulateMedia({ colorScheme: 'dark' });
  await page
    .locator(`[data-chart=entropy] .role-axis-label text[fill="${COLOURS.dark.muted}"]`)
    .first()
    .waitFor();
  const dark = [await label.getAttribute('fill'), await picture(page, CLOUD), await picture(page, IMAGE)];
  dark.forEach((look, i) => t.not(look, light[i]));
  t.is(await page.locator('#player output').textContent(), 't = 1.4 (70% of T), the continuous limit');
  t.deepEqual(problems, []);
  await page.close();
});

test.serial('one label can be made to stand out, and points tell who they are', async (t) => {
  const { comparison, context } = syntheticReport({ n: 2, classes: 2 });
  const file = await write('legend.html', await transportReport(comparison, context));
  const { page, problems } = await visitFile(browser, file);
  const all = await picture(page, CLOUD);
  const button = page.getByRole('button', { name: 'class 1' });
  await button.click();
  t.is(await button.getAttribute('aria-pressed'), 'true');
  t.not(await picture(page, CLOUD), all);
  await button.click();
  t.is(await picture(page, CLOUD), all);

  const point = page.locator('[data-chart=entropy] .mark-symbol path').last();
  await point.hover({ force: true });
  t.regex((await page.locator('#tooltip').textContent()) ?? '', /the continuous limit.*24/);
  t.deepEqual(problems, []);
  await page.close();
});

test.serial('names from the user are shown as they are and run nothing', async (t) => {
  const { comparison, context } = syntheticReport({ classes: 2 });
  const names = ['</script><script>window.harmed = 1</script>', '"><img src=x onerror="window.harmed = 2">'];
  const input = '<img src=x onerror="window.harmed = 3">.csv';
  const file = await write(
    'hostile.html',
    await transportReport(comparison, {
      ...context,
      input,
      labels: { values: context.labels?.values ?? new Int32Array(0), names },
      command: '</pre><script>window.harmed = 4</script><!-- <script>',
      versions: { '<b>Node': '</dd><script>window.harmed = 5</script>' },
    }),
  );
  const { page, problems } = await visitFile(browser, file);
  await slideTo(page, 500);
  t.is(await page.evaluate('window.harmed'), undefined);
  t.is(await page.locator('h1').textContent(), `How depth moves ${input}`);
  t.deepEqual(await page.locator('#legend button').allInnerTexts(), names);
  t.is(await page.locator('pre').textContent(), '</pre><script>window.harmed = 4</script><!-- <script>');
  t.deepEqual(problems, []);
  await page.close();
});

for (const [name, options] of Object.entries({
  'one dimension': { d: 1, classes: 2 },
  'two dimensions without labels': { d: 2, classes: 0 },
  'fifty labels': { d: 4, classes: 50 },
  'one depth': { depths: [1] },
})) {
  test.serial(`the report works with ${name}`, async (t) => {
    const { comparison, context } = syntheticReport(options);
    const file = await write(`${name}.html`, await transportReport(comparison, context));
    const { page, problems } = await visitFile(browser, file, 'phone');
    const before = await picture(page, CLOUD);
    await slideTo(page, 0);
    t.true((await picture(page, CLOUD)) !== before, 'the page opens at the end');
    t.true(Number(await page.evaluate('document.documentElement.scrollWidth')) <= SCREENS.phone.width);
    t.deepEqual(problems, []);
    await page.close();
  });
}
