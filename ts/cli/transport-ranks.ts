import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type NdArray, allocate, dtypeOf } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { Depth, DepthComparison, DepthRun } from '../dae/index.js';
import { readCloud, writeNpy, writeTextAtomic } from '../io/index.js';
import { damaged } from '../io/errors.js';
import { writeOwnRows } from '../io/write-share.js';
import type { ShareKernels } from '../kernel/contract/shares.js';
import { distributedOver } from '../kernel/distributed.js';
import type { Cloud } from './cloud-input.js';
import { sampleOf } from './cloud-sample.js';
import { cloudDigest } from './duplicates.js';
import { NUMBERS, descriptionOf, plain, revived } from './transport-resume.js';
import { type TransportSummary, stack, summarise, writeReport } from './transport-output.js';
import type { SnapshotPlan } from './snapshots.js';
import { packageVersion } from './version.js';

/**
 * Writes what a run over ranks leaves behind: a .npy file of each cloud, of which every rank writes its own rows; the report
 * and the summary by the first, which come last.
 */
export async function writeOwnResults(
  folder: string,
  input: string,
  cloud: Cloud,
  comparison: DepthComparison,
  { signal, snapshots: plan, shares }: { signal: AbortSignal; snapshots: SnapshotPlan; shares: ShareKernels },
): Promise<TransportSummary> {
  const share = distributedOver(shares);
  const { rank, size } = shares.ranks;
  const { first } = await shares.shareOf(cloud.points.shape[0]);
  const [positions, snapshots] = [join(folder, 'positions'), join(folder, 'snapshots')];
  await shares.doneByAll(
    (async () => {
      if (rank > 0) return;
      for (const path of [positions, snapshots]) await rm(path, { recursive: true, force: true });
      await mkdir(positions);
      if (plan.every > 0) await mkdir(snapshots);
    })(),
  );
  const run = { share, signal };
  await writeNpy(join(positions, 'start.npy'), cloud.points, run);
  const { values } = cloud.labels ?? {};
  if (values) await writeNpy(join(positions, 'labels.npy'), { data: values, shape: [values.length] }, run);
  const begin = plan.every > 0 ? (plan.every - (first % plan.every)) % plan.every : 0;
  for (const { depth, positions: moved, snapshots: kept } of comparison.runs) {
    await writeNpy(join(positions, `depth_${depth}.npy`), moved, run);
    if (plan.every === 0) continue;
    const frames = stack(kept.positions, plan.every, begin);
    await writeOwnRows(join(snapshots, `depth_${depth}.npy`), frames, share, signal, 1);
  }
  const sample = await sampleOf(cloud, comparison, shares);
  const summary = { ...summarise(input, comparison, cloud), ranks: size };
  await shares.doneByAll(
    (async () => {
      if (rank > 0) return;
      for (const { depth, snapshots: kept } of comparison.runs) {
        const times = { data: Float64Array.from(kept.times), shape: [kept.times.length] };
        if (plan.every > 0) await writeNpy(join(snapshots, `depth_${depth}_times.npy`), times);
      }
      if (cloud.scaling) {
        const { centre, scale } = cloud.scaling;
        await writeNpy(join(positions, 'centre.npy'), { data: centre, shape: [centre.length] });
        await writeNpy(join(positions, 'scale.npy'), { data: scale, shape: [scale.length] });
      }
      const shown = { ...sample, imageShape: cloud.imageShape };
      await writeReport(folder, input, shown, sample.comparison, { signal, summary });
    })(),
  );
  return summary;
}

/**
 * The depths of an interrupted run over ranks that are done: of each a .npy file, whose rows are where a point ended and
 * where it was along the way, and a .json file with its numbers, which comes last. What they are of does not depend on the
 * number of ranks: others may go on from them.
 */
export class OwnFinishedDepths {
  readonly folder: string;
  readonly #shares: ShareKernels;
  readonly #run: string;

  private constructor(folder: string, shares: ShareKernels, run: string) {
    this.folder = folder;
    this.#shares = shares;
    this.#run = run;
  }

