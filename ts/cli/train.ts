import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ACTIVATION_NAMES } from '../core/activation.js';
import { RidgeflowError } from '../core/errors.js';
import { packageRoot } from '../core/package-root.js';
import { defaultNoise, defaultSmoothing } from '../dae/index.js';
import { notOverRanks } from '../kernel/whole.js';
import { kernelsFor } from '../kernel/backend.js';
import { type Cloud, prepareCloud, sayInput } from './cloud-input.js';
import { trainFindings } from '../report/train-findings.js';
import { sayFindings } from './say-findings.js';
import { EXIT_HELP, parseImageShape, parseInteger, parsePositive } from './failure.js';
import { ranOnRanks } from './ranks.js';
import { addReadingOptions, duplicatesOption } from './reading-options.js';
import { addScalingOptions } from './scaling.js';
import {
  addComputationOptions,
  addOutputOptions,
  type CommandContext,
  ensureFolder,
  withProgress,
} from './shared-options.js';
import type { TrainPlan } from '../report/train-numbers.js';
import {
  type TrainSummary,
  layerLine,
  layerSummaries,
  lossSummary,
  writeTrainResults,
} from './train-output.js';
import { type TrainCommandOptions, trained } from './train-run.js';
import { givenOptions, refuseUnused } from './unused-options.js';

const EXAMPLES = `
Examples:
  ridgeflow train                         the digits that come with the package
  ridgeflow train points.csv --kind stacked --depth 3 --width 128,64,32
  ridgeflow train cloud.npy --depth 4 --noise 0.2 --out deep
  ridgeflow train cloud.npy --depth 4 --noise 0.2 --out deep --resume
  ridgeflow train cloud.npy --method ridge --width 1024 --json > summary.json

Without --noise, T is 0.4 times the smoothing variance that the points suggest,
as in "ridgeflow transport". Training that was interrupted goes on with the
same options and --resume, to the same bits.
${EXIT_HELP}`;

const OF_DESCENT = [
  'batch',
  'optimiser',
  'rate',
  'schedule',
  'patience',
  'checkpoint',
  'checkpointEvery',
] as const;

/** `ridgeflow train`. */
export function trainCommand(): Command {
  const command = new Command('train')
    .description(
      'Train a denoising autoencoder, composed or stacked, on points, and report its loss curves, what it denoises and how its layers move the points.',
    )
    .argument(
      '[file]',
      'points: .npy, .npz, .csv, .json (also .gz), Arrow IPC, Parquet, .safetensors or IDX; - is standard input (default: the digits that come with the package)',
    )
    .option(
      '-o, --out <folder>',
      'folder for model.safetensors, summary.json, report.html and the checkpoint',
      'ridgeflow-train',
    )
    .addOption(
      new Option('--kind <kind>', 'layers on the moved points, or on the features of those before')
        .choices(['composed', 'stacked'])
        .default('composed'),
    )
    .option('-d, --depth <layers>', 'number of layers', parseInteger(1), 1)
    .addOption(
      new Option('-w, --width <units>', 'hidden units of every layer, or of each as a list (stacked)')
        .argParser(parseWidths)
        .default([128], '128'),
    )
    .addOption(new Option('-a, --activation <name>', 'activation').choices(ACTIVATION_NAMES).default('tanh'))
    .option('-T, --noise <variance>', 'noise variance of all layers together', parsePositive)
    .option('--no-residual', 'x ↦ C η(Ax − b) + c, without x added (stacked layers always are)')
    .option('--tied', 'the same weights in encoder and decoder')
    .addOption(
      new Option('--method <method>', 'gradient descent, or ridge regression on units that are drawn')
        .choices(['descent', 'ridge'])
        .default('descent'),
    )
    .option('--epochs <count>', 'epochs of each layer', parseInteger(1), 200)
    .option('--batch <points>', 'points in a minibatch', parseInteger(1), 128)
    .addOption(
      new Option('--optimiser <name>', 'how weights follow the gradient')
        .choices(['adam', 'sgd'])
        .default('adam'),
    )
    .option('--rate <number>', 'its rate (default: 0.003 of adam, 0.01 of sgd)', parsePositive)
    .addOption(
      new Option('--schedule <name>', 'how the rate goes over the epochs')
        .choices(['cosine', 'constant'])
        .default('cosine'),
    )
    .option(
      '--held-out <fraction>',
      'part of the points that training is judged by; 0: none',
      parseShare,
      0.1,
    )
    .option(
      '--patience <epochs>',
      'epochs without a better held-out loss before it stops',
      parseInteger(1),
      20,
    )
    .option(
      '--fine-tune <epochs>',
      'then train all layers at once, end to end, for so many epochs',
      parseInteger(1),
    )
    .option('--checkpoint <file>', 'where training is saved (default: checkpoint.safetensors in the folder)')
    .option('--checkpoint-every <epochs>', 'how often', parseInteger(1), 10)
    .option('--resume', 'go on from the checkpoint')
    .option('--layers-model', 'write the autoencoder for TensorFlow.js as well, to the folder layers-model')
    .option(
      '--label-column <column>',
      'column that holds the class: its name, or its number from 0 (negative: from the end)',
    )
    .option('--labels <file>', 'a file of labels, one for each point')
    .option('--array <name>', 'which array of an .npz file holds the points')
    .option('--image-shape <rows>x<columns>', 'show each point as an image of this shape', parseImageShape)
    .addOption(duplicatesOption('keep'));
  return addOutputOptions(
    addComputationOptions(addScalingOptions(addReadingOptions(command)), { ranks: true }),
  )
    .addHelpText('after', EXAMPLES)
    .action(train);
}

