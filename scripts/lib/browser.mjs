import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { aptInstall, installer } from './apt.mjs';
import { packageBin } from './project.mjs';
import { findCommand } from './requirements.mjs';
import { run } from './run.mjs';
import { clearStamp, filesBelow, fingerprint, readStamp, writeStamp } from './stamp.mjs';

const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const MACOS_APPLICATIONS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/**
 * A Chromium that tests can run: $CHROMIUM_PATH, or one on PATH, or an application of macOS, or one that Playwright
 * has downloaded.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [home] the user's home folder
 * @returns {string | null}
 */
export function findBrowser(env = process.env, home = homedir()) {
  if (env.CHROMIUM_PATH) return existsSync(env.CHROMIUM_PATH) ? env.CHROMIUM_PATH : null;
  const onPath = COMMANDS.flatMap((name) => findCommand(name, env.PATH) ?? []);
  const candidates = [...onPath, ...MACOS_APPLICATIONS, ...downloadedBrowsers(env, home)];
  return candidates.find((file) => existsSync(file) && !isSnapStub(file)) ?? null;
}

/**
 * Ubuntu's package puts a script in the browser's place that only says to install the snap.
 *
 * @param {string} file
 */
function isSnapStub(file) {
  if (statSync(file).size > 65536) return false;
  const snap = /\/snap\/bin\/[\w-]+/.exec(readFileSync(file, 'utf8'));
  return snap !== null && !existsSync(snap[0]);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} home
 * @returns {string[]}
 */
function downloadedBrowsers(env, home) {
  const cache = process.platform === 'darwin' ? join('Library', 'Caches') : '.cache';
  const folder = env.PLAYWRIGHT_BROWSERS_PATH ?? join(home, cache, 'ms-playwright');
  if (!existsSync(folder)) return [];
  const programs = /^(chrome|headless_shell|chrome-headless-shell|Chromium|Google Chrome for Testing)$/;
  return readdirSync(folder)
    .filter((name) => name.startsWith('chromium'))
    .flatMap((name) => filesBelow(join(folder, name)))
    .filter((file) => programs.test(basename(file)));
}

/**
 * The browser in which tests open the report: Debian's package, elsewhere Playwright's download.
 *
 * @param {import('./steps.mjs').Context} context
 * @returns {import('./steps.mjs').Step}
 */
export function browserStep({ paths, system, retry, env }) {
  const stamp = paths.stamp('browser');
  const log = paths.log('browser');
  const digest = fingerprint(paths.root, [], [system.family, process.arch]);
  const advice = [
    'tests that open a page will fail. To bring a browser:',
    '  Debian          sudo apt-get install -y chromium',
    '  Ubuntu          npx playwright-core install --with-deps --only-shell chromium',
    '  Fedora          sudo dnf install -y chromium',
    '  macOS           brew install --cask google-chrome',
    'or name one that is there: CHROMIUM_PATH=/path/to/chromium npm test',
  ];
  /**
   * @param {string} why
   * @returns {import('./steps.mjs').Outcome}
   */
  const without = (why) => ({ status: 'fallback', detail: `none; ${why}`, lines: advice });

  return {
    name: 'browser',
    check() {
      const found = findBrowser(env);
      if (found) return { status: 'unchanged', detail: found };
      if (env.CHROMIUM_PATH) return without(`CHROMIUM_PATH is ${env.CHROMIUM_PATH}, which does not exist`);
      if (env.RIDGEFLOW_NO_INSTALL === '1') return without('RIDGEFLOW_NO_INSTALL=1 forbids installing');
      if (!retry && readStamp(stamp)?.fingerprint === digest) {
        return without(`installing failed before (log: ${log}); \`npm run setup -- --for test\` tries again`);
      }
      return { status: 'needed', detail: 'installing Chromium' };
    },
    async run() {
      clearStamp(stamp);
      rmSync(log, { force: true });
      const how = installer(system, env);
      if (system.family === 'debian' && !('refusal' in how)) await aptInstall(['chromium'], how, log);
      const playwright = packageBin(paths.root, 'playwright-core', 'playwright-core');
      if (!findBrowser(env) && playwright) {
        const libraries = system.family === 'ubuntu' && !('refusal' in how) ? ['--with-deps'] : [];
        const command = [process.execPath, playwright, 'install', ...libraries, '--only-shell', 'chromium'];
        await run(command, { log, ownGroup: libraries.length === 0 && process.platform !== 'win32' });
      }
      const found = findBrowser(env);
      if (found) return { status: 'done', detail: `installed, ${found}` };
      writeStamp(stamp, { fingerprint: digest, ok: false });
      return without(`installing failed (log: ${log})`);
    },
  };
}
