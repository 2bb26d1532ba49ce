import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SCREENS, launchBrowser } from '../../../test/browser.js';

const MARGIN = 24;

/** Draws the section of a report of this id, or its first `most` pixels, as it looks on a desk, into a PNG file. */
export async function picture(folder: string, id: string, path: string, most = Infinity): Promise<void> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: SCREENS.desktop, colorScheme: 'light' });
    await page.goto(pathToFileURL(join(folder, 'report.html')).href);
    const section = page.locator(`section#${id}`);
    await section.locator('svg, canvas').first().waitFor({ timeout: 120_000 });
    const box = await section.boundingBox();
    if (!box) throw new Error(`${folder}: the section ${id} is not shown`);
    const clip = {
      x: box.x - MARGIN,
      y: box.y + 1,
      width: box.width + 2 * MARGIN,
      height: Math.min(box.height + MARGIN, most),
    };
    await page.screenshot({ path, clip, fullPage: true, timeout: 120_000 });
  } finally {
    await browser.close();
  }
}
