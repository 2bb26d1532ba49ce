import { type ErrorCode, RidgeflowError } from '../../core/errors.js';
import type { Parcel, Rank } from '../contract/shares.js';
import type { MpiAddon } from './addon.js';

/** What a rank says of a call before it begins. */
export interface CallFacts {
  /** The kernel's name. */
  call: string;
  /** What has to be the same on all ranks. */
  same: Readonly<Record<string, string | number | boolean | null>>;
  /** What is each rank's own, as numbers of rows. */
  own: readonly number[];
}

/** What a rank that ends the run says instead (bindings/mpi/ranks.cpp). */
const END = 'end';

/**
 * The ranks of a run, and how they agree. Calls are taken one at a time, since all ranks must do the same in the same
 * order: a call begins when every rank has come to it, and fails on all where it is not the same everywhere or fails on
 * one.
 */
export class World {
  readonly #addon: MpiAddon;
  readonly ranks: Rank;
  #hosts: readonly string[] = [];
  #last: Promise<unknown> = Promise.resolve();

  private constructor(addon: MpiAddon, ranks: Rank) {
    this.#addon = addon;
    this.ranks = ranks;
  }

  /** Starts MPI in this process. Ends it with the process, and all ranks with a process that fails. */
  static async start(addon: MpiAddon): Promise<World> {
    const world = new World(addon, await addon.start());
    world.#hosts = await world.#gatherTexts(world.ranks.host);
    world.#endWithProcess();
    return world;
  }

  get size(): number {
    return this.ranks.size;
  }

  get rank(): number {
    return this.ranks.rank;
  }

  get addon(): MpiAddon {
    return this.#addon;
  }

  /** Does one call of all ranks: `body` gets what each rank has of its own. Throws INVALID_ARGUMENT where they disagree. */
  together<T>(facts: CallFacts, body: (own: readonly (readonly number[])[]) => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => body(await this.#agree(facts)));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Waits until this part of a call is done on all ranks. Where it fails on one, it fails on all, with the same code. */
  async allDone<T>(work: Promise<T>): Promise<T> {
    const outcome = await work.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const failed = Int32Array.of('error' in outcome ? 1 : 0);
    const flags = new Int32Array(this.size);
    await this.#addon.gather({ sent: failed, received: flags });
    if (!flags.includes(1)) return (outcome as { value: T }).value;
    const own = 'error' in outcome ? describeFailure(outcome.error) : '';
    const texts = await this.#gatherTexts(own);
    if ('error' in outcome) throw outcome.error;
    const rank = flags.indexOf(1);
    const { code, message } = JSON.parse(texts[rank]) as { code: ErrorCode; message: string };
    throw new RidgeflowError(code, `${this.#nameOf(rank)} failed: ${message}`, { details: { rank } });
  }

  async #agree({ call, same, own }: CallFacts): Promise<readonly (readonly number[])[]> {
    const texts = await this.#gatherTexts(JSON.stringify([call, same, own]));
    const ended = texts.indexOf(END);
    if (ended >= 0)
      throw this.#disagreement('calls', call, `${this.#nameOf(ended)} has ended`, { call, rank: ended });
    const all = texts.map((text) => JSON.parse(text) as [string, CallFacts['same'], number[]]);
    const [[firstCall, firstSame]] = all;
    all.forEach(([otherCall, otherSame], rank) => {
      if (otherCall !== firstCall)
        throw this.#disagreement('calls', `${firstCall} on rank 0`, `${otherCall} on ${this.#nameOf(rank)}`, {
          call,
          rank,
        });
      for (const name of new Set([...Object.keys(firstSame), ...Object.keys(otherSame)])) {
        if (firstSame[name] === otherSame[name]) continue;
        const [a, b] = [firstSame[name], otherSame[name]].map((value) => JSON.stringify(value) ?? 'none');
        throw this.#disagreement(`${name} for ${call}`, `${a} on rank 0`, `${b} on ${this.#nameOf(rank)}`, {
          call,
          rank,
          parameter: name,
        });
      }
    });
    return all.map(([, , numbers]) => numbers);
  }

  #disagreement(what: string, expected: string, received: string, details: Record<string, unknown>) {
    return new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected the same ${what} on all ranks, ${expected}, but received ${received}: every rank has to make the same ` +
        'calls with the same options, in the same order',
      { details },
    );
  }

  #nameOf(rank: number): string {
    return `rank ${rank} (host ${this.#hosts[rank]})`;
  }

  async #gatherTexts(text: string): Promise<string[]> {
    const parts = await this.gatherParts(new TextEncoder().encode(text));
    return parts.map((part) => new TextDecoder().decode(part));
  }

  /** What each rank gives, of any lengths, below 2 GiB together. */
  async gatherParts<P extends Parcel>(sent: P): Promise<P[]> {
    const counts = new Int32Array(this.size);
    await this.#addon.gather({ sent: Int32Array.of(sent.byteLength), received: counts });
    const bytes = counts.reduce((a, b) => a + b, 0);
    const Type = sent.constructor as new (length: number) => P;
    const received = new Type(bytes / sent.BYTES_PER_ELEMENT);
    await this.#addon.gatherParts({ sent, received, counts });
    let place = 0;
    return Array.from(counts, (count) => {
      const from = place / sent.BYTES_PER_ELEMENT;
      place += count;
      return received.subarray(from, place / sent.BYTES_PER_ELEMENT) as P;
    });
  }

  #endWithProcess(): void {
    let ending: Promise<unknown> | undefined;
    let failure: unknown;
    // Node.js would print it after the exit below, which all ranks end with.
    process.on('uncaughtExceptionMonitor', (error) => (failure = error));
    // A process that has nothing left to do ends together with the others; one that fails ends them.
    process.on('beforeExit', (code) => {
      if (code === 0) ending ??= this.#addon.end();
    });
    process.on('exit', (code) => {
      if (code === 0 || this.size === 1) this.#addon.endNow();
      else {
        if (failure !== undefined) console.error(failure);
        process.stderr.write(
          `ridgeflow: ${this.#nameOf(this.rank)} ends all ranks: it failed, code ${code}\n`,
        );
        this.#addon.abort(code);
      }
    });
  }
}

function describeFailure(error: unknown): string {
  const code = error instanceof RidgeflowError ? error.code : 'NOT_CONVERGED';
  return JSON.stringify({ code, message: error instanceof Error ? error.message : String(error) });
}
