import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { RidgeflowError } from '../core/errors.js';
import { DEFAULT_DEPTHS, type Contraction, type Depth, type DepthRun, compareDepths } from '../dae/index.js';
import { type RowsFormat, ensureOutputFolder } from '../io/index.js';
import { packageRoot } from '../core/package-root.js';
import { type Cloud, prepareCloud, sayInput } from './cloud-input.js';
import { EXIT_HELP, parseImageShape, parseInteger, parsePositive } from './failure.js';
import { spoken } from './progress.js';
import { launchedRank, ranOnRanks } from './ranks.js';
import {
  type DuplicatesPolicy,
  type ReadingOptions,
  addReadingOptions,
  duplicatesOption,
} from './reading-options.js';
import { type ScalingOptions, addScalingOptions } from './scaling.js';
import {
  addComputationOptions,
  addOutputOptions,
  type CommandContext,
  type ComputationOptions,
  type OutputOptions,
  withProgress,
} from './shared-options.js';
import { planSnapshots } from './snapshots.js';
import { OwnFinishedDepths, writeOwnResults } from './transport-ranks.js';
import { FinishedDepths } from './transport-resume.js';
import { transportByMap } from './transport-map.js';
import { type TransportSummary, summarise, writeResults } from './transport-output.js';

interface TransportCommandOptions extends ComputationOptions, OutputOptions, ReadingOptions, ScalingOptions {
  out: string;
  noise?: number;
  smoothing?: number;
  resume?: boolean;
  contraction: Contraction;
  depths: Depth[];
  snapshots?: number;
  snapshotsLimit: number;
  imageShape?: [number, number];
  duplicates: DuplicatesPolicy;
  map?: string;
  format?: RowsFormat;
}

/** A run that takes longer is told what would make it shorter. */
const LONG_SECONDS = 600;

/** Snapshots of each run, and what those of all runs may take. */
const SNAPSHOTS = 16;
const SNAPSHOT_BYTES = 2 ** 31;

const CHOOSING = 'choosing noise and smoothing';

const EXAMPLES = `
Examples:
  ridgeflow transport                   the digits that come with the package
  ridgeflow transport points.csv --label-column y
  ridgeflow transport train-images-idx3-ubyte.gz --depths 1,4 --out mnist
  ridgeflow transport cloud.npy -T 0.2 -s 1 --json --quiet > summary.json
  ridgeflow transport huge.parquet --map trained/model.safetensors --out moved

Without --smoothing, the smoothing variance s is the one at which a point's
posterior weights spread over n^(2/3) points; without --noise, T = 0.4 s. Both
scale with the data's unit.
${EXIT_HELP}`;

function parseDepths(text: string): Depth[] {
  const depths = text.split(',').map((part): Depth => {
    const word = part.trim();
    if (word === 'continuous') return word;
    const layers = Number(word);
    if (word === '' || !Number.isSafeInteger(layers) || layers < 1) {
      throw new InvalidArgumentError(
        'It must be a list of whole numbers from 1 and "continuous", like 1,2,4,continuous.',
      );
    }
    return layers;
  });
  if (new Set(depths).size !== depths.length) throw new InvalidArgumentError('It names a depth twice.');
  return depths;
}

