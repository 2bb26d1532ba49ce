import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CaseFiles, caseOf, wholeFiles } from './case.js';
import { targets } from './targets.js';

/** Where findings are kept: a folder each, named by its reader and a hash. */
export const FINDINGS = fileURLToPath(new URL('../fixtures/fuzz/', import.meta.url));
/** Attempts to make a finding smaller; each is a process of its own. */
const ATTEMPTS = 40;

const ONE = fileURLToPath(new URL('./one.ts', import.meta.url));

/** Makes a case again, as small as a few attempts find it, and writes it into test/fixtures/fuzz; returns its folder. */
export async function keepFinding(name: string, number: number, finding: string): Promise<string> {
  const seeds = await targets[name].seeds();
  const smallest = minimised(name, caseOf(seeds, number), seeds.map(wholeFiles), finding);
  const hash = createHash('sha256');
  for (const [file, bytes] of Object.entries(smallest)) hash.update(file).update(bytes);
  const folder = join(FINDINGS, `${name}-${hash.digest('hex').slice(0, 12)}`);
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of Object.entries(smallest)) writeFileSync(join(folder, file), bytes);
  return folder;
}

/** Puts back what the seed has in the places of the changes, then cuts pieces off the end, while the fault stays. */
function minimised(name: string, files: CaseFiles, wholes: CaseFiles[], finding: string): CaseFiles {
  let best = files;
  let attempts = ATTEMPTS;
  const kind = finding.split(/[:(,]/)[0];
  const stays = (candidate: CaseFiles) =>
    attempts-- > 0 && tryAlone(name, candidate).split(/[:(,]/)[0] === kind;
  for (const [file, bytes] of Object.entries(files)) {
    const whole = wholes.map((seed) => seed[file]).find((seed) => seed?.length === bytes.length);
    if (whole) {
      const changed = [...bytes.keys()].filter((i) => bytes[i] !== whole[i]);
      for (const i of changed) {
        if (changed.length < 2 || attempts <= 0) break;
        const candidate = Buffer.from(best[file]);
        candidate[i] = whole[i];
        if (stays({ ...best, [file]: candidate })) best = { ...best, [file]: candidate };
      }
    }
    for (let cut = best[file].length >> 1; cut > 0 && attempts > 0; cut >>= 1) {
      const candidate = best[file].subarray(0, best[file].length - cut);
      if (stays({ ...best, [file]: candidate })) best = { ...best, [file]: candidate };
    }
  }
  return best;
}

/** What becomes of a case in a process of its own: as the worker and its runner say it. */
function tryAlone(name: string, files: CaseFiles): string {
  const input = JSON.stringify({
    name,
    files: Object.fromEntries(Object.entries(files).map(([file, bytes]) => [file, bytes.toString('base64')])),
  });
  const { stdout, status, signal, error } = spawnSync(
    process.execPath,
    ['--import=tsx', '--max-old-space-size=512', ONE],
    { input, encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' },
  );
  if (error) return 'hangs';
  return status === 0 ? stdout.trim() : `ended the process (${signal ?? `exit code ${status}`})`;
}

/** The findings that are kept: reader and files. */
export function keptFindings(): { name: string; folder: string; files: CaseFiles }[] {
  let folders: string[] = [];
  try {
    folders = readdirSync(FINDINGS, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    // none yet
  }
  return folders.map((folder) => {
    const names = readdirSync(join(FINDINGS, folder)).sort();
    const files = Object.fromEntries(names.map((file) => [file, readFileSync(join(FINDINGS, folder, file))]));
    return { name: folder.replace(/-[0-9a-f]{12}$/, ''), folder, files };
  });
}
