import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RidgeflowError } from '../../ts/core/errors.js';
import { type CaseFiles, writeCase } from './case.js';
import type { Target } from './targets.js';

/** Memory that one case may add to the process at its largest, in bytes. */
const MEMORY = 700e6;

/** What became of a case: `read`, the code of an error, or what is wrong, in words that name no file. */
export type Outcome = { code: string } | { finding: string };

/** Reads one case in this process, in a folder that is empty before and removed after. */
export async function outcomeOf({ read }: Target, files: CaseFiles): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-fuzz-'));
  const before = process.resourceUsage().maxRSS * 1024;
  try {
    const path = writeCase(folder, files);
    const outcome = await read(path).then(
      (): Outcome => ({ code: 'read' }),
      (error: unknown): Outcome =>
        error instanceof RidgeflowError
          ? { code: error.code }
          : { finding: `threw ${firstLine(error).replaceAll(folder, '')}` },
    );
    if ('finding' in outcome) return outcome;
    if (Object.keys(Object.prototype).length > 0) return { finding: 'Object.prototype was changed' };
    const peak = process.resourceUsage().maxRSS * 1024;
    if (peak - before > MEMORY)
      return { finding: `took ${Math.round((peak - before) / 1e6)} MB, and ended as ${outcome.code}` };
    const left = readdirSync(folder).filter((name) => !Object.keys(files).includes(name));
    if (left.length > 0) return { finding: 'left a file behind' };
    return outcome;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function firstLine(error: unknown): string {
  if (!(error instanceof Error)) return `${typeof error} ${String(error)}`;
  const place = /at .*?([\w.-]+\.(ts|js|mjs|cjs):\d+)/.exec(error.stack ?? '')?.[1];
  return `${error.name}: ${error.message.split('\n')[0].slice(0, 200)}${place ? ` (${place})` : ''}`;
}
