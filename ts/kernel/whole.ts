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

/** UNSUPPORTED, of something that needs all rows in one process. */
export function notOverRanks(what: string): RidgeflowError {
  return new RidgeflowError(
    'UNSUPPORTED',
    `${what} where rows are spread over ranks: give one process all of them, with the native backend. ` +
      'docs/distributed.md lists what runs over ranks',
    { details: { backend: 'mpi' } },
  );
}
