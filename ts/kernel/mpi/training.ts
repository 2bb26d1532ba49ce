import { type FloatData, allocate, dtypeOf } from '../../core/array.js';
import { zlib } from '../../core/builtins.js';
import { tell, throwIfAborted } from '../../core/options.js';
import type { NetworkProblem, TrainingKernels } from '../contract/training.js';
import type { Addon } from '../native/addon.js';
import { takeStep } from '../optimiser-step.js';
import { OwnRows } from './own-rows.js';
import type { World } from './world.js';

/**
 * Training of networks on a cloud whose rows are spread over ranks. The order of all rows is the same on every rank, and so
 * are the parameters: of each minibatch a rank takes its own rows, with the noise that belongs to their places in the order,
 * and steps along the gradient of all, which is summed in float64 in the order of the ranks. A rank sends the gradient once
 * and its part of the sum once: 16·P·(R − 1)/R bytes a step, of P parameters on R ranks.
 */
export function trainingKernels(world: World, addon: Addon): TrainingKernels {
  return {
    trainNetwork(problem, run) {
      const { optimiser, batch, step, order, parameters, moments } = problem;
      const same = { ...factsOf(problem), optimiser: JSON.stringify(optimiser), batch, step };
      return world.together({ call: 'trainNetwork', same, own: [problem.points.rows] }, async (own) => {
        const { rows, gradient, sums } = await world.allDone(
          (async () => ({
            rows: new OwnRows(addon, problem, firstRow(world, own)),
            gradient: allocate(dtypeOf({ data: parameters }), parameters.length, 'a gradient'),
            sums: new RankSums(world, parameters.length),
          }))(),
        );
        let [total, steps] = [0, step];
        for (let start = 0; start < order.length; start += batch) {
          const end = Math.min(order.length, start + batch);
          const loss = await sums.of(async (into) => {
            // Here all ranks hear of it.
            throwIfAborted(run?.signal);
            await tell(run?.onProgress, start / order.length);
            return rows.loss({ start, end, gradient, into }, run);
          });
          total += loss;
          if (!Number.isFinite(loss)) return loss;
          takeStep(optimiser, ++steps, parameters, sums.values, moments);
        }
        return total / order.length;
      });
    },

    networkLoss(problem, run) {
      const { order, gradient } = problem;
      const same = { ...factsOf(problem), gradient: gradient !== undefined };
      return world.together({ call: 'networkLoss', same, own: [problem.points.rows] }, async (own) => {
        const { rows, sums } = await world.allDone(
          (async () => ({
            rows: new OwnRows(addon, problem, firstRow(world, own)),
            sums: new RankSums(world, gradient?.length ?? 0),
          }))(),
        );
        const loss = await sums.of(async (into) => {
          throwIfAborted(run?.signal);
          return rows.loss({ start: 0, end: order.length, gradient, into }, run);
        });
        gradient?.set(sums.values);
        return loss / order.length;
      });
    },
  };
}

/** The number of this rank's first row among those of all. */
function firstRow({ rank }: World, own: readonly (readonly number[])[]): number {
  return own.slice(0, rank).reduce((sum, [rows]) => sum + rows, 0);
}

/** What ranks have to agree in before they train together. */
function factsOf({ layers, parameters, points, targets, order, noise }: NetworkProblem) {
  return {
    layers: JSON.stringify(layers),
    columns: points.columns,
    dtype: dtypeOf({ data: parameters }),
    targets: targets !== undefined,
    rows: order.length,
    noise: noise ? JSON.stringify(noise.model, factorsByChecksum) : null,
  };
}

/** For JSON: ranks compare the checksum of a matrix, not its numbers. */
function factorsByChecksum(key: string, value: unknown): unknown {
  if (key !== 'factor') return value;
  const { buffer, byteOffset, byteLength } = value as FloatData;
  return zlib().crc32(new Uint8Array(buffer, byteOffset, byteLength));
}

/** A loss and values beside it, each summed over the ranks in one message. */
class RankSums {
  readonly #world: World;
  /** Whether a rank failed, the loss, and the values. */
  readonly #sent: Float64Array;
  /** The sums, after {@link of}; this rank's own until then. */
  readonly values: Float64Array;

  constructor(world: World, length: number) {
    this.#world = world;
    this.#sent = allocate('float64', 2 + length, 'sums over ranks') as Float64Array;
    this.values = this.#sent.subarray(2);
  }

  /**
   * Sums what `work` gives and writes on each rank. Where it fails on one it fails on all, as {@link World.allDone} does.
   */
  async of(work: (into: Float64Array) => Promise<number>): Promise<number> {
    const outcome = await work(this.values).then(
      (loss) => ({ loss }),
      (error: unknown) => ({ error: error as Error }),
    );
    const failed = 'error' in outcome;
    this.#sent[0] = failed ? 1 : 0;
    this.#sent[1] = failed ? 0 : outcome.loss;
    await this.#world.addon.sum({ values: this.#sent });
    if (this.#sent[0] > 0)
      await this.#world.allDone(failed ? Promise.reject(outcome.error) : Promise.resolve());
    return this.#sent[1];
  }
}
