import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_DEPTHS, type Depth } from '../dae/index.js';
import { packageRoot } from '../core/package-root.js';
import { prepareCloud, sayInput } from './cloud-input.js';
import { EXIT_HELP, parseImageShape, parseInteger, parsePositive } from './failure.js';
import { launchedRank, ranOnRanks } from './ranks.js';
import { addReadingOptions, duplicatesOption } from './reading-options.js';
import { addScalingOptions } from './scaling.js';
import {
  addComputationOptions,
  addOutputOptions,
  type CommandContext,
  ensureFolder,
  withProgress,
} from './shared-options.js';
import { transportByMap } from './transport-map.js';
import { type TransportCommandOptions, computeAndWrite } from './transport-run.js';
import { givenOptions, refuseUnused } from './unused-options.js';

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
      'snapshots kept along each run; 0: none (default: 16, fewer where they would take more than 256 MiB)',
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
        'contraction',
        'depths',
        'snapshots',
        'snapshotsLimit',
        'imageShape',
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

async function transport(
  file: string | undefined,
  options: TransportCommandOptions,
  command: Command,
): Promise<void> {
  const given = givenOptions<TransportCommandOptions>(command);
  if (options.snapshots === 0) refuseUnused(given, ['snapshotsLimit'], 'with --snapshots 0');
  if (await ranOnRanks(options)) return;
  const folder = resolve(options.out);
  const name = file ?? 'data/digits.csv.gz';
  const { map } = options;
  if (map !== undefined) {
    const input = file ?? join(packageRoot(), 'data', 'digits.csv.gz');
    const move = async (context: CommandContext) => {
      await ensureFolder(folder, context);
      return transportByMap(input, folder, { ...options, map, ...(!file && { labelColumn: '-1' }) }, context);
    };
    await withProgress(options, move, 'spread');
    return;
  }
  refuseUnused(given, ['format'], 'without --map, whose moved points it is of');
  const run = async (context: CommandContext) => {
    const { signal, progress, shares } = context;
    await ensureFolder(folder, context);
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
