/** One process among those that hold the rows of clouds together. */
export interface Rank {
  /** Its number, from 0. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /** The machine that it runs on. */
  readonly host: string;
}

/** Arrays whose bytes ranks send each other. */
export type Parcel = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Where the rows that a process holds are among those of the whole cloud. */
export interface Share {
  /** The number of its first row. */
  readonly first: number;
  /** Rows of the whole cloud. */
  readonly total: number;
}

/**
 * What sums over a cloud need where its rows may be spread over processes. A backend within one process is the only rank:
 * its share is the whole, and its sums are the sums. All ranks make the same calls in the same order.
 */
export interface ShareKernels {
  readonly ranks: Rank;

  /** The place of this rank's rows: shares follow each other in the order of the ranks. */
  shareOf(rows: number): Promise<Share>;

  /** Each value summed over the ranks, in their order: a new array, the same bits on every rank. */
  sumOverRanks(values: ArrayLike<number>): Promise<Float64Array>;

  /** Each value's largest over the ranks; NaN where it is NaN on one of them. */
  largestOverRanks(values: ArrayLike<number>): Promise<Float64Array>;

  /** Of `values`, one for each row of a cloud, those of the rows with these numbers in the whole cloud. */
  takeFromRanks(values: Int32Array, rows: Int32Array): Promise<Int32Array>;

  /** What every rank gives, in their order, of any lengths below 2 GiB together: every rank holds all of it. */
  everyPart<P extends Parcel>(values: P): Promise<P[]>;

  /**
   * Gives `visit` the values of all ranks, a part at a time, one for each row: of this rank first, and where they begin among
   * all. No rank holds more than a few parts.
   */
  passRound(values: Float64Array, visit: (part: Float64Array, first: number) => void): Promise<void>;

  /**
   * Throws INVALID_ARGUMENT, on all ranks, with the name of one that they differ in, where what a call is asked for is not the
   * same on all of them.
   */
  checkSame(asked: Readonly<Record<string, string | number | boolean>>): Promise<void>;

  /** Waits until this is done on all ranks. Where it fails on one, it fails on all, with the same code. */
  doneByAll<T>(work: Promise<T>): Promise<T>;
}
