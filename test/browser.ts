import { existsSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';

/** Sizes that pages are opened in. */
export const SCREENS = {
  desktop: { width: 1280, height: 900 },
  phone: { width: 390, height: 844 },
} as const;

/** The path of an installed Chromium. Throws, saying how to install one, where there is none. */
export function chromiumPath(): string {
  const named = process.env.CHROMIUM_PATH;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = [
    ...(named ? [named] : []),
    '/usr/bin/chromium',
    ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].flatMap((name) =>
      folders.map((folder) => join(folder, name)),
    ),
  ];
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(
      'No Chromium found, which the tests of pages need. Install it: `npm run setup` or `apt-get install chromium` ' +
        '(Debian, Ubuntu), `dnf install chromium` (Fedora), `brew install --cask chromium` (macOS); or set ' +
        'CHROMIUM_PATH to the program.',
    );
  }
  return found;
}

/** Starts a headless Chromium. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Where the pages of a folder seem to come from. */
const SERVER = 'http://pages.test/';

/** A page opened from disk, and everything that went wrong in it so far. */
export interface Visit {
  page: Page;
  /** Console errors and warnings, uncaught errors, and requests for anything but the file itself. */
  problems: string[];
}

/** Opens a file in a new window of that size and colour scheme. Of `folder` it is shown as by a file server, and may load what is there. */
export async function visitFile(
  browser: Browser,
  file: string,
  screen: keyof typeof SCREENS = 'desktop',
  colorScheme: 'light' | 'dark' = 'light',
  folder?: string,
): Promise<Visit> {
  const own = (path: string) => new URL(relative(folder!, path), SERVER).href;
  const address = folder === undefined ? pathToFileURL(file).href : own(file);
  const page = await browser.newPage({ viewport: SCREENS[screen], colorScheme });
  const problems: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (url !== address && !url.startsWith('data:') && !(folder && url.startsWith(SERVER)))
      problems.push(`request: ${url}`);
  });
  if (folder !== undefined) {
    await page.route(`${SERVER}**`, (route) => {
      const path = decodeURIComponent(new URL(route.request().url()).pathname);
      return route.fulfill({ path: join(folder, path) });
    });
  }
  await page.goto(address);
  return { page, problems };
}
