import { createRequire } from 'node:module';
import { RidgeflowError } from '../../core/errors.js';
import type { Parcel } from '../contract/shares.js';
import { localBuild } from '../native/locate.js';

/** The functions of bindings/mpi/addon.cpp. What has a promise is done by all ranks alike, in the order of the calls. */
export interface MpiAddon {
  start(): Promise<{ rank: number; size: number; host: string }>;
  /** What every rank sends, one after the other. */
  gather(problem: { sent: Parcel; received: Parcel }): Promise<undefined>;
  /** Of different lengths: `counts` in bytes, one for each rank. */
  gatherParts(problem: { sent: Parcel; received: Parcel; counts: Int32Array }): Promise<undefined>;
  /** To every rank its part, from every rank a part. */
  swapParts(problem: {
    sent: Parcel;
    sentCounts: Int32Array;
    received: Parcel;
    receivedCounts: Int32Array;
  }): Promise<undefined>;
  /** values ← their sums over the ranks, added up in the order of the ranks. */
  sum(problem: { values: Float64Array }): Promise<undefined>;
  /** To the next rank of the ring, from the one before. */
  pass(problem: { sent: Parcel; received: Parcel }): Promise<undefined>;
  /** Waits for the other ranks to end too. */
  end(): Promise<undefined>;
  /** The same, blocking. */
  endNow(): void;
  /** Ends all ranks. */
  abort(code: number): never;
  /** Bytes that this rank has sent to others, without what MPI itself adds. */
  bytesSent(): number;
}

/** What brings the addon, for messages. */
export const MPI_REMEDY =
  'Install Open MPI (Debian, Ubuntu: apt-get install libopenmpi-dev openmpi-bin) and build again: ' +
  'npm run build:native in a clone of ridgeflow, npm rebuild ridgeflow where it is installed';

let loaded: MpiAddon | undefined;

/** Loads the addon, once. Throws BACKEND_UNAVAILABLE. */
export function loadMpiAddon(): MpiAddon {
  if (loaded !== undefined) return loaded;
  const { path, absent } = localBuild('ridgeflow-mpi.node');
  if (path === undefined) throw unavailable(absent ?? 'it is not there');
  try {
    loaded = createRequire(import.meta.url)(path) as MpiAddon;
  } catch (error) {
    throw unavailable(`${path}: ${(error as Error).message.split('\n')[0]}`, error);
  }
  return loaded;
}

function unavailable(reason: string, cause?: unknown): RidgeflowError {
  return new RidgeflowError(
    'BACKEND_UNAVAILABLE',
    `The addon for MPI cannot be loaded: ${reason}. ${MPI_REMEDY}`,
    { cause, details: { reason } },
  );
}
