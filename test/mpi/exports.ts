// Every exported function that takes a backend, over ranks: it is one that docs/distributed.md names, or it says that it does
// not run. Run on each rank; see test/mpi.test.ts.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as library from '../../ts/index.js';
import type { NdArray } from '../../ts/core/array.js';
import type { RidgeflowError } from '../../ts/core/errors.js';
import type { Stage } from '../../ts/stream/index.js';
import { SIGNATURES } from '../signatures.js';
import { validCalls } from '../valid-calls.js';
import { parametersOf } from '../wrong-values.js';
import { differences, finish, mpi, rank } from './ranks.js';

/** What runs over ranks: sums of all rows, or each row by itself. docs/distributed.md has them all. */
const OVER_RANKS = new Set([
  'centredKernelAlignment',
  'compareDepths',
  'composedDae',
  'defaultSmoothing',
  'distributed',
  'effectiveRank',
  'fisherInformation',
  'fineTune',
  'fisherRatio',
  'frechetDistance',
  'gaussianEntropy',
  'kernelEntropy',
  'nearestNeighbourAccuracy',
  'nearestNeighbourEntropy',
  'nearestNeighbours',
  'openModel',
  'principalComponents',
  'projectCloud',
  'projectedDensity',
  'projectedExtents',
  'score',
  'silhouette',
  'sinkhorn',
  'sinkhornDivergence',
  'slicedWasserstein',
  'trainComposedDae',
  'trainDae',
  'trainStackedDae',
  'transportCloud',
  'transportMap',
]);

type Call = (...values: unknown[]) => unknown;

const folder = await mkdtemp(join(tmpdir(), `ridgeflow-rank-${rank}-`));
try {
  const calls = await validCalls(folder);
  const [cloud] = calls.scoreRows as [NdArray];
  const guide = await readFile('docs/distributed.md', 'utf8');
  for (const [name, values] of Object.entries(calls)) {
    const call = (library as unknown as Record<string, Call>)[name];
    const rule = SIGNATURES[name]?.options;
    if (rule?.kind !== 'options' || !rule.fields.includes('backend')) continue;
    const place = parametersOf(call).indexOf('options');
    const own = [...values];
    own[place] = { ...(values[place] as object), backend: 'mpi' };
    const code = await Promise.resolve()
      .then(() => call(...own))
      .then(async (result) => {
        // A stage of a pipeline begins with its first rows.
        if (typeof result === 'function') await (result as Stage<unknown>)([cloud]).next();
      })
      .then(
        () => undefined,
        (error: unknown) => (error as RidgeflowError).code ?? String(error),
      );
    // Here all ranks meet again: one that waits for the others in a call would not come.
    const codes = await mpi.everyPart(new TextEncoder().encode(`${name}: ${code ?? 'runs'};`));
    const said = codes.map((part) => new TextDecoder().decode(part));
    differences.check(`the same on all ranks: ${said.join(' ')}`, new Set(said).size === 1);
    const runs = OVER_RANKS.has(name);
    differences.check(`${name}: ${code ?? 'runs'}`, runs ? code === undefined : code === 'UNSUPPORTED');
    if (runs) differences.check(`docs/distributed.md names ${name}`, guide.includes(`\`${name}\``));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
finish();
