import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NdArray } from '../core/array.js';
import { checkSeed, throwIfAborted } from '../core/options.js';
import type { Depth, DepthComparison, DepthRun } from '../dae/index.js';
import { type LateEntry, writeLateNpz, writeNpz } from '../io/npz.js';
import { principalComponents } from '../linalg/index.js';
import type { PrincipalPlane } from '../report/cloud.js';
import type { MotionFrames } from '../report/transport-page.js';
import type { Cloud } from './cloud-input.js';
import { type SnapshotPlan, keptPoints } from './snapshots.js';
import { type TransportSummary, stack, summarise, writeReport } from './transport-output.js';
import type { FinishedDepths } from './transport-resume.js';

interface Plan {
  depths: readonly Depth[];
  seed?: number;
  snapshots: SnapshotPlan;
  finished: FinishedDepths;
  signal: AbortSignal;
}

/**
 * What a run on one machine leaves behind. Of each depth that is done no more is held than what the page shows of it and
 * what snapshots.npz has of it: where its points ended is in the file of that depth, and read again in the end. So no two
 * depths are in memory.
 */
export class TransportResults {
  readonly #cloud: Cloud;
  readonly #plan: Plan;
  readonly #principal: PrincipalPlane;
  readonly #frames: MotionFrames;
  readonly #snapshots = new Map<Depth, { times: Float64Array; positions: NdArray }>();

  private constructor(cloud: Cloud, plan: Plan, principal: PrincipalPlane, frames: MotionFrames) {
    this.#cloud = cloud;
    this.#plan = plan;
    this.#principal = principal;
    this.#frames = frames;
  }

  static async of(cloud: Cloud, plan: Plan): Promise<TransportResults> {
    const seed = checkSeed(plan.seed);
    const principal = await principalComponents(cloud.points, { seed, signal: plan.signal });
    const { MotionFrames } = await import('../report/transport-page.js');
    const frames = new MotionFrames({ ...cloud, principal }, { runs: plan.depths.length, seed });
    return new TransportResults(cloud, plan, principal, frames);
  }

  /** Takes of a depth that is done, and whose file has been written, what is needed; returns what is left. */
  keep(run: DepthRun): DepthRun {
    const { depth, positions, snapshots } = run;
    const { depths, snapshots: plan } = this.#plan;
    this.#frames.add(run);
    if (plan.every > 0) {
      const times = Float64Array.from(snapshots.times);
      this.#snapshots.set(depth, { times, positions: stack(snapshots.positions, plan.every) });
    }
    return {
      ...run,
      // The neighbourhoods of the last are shown.
      positions:
        depth === depths.at(-1)
          ? positions
          : { data: positions.data.slice(0, 0), shape: [0, positions.shape[1]] },
      snapshots: { times: snapshots.times, positions: [] },
    };
  }

  /** Writes everything, the summary last: where it is, the rest is whole. */
  async write(folder: string, input: string, comparison: DepthComparison): Promise<TransportSummary> {
    const { depths, signal, snapshots: plan } = this.#plan;
    await this.#writePositions(join(folder, 'positions.npz'));
    throwIfAborted(signal);
    const file = join(folder, 'snapshots.npz');
    // Those of an earlier run would be taken for this one's.
    if (plan.every === 0) await rm(file, { force: true });
    else await this.#writeSnapshots(file, comparison.n);
    throwIfAborted(signal);
    const summary = summarise(input, comparison, this.#cloud);
    const motion = this.#frames.pack(depths);
    const principal = this.#principal;
    await writeReport(folder, input, this.#cloud, comparison, { principal, motion, signal, summary });
    return summary;
  }

  async #writePositions(path: string): Promise<void> {
    const { points, scaling, labels } = this.#cloud;
    const { depths, finished, signal } = this.#plan;
    const here = (name: string, array: LateEntry['like']): LateEntry => ({
      name,
      like: array,
      array: () => array,
    });
    const vector = <T extends Float64Array | Int32Array>(data: T) => ({ data, shape: [data.length] });
    const moved = depths.map((depth): LateEntry => ({
      name: `depth_${depth}`,
      like: points,
      array: async () => (await finished.read(depth, signal)).positions,
    }));
    const beside = [
      ...(scaling ? [here('centre', vector(scaling.centre)), here('scale', vector(scaling.scale))] : []),
      ...(labels ? [here('labels', vector(labels.values))] : []),
    ];
    await writeLateNpz(path, [here('start', points), ...moved, ...beside]);
  }

  async #writeSnapshots(path: string, n: number): Promise<void> {
    const { depths, snapshots: plan } = this.#plan;
    const arrays: Record<string, NdArray | { data: Int32Array; shape: number[] }> = {};
    for (const depth of depths) {
      const { times, positions } = this.#snapshots.get(depth)!;
      arrays[`depth_${depth}_times`] = { data: times, shape: [times.length] };
      arrays[`depth_${depth}`] = positions;
    }
    if (plan.every > 1) {
      const rows = Int32Array.from({ length: keptPoints(n, plan.every) }, (_, i) => i * plan.every);
      arrays.rows = { data: rows, shape: [rows.length] };
    }
    await writeNpz(path, arrays);
  }
}