function parseWidths(text: string): number[] {
  return text.split(',').map(parseInteger(1));
}

function parseShare(text: string): number {
  const value = text.trim() === '0' ? 0 : parsePositive(text);
  if (value > 0.9) throw new InvalidArgumentError('It must be at most 0.9.');
  return value;
}

async function train(
  file: string | undefined,
  options: TrainCommandOptions,
  command: Command,
): Promise<void> {
  checkTraining(givenOptions<TrainCommandOptions>(command), options);
  if (await ranOnRanks(options)) return;
  const folder = resolve(options.out);
  const checkpoint = resolve(options.checkpoint ?? join(folder, 'checkpoint.safetensors'));
  const name = file ?? 'data/digits.csv.gz';
  const run = async (context: CommandContext): Promise<TrainSummary | undefined> => {
    const { signal, progress, shares } = context;
    const { size } = shares.ranks;
    if (size > 1 && options.method === 'ridge') throw notOverRanks('--method ridge does not run');
    await ensureFolder(folder, context);
    const input = file ?? join(packageRoot(), 'data', 'digits.csv.gz');
    progress.line(`Reading ${name}`);
    const cloud = await prepareCloud(input, {
      ...options,
      keptDuplicates: 'training counts each as often as it occurs',
      digits: file === undefined,
      signal,
      shares,
    });
    sayInput(cloud, progress);
    const [own, d] = cloud.points.shape;
    const { total: n } = await shares.shareOf(own);
    const where = size > 1 ? `, spread over ${size} ranks` : '';
    progress.line(`${n} points in ${d} dimension${d === 1 ? '' : 's'}${where}`);
    const call = { signal, seed: options.seed, backend: options.backend };
    const T = options.noise ?? defaultNoise(await defaultSmoothing(cloud.points, call));
    const plan = planOf(name, { ...cloud, n, d }, options, T);
    const { dae, fineTuning } = await trained(cloud, options, { T, checkpoint, ...context }).catch(
      (error: unknown) => {
        const saved = options.method === 'descent' && existsSync(checkpoint);
        if (saved && error instanceof RidgeflowError && error.code === 'ABORTED')
          progress.line(`Saved in ${checkpoint}: the same command with --resume goes on from there`);
        throw error;
      },
    );
    const layers = await layerSummaries(dae, cloud.points, shares, { ...call, dtype: options.dtype });
    layers.forEach((layer, l) => progress.line(layerLine(l, layer)));
    if (fineTuning) {
      const { epochs, training, heldOut } = lossSummary(fineTuning);
      const held = heldOut === null ? '' : `  held out ${heldOut.toPrecision(5)}`;
      progress.line(`end to end  ${epochs} epochs  loss ${training.toPrecision(5)}${held}`);
    }
    const { name: backend } = await kernelsFor(call, options.dtype, 'spread');
    return writeTrainResults(
      folder,
      {
        plan: { ...plan, backend },
        dae,
        layers,
        fineTuning,
        cloud,
        layersModel: options.layersModel ?? false,
        shares,
      },
      { ...call, dtype: options.dtype, onProgress: (part) => progress.update(0.9 + 0.1 * part, 'measuring') },
    );
  };
  const summary = await withProgress(options, run, 'spread');
  // Of ranks the first alone measures, and says what it found.
  if (summary) sayFindings(options, trainFindings(summary), join(folder, 'report.html'));
}

/** Refuses the options of training by descent where nothing descends. */
function checkTraining(
  given: Partial<TrainCommandOptions>,
  { method, fineTune, heldOut }: TrainCommandOptions,
): void {
  if (method === 'ridge') {
    const where = 'with --method ridge';
    refuseUnused(given, ['epochs'], where);
    if (fineTune === undefined) refuseUnused(given, OF_DESCENT, where);
  }
  if (heldOut === 0) refuseUnused(given, ['patience'], 'with --held-out 0');
}

function planOf(
  input: string,
  { notes, n, d }: Cloud & { n: number; d: number },
  options: TrainCommandOptions,
  T: number,
): Omit<TrainPlan, 'backend'> {
  const { kind, depth, width, activation, residual, tied = false, method, dtype, seed } = options;
  return {
    input,
    notes,
    n,
    d,
    kind: depth === 1 && kind === 'composed' ? 'single' : kind,
    depth,
    widths: width.length === 1 ? new Array<number>(depth).fill(width[0]) : width,
    activation,
    residual: kind === 'composed' && residual,
    tied,
    method,
    T,
    noiseChosen: options.noise === undefined ? 'default' : 'given',
    dtype,
    seed,
  };
}
