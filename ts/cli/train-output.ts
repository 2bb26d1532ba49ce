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
import type { LayerSummary, LossSummary, TrainNumbers, TrainPlan } from '../report/train-numbers.js';
import { trainReport } from '../report/train.js';
import type { Cloud } from './cloud-input.js';
import type { ColumnsSummary } from './columns.js';
import { commandLine, versions } from './provenance.js';
import type { Trained } from './train-run.js';
import { packageVersion } from './version.js';

/** What summary.json holds. */
export interface TrainSummary extends TrainNumbers {
  version: string;
  columns: ColumnsSummary;
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
      variance: varianceOf(space),
    });
  }
  return summaries;
}

/** Mean squared distance of points from their mean. */
function varianceOf({ data, shape: [n, d] }: NdArray): number {
  const mean = new Float64Array(d);
  for (let i = 0; i < data.length; i++) mean[i % d] += data[i] / n;
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += (data[i] - mean[i % d]) ** 2;
  return sum / n;
}

/** How a layer's training ended, in a line: losses as shares of the variance of what it was trained on. */
export function layerLine(l: number, { epochs, ridge, training, heldOut, variance }: LayerSummary): string {
  const how = ridge === null ? `${epochs} epochs` : `ridge ${ridge.toPrecision(2)}`;
  const share = (loss: number) => (variance > 0 ? `${((100 * loss) / variance).toPrecision(3)}%` : '–');
  const held = heldOut === null ? '' : `, ${share(heldOut)} of points held out`;
  return `layer ${l + 1}  ${how}  loss ${training.toPrecision(5)}: ${share(training)} of the variance${held}`;
}

/** Measures what was trained and writes everything that a run leaves behind, the summary last. */
export async function writeTrainResults(
  folder: string,
  {
    plan,
    dae,
    layers,
    fineTuning,
    cloud,
    layersModel,
  }: Trained & { plan: TrainPlan; layers: LayerSummary[]; cloud: Cloud; layersModel: boolean },
  options: CallOptions,
): Promise<TrainSummary> {
  const { points, labels, imageShape } = cloud;
  const { signal } = options;
  await writeDae(join(folder, 'model.safetensors'), dae, { signal });
  if (layersModel) await writeDaeLayersModel(join(folder, 'layers-model'), dae, { signal });

  const call = { ...options, onProgress: undefined };
  const trajectory =
    'trajectory' in dae ? await dae.trajectory(points, call) : [points, await dae.apply(points, call)];
  const denoising = await followDenoising(dae, points, { ...call, noise: plan.T, sample: FOLLOWED });
  const classes = labels && new Set(labels.values).size > 1 ? labels : undefined;
  const separation = classes
    ? await layerSeparation(dae, points, classes.values, partOf(options, 0, 0.9))
    : null;
  const summary: TrainSummary = {
    version: packageVersion(),
    columns: cloud.columns,
    ...plan,
    layers,
    fineTuning: fineTuning ? lossSummary(fineTuning) : null,
    denoisingErrors: denoising.errors,
    denoisingChangeError: denoising.changeError,
    displacements: trajectory.slice(1).map(({ data }) => {
      let sum = 0;
      for (let at = 0; at < data.length; at++) sum += (data[at] - points.data[at]) ** 2;
      return Math.sqrt(sum / plan.n);
    }),
    separation,
  };
  const { mean, axes, explained } = await principalComponents(points, { seed: plan.seed, signal });
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
