import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ACTIVATION_NAMES, type ActivationName } from '../core/activation.js';
import type { NdArray } from '../core/array.js';
import { packageRoot } from '../core/package-root.js';
import { ensureOutputFolder } from '../io/index.js';
import { kernelsFor } from '../kernel/backend.js';
import {
  type FoldOptions,
  chooseByFolds,
  errorByWidth,
  fitNetwork,
  spectrumSlice,
} from '../network/index.js';
import { splitTarget } from '../network/target.js';
import { sayInput } from './cloud-input.js';
import { EXIT_HELP, parseInteger, parsePositive } from './failure.js';
import { prepareTarget } from './ridgelet-input.js';
import { type RidgeletRun, type RidgeletSummary, writeRidgeletResults } from './ridgelet-output.js';
import { type ReadingOptions, addReadingOptions } from './reading-options.js';
import { type ScalingOptions, addScalingOptions } from './scaling.js';
import { ridgeletFindings } from '../report/ridgelet-findings.js';
import { sayFindings } from './say-findings.js';
import {
  addComputationOptions,
  addOutputOptions,
  type ComputationOptions,
  type OutputOptions,
  withProgress,
} from './shared-options.js';

/** Most dimensions in which units are drawn from the spectrum unless asked otherwise: in more it is too spiky to sample. */
const ORACLE_DIMENSION = 4;

/** Units are drawn on the main thread, which must not be busy for longer than a second or two. */
const LARGEST_WIDTH = 100_000;

interface RidgeletCommandOptions extends ComputationOptions, OutputOptions, ReadingOptions, ScalingOptions {
  out: string;
  target?: string;
  activation: ActivationName;
  width?: number;
  sampling?: 'oracle' | 'pairs' | 'random';
  ridge?: number;
  heldOut: number;
}

const EXAMPLES = `
Examples:
  ridgeflow ridgelet                    the digits that come with the package
  ridgeflow ridgelet data.csv -t y      column y as a function of the others
  ridgeflow ridgelet points.csv --label-column species -a relu -w 512
${EXIT_HELP}`;

/** `ridgeflow ridgelet`. */
export function ridgeletCommand(): Command {
  const command = new Command('ridgelet')
    .description(
      'Build a shallow network for data without training, from their ridgelet spectrum, and report spectrum, units and fit.',
    )
    .argument(
      '[file]',
      'data: .npy, .npz, .csv, .json (also .gz), Arrow IPC, Parquet, .safetensors or IDX; - is standard input (default: the digits that come with the package)',
    )
    .option(
      '-o, --out <folder>',
      'folder for summary.json, report.html, spectrum.npy, network.onnx and model.json',
      'ridgeflow-ridgelet',
    )
    .option(
      '-t, --target <column>',
      'column to learn as a function of the others: its name, or its number from 0 (negative: from the end)',
    )
    .option('--label-column <column>', 'column that holds a class to learn')
    .option('--labels <file>', 'a file of classes to learn, one for each point')
    .option('--array <name>', 'which array of an .npz file holds the points')
    .addOption(new Option('-a, --activation <name>', 'activation').choices(ACTIVATION_NAMES).default('tanh'))
    .option(
      '-w, --width <units>',
      'units of the network (default: chosen by folds, up to 256)',
      parseInteger(1, LARGEST_WIDTH),
    )
    .addOption(
      new Option(
        '--sampling <how>',
        `how units are drawn: from the spectrum, between pairs of points, or at random (default: oracle up to ${ORACLE_DIMENSION} dimensions, else pairs)`,
      ).choices(['oracle', 'pairs', 'random']),
    )
    .option(
      '--ridge <penalty>',
      'relative penalty on the output layer (default: chosen by folds)',
      parsePositive,
    )
    .option('--held-out <fraction>', 'part of the points that is held out', parseFraction, 0.2);
  return addOutputOptions(addComputationOptions(addScalingOptions(addReadingOptions(command))))
    .addHelpText('after', EXAMPLES)
    .action(ridgelet);
}

