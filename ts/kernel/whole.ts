import { RidgeflowError } from '../core/errors.js';
import type { Share, ShareKernels } from './contract/shares.js';

/** What sums over a cloud need of a backend. */
type Ranks = Pick<ShareKernels, 'ranks' | 'sumOverRanks' | 'shareOf'>;

/** Whether something holds on every rank: all of them go on alike. */
export async function holdsEverywhere(kernels: Ranks, holds: boolean): Promise<boolean> {
  if (kernels.ranks.size === 1) return holds;
  const [failures] = await kernels.sumOverRanks([holds ? 0 : 1]);
  return failures === 0;
}

/** Some numbers of this rank's rows, each summed over the ranks. */
export async function totalsOf(
  kernels: Ranks,
  ...values: number[]
): Promise<ArrayLike<number> & Iterable<number>> {
  return kernels.ranks.size === 1 ? values : kernels.sumOverRanks(values);
}

/**
 * The place of this rank's rows in the whole cloud. Throws EMPTY_CLOUD, on all ranks, where that has fewer rows than
 * `minimum`: a rank may have none.
 */
export async function placeOf(kernels: Ranks, rows: number, name: string, minimum = 1): Promise<Share> {
  const share = kernels.ranks.size === 1 ? { first: 0, total: rows } : await kernels.shareOf(rows);
  if (share.total >= minimum) return share;
  throw new RidgeflowError(
    'EMPTY_CLOUD',
    `Expected at least ${minimum} point${minimum === 1 ? '' : 's'} for ${name} but received ${share.total}`,
    { details: { parameter: name, points: share.total } },
  );
}

/** Options that ranks may differ in: who is told, and who may end the call. */
const EACH_ITS_OWN = new Set([
  'signal',
  'onProgress',
  'onRun',
  'keep',
  'onExpectedTime',
  'onStep',
  'onEpoch',
]);

/**
 * What of the options of a call has to be the same on all ranks: numbers, names and flags, also of options within options. Of
 * arrays, whose values are those of a rank's own rows, and functions only that they are there.
 */
export function comparableOptions(
  options: object,
  within = '',
): Readonly<Record<string, string | number | boolean>> {
  const found: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(options) as [string, unknown][]) {
    if (value === undefined || (within === '' && EACH_ITS_OWN.has(key))) continue;
    const name = `${within}${key}`;
    if (typeof value === 'number') found[name] = Number.isFinite(value) ? value : String(value);
    else if (typeof value === 'string' || typeof value === 'boolean') found[name] = value;
    else if (isPlain(value)) Object.assign(found, comparableOptions(value, `${name}.`));
    else found[name] = typeof value === 'function' ? 'a function' : 'an object';
  }
  return found;
}

/** Whether it is an object of options, not an array or one of a class. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || 'data' in value) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** UNSUPPORTED, of something that needs all rows in one process. */
export function notOverRanks(what: string): RidgeflowError {
  return new RidgeflowError(
    'UNSUPPORTED',
    `${what} where rows are spread over ranks: give one process all of them, with the native backend. ` +
      'docs/distributed.md lists what runs over ranks',
    { details: { backend: 'mpi' } },
  );
}