/** `ridgeflow transport`. */
export function transportCommand(): Command {
  const command = new Command('transport')
    .description(
      'Move a cloud of points through denoising autoencoders of growing depth, at equal total noise, and report what each did.',
    )
    .argument(
      '[file]',
      'points: .npy, .npz, .csv, .json (also .gz), Arrow IPC, Parquet, .safetensors or IDX; - is standard input (default: the digits that come with the package)',
    )
    .option(
      '-o, --out <folder>',
      'folder for summary.json, report.html, positions.npz and snapshots.npz',
      'ridgeflow-out',
    )
    .option('-T, --noise <variance>', 'total noise variance T, the flow’s end time', parsePositive)
    .option('-s, --smoothing <variance>', 'smoothing variance s of the starting measure', parsePositive)
    .addOption(
      new Option(
        '--contraction <rule>',
        'directions over which s contracts: those of the spread of neighbouring points, or all (trace)',
      )
        .choices(['spread', 'trace'])
        .default('spread'),
    )
    .addOption(
      new Option('--depths <list>', 'numbers of layers to compare')
        .argParser(parseDepths)
        .default([...DEFAULT_DEPTHS], DEFAULT_DEPTHS.join(',')),
    )
    .option('--resume', 'go on with an interrupted run: depths that were done are not computed again')
    .option(
      '--snapshots <count>',
      'snapshots kept along each run; 0: none (default: 16, fewer where all would take more than 2 GiB)',
      parseInteger(0),
    )
    .option(
      '--snapshots-limit <megabytes>',
      'most that snapshots.npz holds before it is compressed: of more, every k-th point is kept',
      parsePositive,
      64,
    )
    .option(
      '--label-column <column>',
      'column that holds the class: its name, or its number from 0 (negative: from the end)',
    )
    .addOption(
      new Option(
        '--map <file>',
        'move the points by this trained map (model.safetensors of ridgeflow train) instead, in parts: for files larger than memory; writes moved.* and summary.json',
      ).conflicts([
        'noise',
        'smoothing',
        'depths',
        'snapshots',
        'standardise',
        'scaleGroup',
        'duplicates',
        'resume',
      ]),
    )
    .addOption(
      new Option(
        '--format <name>',
        'with --map: of the moved points (default: of the input, or npy)',
      ).choices(['npy', 'csv', 'parquet', 'arrow']),
    )
    .option('--labels <file>', 'a file of labels, one for each point')
    .option('--array <name>', 'which array of an .npz file holds the points')
    .option('--image-shape <rows>x<columns>', 'show each point as an image of this shape', parseImageShape)
    .addOption(duplicatesOption('error'));
  return addOutputOptions(
    addComputationOptions(addScalingOptions(addReadingOptions(command)), { ranks: true }),
  )
    .addHelpText('after', EXAMPLES)
    .action(transport);
}

async function transport(file: string | undefined, options: TransportCommandOptions): Promise<void> {
  if (await ranOnRanks(options)) return;
  const folder = resolve(options.out);
  const name = file ?? 'data/digits.csv.gz';
  const { map } = options;
  if (map !== undefined) {
    const input = file ?? join(packageRoot(), 'data', 'digits.csv.gz');
    await withProgress(options, async (context) => {
      await ensureOutputFolder(folder);
      return transportByMap(input, folder, { ...options, map, ...(!file && { labelColumn: '-1' }) }, context);
    });
    return;
  }
  if (options.format !== undefined)
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      '--format is that of the points that --map moves: give --map too',
    );
  const run = async (context: CommandContext) => {
    const { signal, progress, shares } = context;
    // On disks that ranks share a folder may be there for the others later.
    await shares.doneByAll(shares.ranks.rank === 0 ? ensureOutputFolder(folder) : Promise.resolve());
    const input = file ?? join(packageRoot(), 'data', 'digits.csv.gz');
    progress.line(`Reading ${name}`);
    const cloud = await prepareCloud(input, { ...options, digits: file === undefined, signal, shares });
    sayInput(cloud, progress);
    const [own, d] = cloud.points.shape;
    const { total: n } = await shares.shareOf(own);
    const { size } = shares.ranks;
    progress.line(
      `${n} points in ${d} dimension${d === 1 ? '' : 's'}${cloud.labels ? `, ${cloud.labels.names.length} classes` : ''}${size > 1 ? `, spread over ${size} ranks` : ''}`,
    );
    return computeAndWrite(name, cloud, folder, options, context);
  };
  await withProgress(options, run, 'spread');
  if (!options.json && !options.quiet && !(launchedRank() ?? 0))
    process.stderr.write(`Report: ${join(folder, 'report.html')}\n`);
}

