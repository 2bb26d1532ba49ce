// AVA's configuration under `npm test`: that of package.json, and an observer that writes the counts to the file named
// by RIDGEFLOW_TEST_COUNTS. AVA's own report goes to the user as it is; it does not always say how many tests passed.
import { readFileSync, writeFileSync } from 'node:fs';
import { countAvaFile, sum } from './counts.mjs';

/**
 * @typedef {object} AvaEvent
 * @property {string} type
 * @property {string} [testFile]
 * @property {{ byFile: Map<string, import('./counts.mjs').AvaFileStats> }} [stats] of a 'stats' event
 * @property {Map<string, Set<string>>} [pendingTests] of a 'timeout' event, by file
 */

/** @param {{ events: AsyncIterable<AvaEvent> }} run */
async function observeRun({ events }) {
  /** @type {Set<string>} */
  const cutShort = new Set();
  /** @type {AvaEvent['stats']} */
  let latest;
  for await (const { type, testFile, stats, pendingTests } of events) {
    if (stats) latest = stats;
    if (type === 'worker-failed' && testFile) cutShort.add(testFile);
    for (const file of pendingTests?.keys() ?? []) cutShort.add(file);
  }
  const files = [...(latest?.byFile ?? [])];
  const counts = sum(...files.map(([file, stats]) => countAvaFile(stats, cutShort.has(file))));
  if (process.env.RIDGEFLOW_TEST_COUNTS)
    writeFileSync(process.env.RIDGEFLOW_TEST_COUNTS, JSON.stringify(counts));
}

/** @param {{ projectDir: string }} project */
export default function configuration({ projectDir }) {
  /** @type {{ ava: Record<string, unknown> }} */
  const { ava } = JSON.parse(readFileSync(`${projectDir}/package.json`, 'utf8'));
  return { ...ava, nonSemVerExperiments: { observeRunsFromConfig: true }, observeRun };
}
