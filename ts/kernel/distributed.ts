import { checkCall } from '../core/call.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { ALONE } from './alone.js';
import { backendFromEnvironment, loadBackend } from './backend.js';
import type { ShareKernels } from './contract/shares.js';
import { METHODS } from './method-signatures.js';
import { SIGNATURES } from './signatures.js';

/** This process among those that hold clouds together: what {@link distributed} gives. */
export interface Distributed {
  /** Its number, from 0. */
  readonly rank: number;
  /** How many there are; 1 where nothing is spread. */
  readonly size: number;
  /** The machine that it runs on. */
  readonly host: string;
  /** The rows that are its own of a cloud of n: n/size of them, one more or less, from row `first` on. */
  range(n: number): { first: number; count: number };
  /** What every process says, by rank. All call it with what they say; it waits for them. */
  exchange(text: string): Promise<string[]>;
  /** Each value summed over the processes: the same bits on all of them. */
  sum(values: ArrayLike<number>): Promise<Float64Array>;
  /** Each value's largest over the processes; NaN where it is NaN on one of them. */
  largest(values: ArrayLike<number>): Promise<Float64Array>;
}

/**
 * How this process takes part in a run over ranks of MPI: by the option `backend: 'mpi'` or RIDGEFLOW_BACKEND=mpi; otherwise it
 * is alone. Every rank runs the same program, and gives its own rows of a cloud to the calls of the library that run over
 * ranks, as docs/distributed.md says; `readCloud(path, { share: await distributed() })` reads them, and `writeNpy` with
 * `share` writes them. The methods are for all ranks to call, in the same order.
 *
 * @throws BACKEND_UNAVAILABLE where the addon for MPI is not there; INVALID_ARGUMENT from methods where ranks disagree.
 */
export async function distributed(options: Pick<CallOptions, 'backend'> = {}): Promise<Distributed> {
  checkCall(SIGNATURES.distributed, { options });
  const name = options.backend ?? backendFromEnvironment();
  const shares = name === 'mpi' ? await loadBackend('mpi') : ALONE;
  return distributedOver(shares);
}

/** The same over the shares of a backend. */
export function distributedOver(shares: ShareKernels): Distributed {
  const { rank, size, host } = shares.ranks;
  return {
    rank,
    size,
    host,
    range(n) {
      checkCall(METHODS.Distributed.range, { n });
      checkInteger(n, 'n', 0);
      const begin = (r: number) => Math.floor(n / size) * r + Math.floor(((n % size) * r) / size);
      return { first: begin(rank), count: begin(rank + 1) - begin(rank) };
    },
    async exchange(text) {
      checkCall(METHODS.Distributed.exchange, { text });
      const said = await shares.everyPart(new TextEncoder().encode(text));
      return said.map((part) => new TextDecoder().decode(part));
    },
    async sum(values) {
      checkCall(METHODS.Distributed.sum, { values });
      return shares.sumOverRanks(values);
    },
    async largest(values) {
      checkCall(METHODS.Distributed.largest, { values });
      return shares.largestOverRanks(values);
    },
  };
}