async function computeAndWrite(
  name: string,
  cloud: Cloud,
  folder: string,
  options: TransportCommandOptions,
  { signal, progress, shares }: CommandContext,
): Promise<TransportSummary> {
  let doing = CHOOSING;
  progress.update(0, doing);
  const isSpread = shares.ranks.size > 1;
  const [own, d] = cloud.points.shape;
  const { total: n } = await shares.shareOf(own);
  // By the points of all ranks: how many there are of these changes nothing.
  const whole = { data: { byteLength: cloud.points.data.BYTES_PER_ELEMENT * n * d } };
  const snapshots = options.snapshots ?? fittingSnapshots(whole, options.depths.length);
  if (options.snapshots === undefined && snapshots < SNAPSHOTS) {
    progress.line(
      `Note: at most ${snapshots} of ${SNAPSHOTS} snapshots of each run are kept; --snapshots asks for more`,
    );
  }
  const plan = planSnapshots({ points: { ...cloud.points, shape: [n, d] } }, { ...options, snapshots });
  if (plan.note) progress.line(plan.note);
  const settings = {
    T: options.noise,
    smoothing: options.smoothing,
    contraction: options.contraction,
    // The report shows the end at least.
    snapshots: Math.max(1, snapshots),
    seed: options.seed,
    backend: options.backend,
  };
  const finished = isSpread
    ? await OwnFinishedDepths.of(folder, cloud, settings, shares)
    : new FinishedDepths(folder, cloud, settings);
  if (!options.resume) await finished.remove();
  const known = options.resume ? await finished.read(options.depths, signal) : [];
  for (const run of known) progress.line(`${runLine(run)}, from before`);
  const comparison = await compareDepths(cloud.points, {
    ...settings,
    labels: cloud.labels?.values,
    depths: options.depths,
    known,
    signal,
    onExpectedTime: ({ seconds, evaluations }) => {
      progress.line(`At most about ${spoken(seconds)}: ${evaluations} sums over all pairs of points`);
      if (seconds > LONG_SECONDS) {
        progress.line('Shorter: --depths without the deepest, for example 1,4,continuous; or fewer points');
      }
    },
    onProgress: (fraction) => {
      // Progress begins with the first depth.
      if (doing === CHOOSING) doing = `depth ${options.depths[0]}`;
      progress.update(fraction, doing);
    },
    onRun: async (run) => {
      progress.line(runLine(run));
      await finished.save(run);
      doing = nextDepth(options.depths, run.depth);
    },
  }).catch((error: unknown) => {
    if (error instanceof RidgeflowError && error.code === 'ABORTED' && existsSync(finished.folder))
      progress.line(`Saved in ${finished.folder}: the same command with --resume goes on from there`);
    throw atFile(error, name);
  });
  progress.update(1, 'writing');
  if (isSpread) {
    const summary = await writeOwnResults(folder, name, cloud, comparison, {
      signal,
      snapshots: plan,
      shares,
    });
    await finished.remove();
    return summary;
  }
  await writeResults(folder, name, cloud, comparison, { signal, snapshots: plan });
  await finished.remove();
  return summarise(name, comparison, cloud);
}

/** As many snapshots as fit into the memory that they may take, at least the end of each run. */
export function fittingSnapshots({ data }: { data: { byteLength: number } }, runs: number): number {
  return Math.max(1, Math.min(SNAPSHOTS, Math.floor(SNAPSHOT_BYTES / (data.byteLength * runs))));
}

function nextDepth(depths: readonly Depth[], done: Depth): string {
  const next = depths[depths.indexOf(done) + 1];
  return next === undefined ? 'measuring' : `depth ${next}`;
}

function runLine(run: DepthRun): string {
  const accuracy = run.accuracy === null ? '' : `  accuracy ${(100 * run.accuracy).toFixed(2)} %`;
  return (
    `depth ${String(run.depth).padEnd(10)}  entropy ${run.entropy.toPrecision(6)}${accuracy}` +
    `  displacement ${run.displacement.toPrecision(4)}  ${run.seconds.toFixed(2)} s`
  );
}

/** The same error, with the file it is about. */
function atFile(error: unknown, name: string): unknown {
  if (!(error instanceof RidgeflowError) || error.code === 'ABORTED') return error;
  return new RidgeflowError(error.code, `${name}: ${error.message}`, {
    cause: error,
    details: { ...error.details },
  });
}
