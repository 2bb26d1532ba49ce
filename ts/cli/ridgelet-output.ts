import { join } from 'node:path';
import type { NdArray } from '../core/array.js';
import { throwIfAborted } from '../core/options.js';
import { writeNpy, writeTextAtomic } from '../io/index.js';
import {
  type FitError,
  type NetworkFit,
  type WidthStudy,
  writeLayersModel,
  writeNetworkOnnx,
} from '../network/index.js';
import { ridgeletReport } from '../report/ridgelet.js';
import type { RidgeletFit, RidgeletReportContext } from '../report/ridgelet-numbers.js';
import type { ColumnsSummary } from './columns.js';
import { commandLine, versions } from './provenance.js';
import type { PreparedTarget } from './ridgelet-input.js';
import { packageVersion } from './version.js';

/** Everything that a run found. */
export interface RidgeletRun extends Pick<
  RidgeletReportContext,
  'input' | 'widths' | 'slice' | 'sampling' | 'chosen' | 'seed' | 'dtype' | 'backend'
> {
  target: PreparedTarget;
  split: { training: Pair; heldOut?: Pair };
  fit: NetworkFit;
}

interface Pair {
  points: NdArray;
  values: NdArray;
}

/** What summary.json holds. */
export interface RidgeletSummary {
  input: string;
  version: string;
  columns: ColumnsSummary;
  n: number;
  d: number;
  /** What was learned: the name of a column, or the names of the classes. */
  target: string | string[];
  network: {
    activation: string;
    width: number;
    outputs: number;
    sampling: RidgeletRun['sampling'];
    ridge: number;
    /** What was chosen by folds of the points that were fitted. */
    chosen: RidgeletRun['chosen'];
  };
  training: FitError & { points: number };
  heldOut: FitError & { points: number };
  /** Part of the points held out that got their class; null where no classes were learned. */
  accuracy: number | null;
  widths: WidthStudy['rows'];
  /** p in held-out error ∝ width^−p; null for one width. */
  rate: number | null;
  /** What the axes of spectrum.npy are: slopes along the direction, then biases, then outputs. */
  spectrum: { direction: number[]; slopes: number[]; biases: number[] };
  seed: number;
  dtype: string;
  backend: string;
  notes: string[];
}

const MAXIMUM_POINTS = 2000;

/** Writes everything a run leaves behind, the summary last: where it is, the rest is whole. */
export async function writeRidgeletResults(
  folder: string,
  run: RidgeletRun,
  signal: AbortSignal,
): Promise<RidgeletSummary> {
  const { input, target, split, fit, widths, slice, sampling, chosen, seed, dtype, backend } = run;
  const { network, training, ridge } = fit;
  const heldOut = fit.heldOut ?? training;
  const notes = [...run.target.notes];
  await writeNpy(join(folder, 'spectrum.npy'), slice.spectrum, { signal });
  await writeNetworkOnnx(join(folder, 'network.onnx'), network, { signal });
  if (network.activation.tfjs) await writeLayersModel(folder, network, { signal });
  else
    notes.push(
      `TensorFlow.js Layers has no activation ${network.activation.name}: the network is written as ONNX only`,
    );

  const outputs = await network.evaluate((split.heldOut ?? split.training).points, { signal });
  const shown = await fitOf(run, outputs, signal);
  const [n, d] = target.points.shape;
  const report = await ridgeletReport({
    ...{
      input,
      n,
      d,
      sampling,
      chosen,
      ridge,
      backend,
      dtype,
      seed,
      training,
      heldOut,
      widths,
      slice,
      notes,
    },
    activation: network.activation.name,
    width: network.width,
    fit: shown,
    command: commandLine(),
    versions: versions(),
  });
  throwIfAborted(signal);
  await writeTextAtomic(join(folder, 'report.html'), report);
  const summary: RidgeletSummary = {
    input,
    version: packageVersion(),
    columns: target.used,
    n,
    d,
    target: target.classes?.names ?? target.what,
    network: {
      activation: network.activation.name,
      width: network.width,
      outputs: network.outputs,
      sampling,
      ridge,
      chosen,
    },
    training,
    heldOut,
    accuracy: shown.kind === 'classes' ? shown.accuracy : null,
    widths: widths.rows,
    rate: Number.isFinite(widths.rate) ? widths.rate : null,
    spectrum: {
      direction: Array.from(slice.direction),
      slopes: Array.from(slice.slopes),
      biases: Array.from(slice.biases),
    },
    ...{ seed, dtype, backend, notes },
  };
  await writeTextAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}

/** What the report shows of the fit: a confusion of classes, a curve, or outputs against true values. */
async function fitOf(
  { target, split, fit }: RidgeletRun,
  outputs: NdArray,
  signal: AbortSignal,
): Promise<RidgeletFit> {
  const { points, values } = split.heldOut ?? split.training;
  const k = values.shape[1];
  const rows = points.shape[0];
  if (target.classes) {
    const { names } = target.classes;
    const largest = ({ data }: NdArray, i: number) => {
      let best = 0;
      for (let c = 1; c < k; c++) if (data[i * k + c] > data[i * k + best]) best = c;
      return best;
    };
    const confusion = names.map(() => names.map(() => 0));
    let right = 0;
    for (let i = 0; i < rows; i++) {
      const [truth, output] = [largest(values, i), largest(outputs, i)];
      confusion[truth][output]++;
      if (truth === output) right++;
    }
    return { kind: 'classes', names, accuracy: right / rows, confusion };
  }
  const step = Math.ceil(rows / MAXIMUM_POINTS);
  const some = Array.from({ length: Math.ceil(rows / step) }, (_, i) => i * step);
  if (points.shape[1] > 1) {
    const pairs = some.map((i) => ({ truth: values.data[i], output: outputs.data[i] }));
    return { kind: 'values', names: target.columns, pairs };
  }
  const all = Array.from(target.points.data);
  const [least, most] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  const grid = Float64Array.from({ length: 401 }, (_, i) => least + ((most - least) * i) / 400);
  const curve = await fit.network.evaluate({ data: Float32Array.from(grid), shape: [401, 1] }, { signal });
  return {
    kind: 'curve',
    names: { x: target.columns[0], y: target.what },
    points: some.map((i) => ({ x: points.data[i], y: values.data[i] })),
    curve: Array.from(grid, (x, i) => ({ x, y: curve.data[i] })),
  };
}
