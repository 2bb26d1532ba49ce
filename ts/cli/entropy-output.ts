import { join } from 'node:path';
import type { CallOptions } from '../core/options.js';
import { ensureOutputFolder, writeTextAtomic } from '../io/index.js';
import { principalComponents } from '../linalg/index.js';
import { type EntropyReportContext, entropyReport } from '../report/entropy.js';
import { neighbourMap } from '../report/neighbour-map.js';
import type { Cloud } from './cloud-input.js';
import { commandLine, versions } from './provenance.js';

/** Writes report.html and summary.json, which comes last: where it is, the rest is whole. */
export async function writeEntropyResults(
  folder: string,
  { points, labels }: Cloud,
  summary: Pick<EntropyReportContext, 'input' | 'notes' | 'estimates' | 'classes'>,
  { signal, backend, seed = 0 }: CallOptions,
): Promise<void> {
  const { input, notes, estimates, classes } = summary;
  await ensureOutputFolder(folder);
  const plane = await principalComponents(points, { seed, signal, ...(backend && { backend }) });
  const neighbours = await neighbourMap(points, plane, { signal, backend, seed });
  const report = await entropyReport({
    ...{ input, notes, estimates, classes, points, labels, plane, neighbours, seed },
    command: commandLine(),
    versions: versions(),
  });
  await writeTextAtomic(join(folder, 'report.html'), report, { signal });
  await writeTextAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`, { signal });
}
