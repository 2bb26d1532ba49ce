import { join } from 'node:path';
import type { NdArray } from '../core/array.js';
import { type CallOptions, partOf, tell } from '../core/options.js';
import {
  type AnyTrainedDae,
  type EpochLoss,
  type TrainedDae,
  layerSeparation,
  writeDae,
  writeDaeLayersModel,
} from '../dae/index.js';
import { followDenoising } from '../dae/training/denoising.js';
import { layersOf } from '../dae/training/kind.js';
import { writeTextAtomic } from '../io/index.js';
import { principalComponents } from '../linalg/index.js';
import { columnMomentsOverRanks } from '../measure/standardise.js';
import type { LayerSummary, LossSummary, TrainNumbers, TrainPlan } from '../report/train-numbers.js';
import { trainReport } from '../report/train.js';
import type { ShareKernels } from '../kernel/contract/shares.js';
import type { Cloud } from './cloud-input.js';
import { RowSample } from './cloud-sample.js';
import type { ColumnsSummary } from './columns.js';
import { commandLine, versions } from './provenance.js';
import type { Trained } from './train-run.js';
import { packageVersion } from './version.js';

/** What summary.json holds. */
export interface TrainSummary extends TrainNumbers {
  version: string;
  columns: ColumnsSummary;
  /** How many ranks the points were spread over, where they were. */
  ranks?: number;
}

/** Points that are followed through noise. */
const FOLLOWED = 5000;

/** How a training ended. */
export function lossSummary({
  history,
  reason,
}: {
  history: readonly EpochLoss[];
  reason: TrainedDae['reason'];
}): LossSummary {
  const judged = history.flatMap(({ heldOut }) => heldOut ?? []);
  return {
    epochs: history.length,
    reason,
    training: history[history.length - 1].training,
    heldOut: judged.length > 0 ? Math.min(...judged) : null,
  };
}

/** How the training of each layer ended, on the points or features that came to it. */
export async function layerSummaries(
  dae: AnyTrainedDae,
  points: NdArray,
  shares: ShareKernels,
  call: CallOptions,
): Promise<LayerSummary[]> {
  const layers = layersOf(dae);
  const spaces = 'encode' in dae || !('trajectory' in dae) ? undefined : await dae.trajectory(points, call);
  const summaries: LayerSummary[] = [];
  for (const [l, { network, history, reason, regression }] of layers.entries()) {
    const space = 'encode' in dae ? await dae.encode(points, { ...call, layer: l }) : (spaces?.[l] ?? points);
    summaries.push({
      width: network.width,
      ...lossSummary({ history, reason }),
      ridge: regression?.ridge ?? null,
      variance: await varianceOf(space, shares),
    });
  }
  return summaries;
}

/** Mean squared distance of points, of which a rank may have some, from their mean. */
async function varianceOf(points: NdArray, shares: ShareKernels): Promise<number> {
  const { deviations } = await columnMomentsOverRanks(points, shares);
  return deviations.reduce((sum, deviation) => sum + deviation ** 2, 0);
}

/** How a layer's training ended, in a line: losses as shares of the variance of what it was trained on. */
export function layerLine(l: number, { epochs, ridge, training, heldOut, variance }: LayerSummary): string {
  const how = ridge === null ? `${epochs} epochs` : `ridge ${ridge.toPrecision(2)}`;
  const share = (loss: number) => (variance > 0 ? `${((100 * loss) / variance).toPrecision(3)}%` : '–');
  const held = heldOut === null ? '' : `, ${share(heldOut)} of points held out`;
  return `layer ${l + 1}  ${how}  loss ${training.toPrecision(5)}: ${share(training)} of the variance${held}`;
}

/**
 * Measures what was trained and writes everything that a run leaves behind, the summary last. Of ranks the first does, with
 * a sample of the points where it needs more than sums over them, and has the summary.
 */