function parseFraction(text: string): number {
  const value = parsePositive(text);
  if (value > 0.9) throw new InvalidArgumentError('It must be at most 0.9.');
  return value;
}

async function ridgelet(file: string | undefined, options: RidgeletCommandOptions): Promise<void> {
  const folder = resolve(options.out);
  const name = file ?? 'data/digits.csv.gz';
  const summary = await withProgress(options, async ({ signal, progress }): Promise<RidgeletSummary> => {
    await ensureOutputFolder(folder);
    progress.line(`Reading ${name}`);
    const path = file ?? join(packageRoot(), 'data', 'digits.csv.gz');
    const target = await prepareTarget(path, { ...options, digits: file === undefined, signal });
    sayInput({ classes: target.line, notes: target.notes }, progress);
    const [n, d] = target.points.shape;
    progress.line(`${n} points in ${d} dimension${d === 1 ? '' : 's'}, to learn: ${target.what}`);

    const { activation, seed, dtype, backend, heldOut } = options;
    const units = options.sampling ?? (d <= ORACLE_DIMENSION ? 'oracle' : 'pairs');
    const call = { signal, seed, backend };
    const split = await splitTarget(target, { ...call, heldOut });
    const given = { ...call, activation, units, dtype };
    const choice = await chosen(split.training, options, {
      ...given,
      onProgress: (part) => progress.update(0.4 * part, 'choosing by folds'),
    });
    const { width, ridge } = choice;
    const judged = { ...given, ridge, heldOut: split.heldOut };
    progress.update(0.4, 'fitting');
    const fit = await fitNetwork(split.training, { ...judged, width });
    progress.update(0.5, 'error by width');
    const widest = options.width ?? Math.max(width, LARGEST_CHOICE);
    const widths = await errorByWidth(split.training, { ...judged, widths: widthsUpTo(widest) });
    progress.update(0.7, 'spectrum');
    const slice = await spectrumSlice(fit.network, split.training, call);
    progress.update(0.9, 'writing');
    const kernels = await kernelsFor({ backend });
    const run: RidgeletRun = {
      ...{ input: name, target, split, fit, widths, slice, seed, dtype },
      sampling: units,
      chosen: choice.chosen,
      backend: kernels.name,
    };
    return writeRidgeletResults(folder, run, signal);
  });
  const { network, widths: rows, rate } = summary;
  const findings = ridgeletFindings({ ...summary, ...network, widths: { rows, rate } });
  sayFindings(options, findings, join(folder, 'report.html'));
}

/** Widest network that is chosen where no width is asked for. */
const LARGEST_CHOICE = 256;
/** Fewest points that fall into folds, and widest networks that are fitted so often. */
const FEWEST_FOLDED = 20;
const WIDEST_FOLDED = 1024;

/** The width and the penalty: as asked for, or those that err least on folds of the points to be fitted. */
async function chosen(
  training: { points: NdArray; values: NdArray },
  { width, ridge }: RidgeletCommandOptions,
  given: Omit<FoldOptions, 'widths'>,
): Promise<{ width: number; ridge: number | undefined; chosen: RidgeletRun['chosen'] }> {
  const n = training.points.shape[0];
  const few = n < FEWEST_FOLDED || (width ?? 0) > WIDEST_FOLDED;
  if (few || (width !== undefined && ridge !== undefined))
    return { width: width ?? Math.min(LARGEST_CHOICE, n), ridge, chosen: null };
  const widths = width === undefined ? widthsUpTo(LARGEST_CHOICE) : [width];
  const choice = await chooseByFolds(training, {
    ...given,
    widths,
    ...(ridge !== undefined && { ridges: [ridge] }),
  });
  return { ...choice, chosen: width === undefined ? 'both' : 'ridge' };
}

/** A few widths up to the one asked for, each twice the one before. */
function widthsUpTo(width: number): number[] {
  const widths = [width];
  while (widths.length < 6 && widths[0] >= 8) widths.unshift(Math.floor(widths[0] / 2));
  return widths;
}