  /** @param options All that decides what a depth's run is, beside the cloud. */
  static async of(
    output: string,
    { points, labels }: Cloud,
    options: object,
    shares: ShareKernels,
  ): Promise<OwnFinishedDepths> {
    const digest = await cloudDigest(points, labels?.values, shares);
    const run = JSON.stringify([packageVersion(), points.shape[1], dtypeOf(points), options, digest]);
    return new OwnFinishedDepths(join(output, 'unfinished'), shares, run);
  }

  #file(depth: Depth, ending: 'npy' | 'json'): string {
    return join(this.folder, `depth_${depth}.${ending}`);
  }

  /** Keeps a depth that is done: every rank its rows. */
  async save({ positions, snapshots, ...numbers }: DepthRun): Promise<void> {
    const rows = besideEachOther([positions, ...snapshots.positions]);
    const digest = await cloudDigest(rows, undefined, this.#shares);
    await this.#byFirst(async () => void (await mkdir(this.folder, { recursive: true })));
    await writeNpy(this.#file(numbers.depth, 'npy'), rows, { share: distributedOver(this.#shares) });
    const said = { run: this.#run, digest, times: snapshots.times, numbers: plain(numbers) };
    await this.#byFirst(() => writeTextAtomic(this.#file(numbers.depth, 'json'), JSON.stringify(said)));
  }

  /** Whether this depth is done: what one rank sees, all do. */
  async has(depth: Depth): Promise<boolean> {
    const [found] = await this.#shares.largestOverRanks([existsSync(this.#file(depth, 'json')) ? 1 : 0]);
    return found > 0;
  }

  /**
   * This rank's rows of a depth that is done.
   *
   * @throws INVALID_ARGUMENT where they are of other data or options; FILE_FORMAT where a file is damaged.
   */
  async read(depth: Depth, signal: AbortSignal): Promise<DepthRun> {
    const file = this.#file(depth, 'json');
    const text = await readFile(file, 'utf8');
    const { run, numbers, digest, times } = descriptionOf(text, file);
    if (run !== this.#run) {
      throw new RidgeflowError(
        'INVALID_ARGUMENT',
        `Expected ${this.folder} to be of the same data and options, but it is of others: give them as they were, or ` +
          'start anew without --resume',
        { details: { file } },
      );
    }
    const found = revived(numbers);
    if (!Array.isArray(times) || NUMBERS.some((name) => typeof found[name] !== 'number'))
      throw damaged(file, 'a part of it is missing');
    const array = this.#file(depth, 'npy');
    const dtype = (JSON.parse(this.#run) as unknown[])[2] as 'float32' | 'float64';
    const share = distributedOver(this.#shares);
    const { points } = await readCloud(array, { labelColumn: false, dtype, share, signal });
    if ((await cloudDigest(points, undefined, this.#shares)) !== digest)
      throw damaged(array, 'its numbers are not those that were written');
    const [positions, ...along] = apart(points, 1 + times.length);
    return {
      ...(found as unknown as DepthRun),
      depth,
      positions,
      snapshots: { times: times as number[], positions: along },
    };
  }

  async remove(): Promise<void> {
    await this.#byFirst(() => rm(this.folder, { recursive: true, force: true }));
  }

  #byFirst(work: () => Promise<void>): Promise<void> {
    return this.#shares.doneByAll(this.#shares.ranks.rank === 0 ? work() : Promise.resolve());
  }
}

/** Clouds of the same points, the rows of each beside those of the others. */
function besideEachOther(clouds: readonly NdArray[]): NdArray {
  const [n, d] = clouds[0].shape;
  const width = d * clouds.length;
  const data = allocate(dtypeOf(clouds[0]), n * width, 'what is kept of a depth');
  clouds.forEach((cloud, k) => {
    for (let row = 0; row < n; row++)
      data.set(cloud.data.subarray(row * d, (row + 1) * d), row * width + k * d);
  });
  return { data, shape: [n, width] };
}

/** The inverse. */
function apart({ data, shape: [n, width] }: NdArray, count: number): NdArray[] {
  const d = width / count;
  return Array.from({ length: count }, (_, k) => {
    const part = allocate(dtypeOf({ data }), n * d, 'what was kept of a depth');
    for (let row = 0; row < n; row++)
      part.set(data.subarray(row * width + k * d, row * width + (k + 1) * d), row * d);
    return { data: part, shape: [n, d] };
  });
}