export async function writeTrainResults(
  folder: string,
  {
    shares,
    ...results
  }: Trained & {
    plan: TrainPlan;
    layers: LayerSummary[];
    cloud: Cloud;
    layersModel: boolean;
    shares: ShareKernels;
  },
  options: CallOptions,
): Promise<TrainSummary | undefined> {
  const { dae, cloud, plan } = results;
  const { rank, size } = shares.ranks;
  await shares.doneByAll(rank === 0 ? writeModel(folder, results, options) : Promise.resolve());
  const call = { ...options, onProgress: undefined };
  const trajectory = await trajectoryOf(dae, cloud.points, call);
  const squares = trajectory.slice(1).map(({ data }) => {
    let sum = 0;
    for (let at = 0; at < data.length; at++) sum += (data[at] - cloud.points.data[at]) ** 2;
    return sum;
  });
  const displacements = [...(await shares.sumOverRanks(squares))].map((sum) => Math.sqrt(sum / plan.n));
  const shown = size === 1 ? { ...cloud, trajectory } : await sampled(cloud, trajectory, shares);
  const alone = size === 1 ? options : { ...options, backend: 'native' as const };
  const found = { ...results, displacements, shown, ...(size > 1 && { ranks: size }) };
  return shares.doneByAll(rank === 0 ? writeShown(folder, found, alone) : Promise.resolve(undefined));
}

async function writeModel(
  folder: string,
  { dae, layersModel }: { dae: AnyTrainedDae; layersModel: boolean },
  { signal }: CallOptions,
): Promise<void> {
  await writeDae(join(folder, 'model.safetensors'), dae, { signal });
  if (layersModel) await writeDaeLayersModel(join(folder, 'layers-model'), dae, { signal });
}

async function trajectoryOf(dae: AnyTrainedDae, points: NdArray, call: CallOptions): Promise<NdArray[]> {
  return 'trajectory' in dae ? dae.trajectory(points, call) : [points, await dae.apply(points, call)];
}

/** Points to show, and where the layers bring them. */
type Shown = Pick<Cloud, 'points' | 'labels'> & { trajectory: readonly NdArray[] };

/** Of points that are spread over ranks, some. */
async function sampled(
  { points, labels }: Cloud,
  trajectory: readonly NdArray[],
  shares: ShareKernels,
): Promise<Shown> {
  const sample = await RowSample.of(shares, points.shape[0], (trajectory.length + 1) * points.shape[1]);
  const moved: NdArray[] = [];
  for (const cloud of trajectory) moved.push(await sample.points(cloud));
  return {
    points: await sample.points(points),
    labels: labels && { names: labels.names, values: await sample.values(labels.values) },
    trajectory: moved,
  };
}

async function writeShown(
  folder: string,
  {
    plan,
    dae,
    layers,
    fineTuning,
    cloud: { columns, imageShape },
    displacements,
    shown: { points, labels, trajectory },
    ranks,
  }: Trained & {
    plan: TrainPlan;
    layers: LayerSummary[];
    cloud: Cloud;
    displacements: readonly number[];
    shown: Shown;
    ranks?: number;
  },
  options: CallOptions,
): Promise<TrainSummary> {
  const { signal, backend } = options;
  const call = { ...options, onProgress: undefined };
  const denoising = await followDenoising(dae, points, { ...call, noise: plan.T, sample: FOLLOWED });
  const classes = labels && new Set(labels.values).size > 1 ? labels : undefined;
  const separation = classes
    ? await layerSeparation(dae, points, classes.values, partOf(options, 0, 0.9))
    : null;
  const summary: TrainSummary = {
    version: packageVersion(),
    columns,
    ...plan,
    ...(ranks && { ranks }),
    layers,
    fineTuning: fineTuning ? lossSummary(fineTuning) : null,
    denoisingErrors: denoising.errors,
    denoisingChangeError: denoising.changeError,
    displacements,
    separation,
  };
  const { mean, axes, explained } = await principalComponents(points, { seed: plan.seed, signal, backend });
  const report = await trainReport(summary, {
    points,
    trajectory,
    histories: layersOf(dae).map(({ history }) => history),
    fineTuning: fineTuning?.history,
    denoising,
    principal: { mean, axes, explained },
    labels: classes,
    imageShape,
    command: commandLine(),
    versions: versions(),
  });
  await writeTextAtomic(join(folder, 'report.html'), report, { signal });
  await writeTextAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`, { signal });
  await tell(options.onProgress, 1);
  return summary;
}
