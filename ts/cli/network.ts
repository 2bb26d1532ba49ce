import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ensureOutputFolder, writeTextAtomic } from '../io/index.js';
import type {
  AlignmentMatrix,
  AttentionAnalysis,
  LayerAnalysis,
  NetworkAnalysis,
  SequencePooling,
  StreamAnalysis,
} from '../network/index.js';
import { MOST_DRAWN } from '../network/analysis/analyse.js';
import { MOST_LAYERS } from '../network/blocks/refit-stream.js';
import { leftOutSentence } from '../network/analysis/left-out.js';
import { networkReport } from '../report/network.js';
import type { ColumnsSummary } from './columns.js';
import { type Refit, blockFindings } from '../report/network-blocks.js';
import { attentionFinding } from '../report/network-attention.js';
import { networkFindings } from '../report/network-findings.js';
import { sayFindings } from './say-findings.js';
import { EXIT_HELP, parseInteger, parseShape } from './failure.js';
import { parseChannels } from './image-folder.js';
import { type ModelExamples, parseInput } from './model-input.js';
import { type NetworkCommandOptions, networkResults } from './network-results.js';
import { commandLine, versions } from './provenance.js';
import { addReadingOptions } from './reading-options.js';
import { addComputationOptions, addOutputOptions, withProgress } from './shared-options.js';
import { STANDARD_INPUT } from './standard-input.js';
import { givenOptions, refuseUnused } from './unused-options.js';
import { packageVersion } from './version.js';

/** What summary.json holds: the analysis without its pictures. */
export interface NetworkSummary extends Omit<NetworkAnalysis, 'layers' | 'drawn'> {
  input: string;
  version: string;
  /** What the blocks of the residual streams do. */
  blocks: readonly StreamAnalysis[];
  /** What the heads of attention look at. */
  attention: AttentionAnalysis;
  /** Networks of other depths in the place of the blocks. */
  refits: readonly Refit[];
  /** Of every layer with every other. */
  alignment: AlignmentMatrix | null;
  /** Of every layer with those of the second model. */
  comparison: { model: string; alignment: AlignmentMatrix } | null;
  columns: ColumnsSummary;
  classNames: readonly string[];
  notes: readonly string[];
  layers: Omit<LayerAnalysis, 'plane'>[];
}

const EXAMPLES = `
Examples:
  ridgeflow network model.onnx features.npy
  ridgeflow network tfjs-model/ digits.csv --label-column digit
  ridgeflow network resnet.onnx images.npy --labels labels.npy --layers Add
  ridgeflow network convnet.onnx images.npy --feature-maps mean --activations
  ridgeflow network resnet.onnx images/ --preprocessor preprocessor_config.json
  ridgeflow network encoder.onnx ids.npy --input attention_mask=mask.npy
  ridgeflow network encoder.onnx texts.txt --tokenizer tokenizer.json
  ridgeflow network before.onnx after.onnx images.npy --labels labels.npy
${EXIT_HELP}`;

/** `ridgeflow network`. */
export function networkCommand(): Command {
  const command = new Command('network')
    .description('Report how every layer of a trained network transports data.')
    .argument('<model>', 'an .onnx file, or the folder or model.json of a TensorFlow.js model')
    .argument(
      '<data...>',
      'examples: .npy, .npz, .csv, .json (also .gz), Arrow IPC, Parquet, .safetensors or IDX, a folder of PNG images, of each class in a folder, or with --tokenizer a text file; before them a second model to compare with',
      parseData,
    )
    .option('-o, --out <folder>', 'folder for summary.json and report.html', 'ridgeflow-network')
    .option('--labels <file>', 'a file of classes, one for each example, or an array of the same .npz file')
    .option(
      '--label-column <column>',
      'column of the data that holds the class: its name, or its number from 0',
    )
    .option(
      '--array <name>',
      "which array of an .npz file holds the examples (default: that of the model's input's name)",
    )
    .option(
      '--input <name=value>',
      'another input of the model: a file or a number; repeat it for each (.npz data have them by name)',
      parseInput,
    )
    .option(
      '--mean <values>',
      'of images: what is taken from pixels from 0 to 1, one or for each channel',
      parseChannels,
    )
    .option('--scale <values>', 'of images: what the pixels are divided by then', parseChannels)
    .addOption(
      new Option(
        '--channels <order>',
        'of images: the channels that the model takes (default: rgb, or grey for one)',
      ).choices(['rgb', 'bgr', 'grey']),
    )
    .option('--preprocessor <file>', 'of images: a preprocessor_config.json, for mean and scale')
    .option(
      '--tokenizer <file>',
      'tokenizer.json, or its folder: the data are a text file, an example a line',
    )
    .option('--example-shape <extents>', 'shape of one example, like 3x224x224, of flat data', parseShape)
    .option(
      '--layers <patterns...>',
      'names or kinds of layers, with * for anything (default: all, of a residual stream once a block)',
    )
    .addOption(
      new Option('--feature-maps <how>', 'what becomes of feature maps and sequences')
        .choices(['mean', 'flatten', 'positions'])
        .default('mean'),
    )
    .addOption(
      new Option(
        '--pool <how>',
        'what stands for a sequence: its first token, its last, or their mean (default)',
      ).choices(['mean', 'cls', 'last']),
    )
    .option('--rows <rows>', 'with positions: most rows in all, at random positions', parseInteger(1), 20_000)
    .option('--batch <examples>', 'most examples that are run at once', parseInteger(1), 256)
    .option('--width <values>', 'wider layers are projected at random to this width', parseInteger(2), 1024)
    .option('--drawn <examples>', 'most examples that the page draws', parseInteger(2, MOST_DRAWN), 1000)
    .option('--no-blocks', 'leave out the transport analysis of the blocks of residual streams')
    .option(
      '--refit <depths>',
      'fit networks of these depths to the residual stream, like 2,4,8: does it need its blocks?',
      parseDepths,
    )
    .option(
      '--cache <folder>',
      'keep results there for the next report (default: the folder for caches of the system)',
    )
    .option('--no-cache', 'neither take results of an earlier run nor keep them')
    .option('--activations', 'write the activations of the layers to activations.npz');
  return addOutputOptions(addComputationOptions(addReadingOptions(command)))
    .addHelpText('after', EXAMPLES)
    .action(network);
}

async function network(
  path: string,
  files: string[],
  options: NetworkCommandOptions,
  command: Command,
): Promise<void> {
  const data = files[files.length - 1];
  const other = files.length > 1 ? files[0] : undefined;
  const folder = resolve(options.out);
  const given = givenOptions<NetworkCommandOptions>(command);
  if (options.featureMaps !== 'positions')
    refuseUnused(given, ['rows'], `with --feature-maps ${options.featureMaps}`);
  if (data === STANDARD_INPUT && typeof options.cache === 'string')
    refuseUnused(given, ['cache'], 'of what comes from standard input');
  const summary = await withProgress(options, async ({ signal, progress }): Promise<NetworkSummary> => {
    await ensureOutputFolder(folder);
    const results = await networkResults({ model: path, other, data, folder }, options, { signal, progress });
    const { analysis, input, blocks, attention, refits, samples, alignment, comparison } = results;
    const found = [
      pooledNote(analysis) ?? [],
      leftOutSentence(analysis.layers.length - 1, analysis.leftOut) ?? [],
    ].flat();
    for (const note of found) progress.line(`Note: ${note}`);
    progress.update(0.95, 'writing');
    const { labels, notes } = input;
    const page = {
      ...{ input: data, labels, notes, blocks, refits, attention },
      ...{ command: commandLine(), versions: versions() },
      ...(samples && { samples }),
      ...(alignment && { alignment }),
      ...(comparison && { comparison }),
    };
    await writeTextAtomic(join(folder, 'report.html'), await networkReport(analysis, page));
    const said = { ...input, notes: [...notes, ...found] };
    const more = { blocks, attention, refits, alignment, comparison };
    const summary = { ...summaryOf(analysis, data, labels?.names ?? [], said), ...more };
    await writeTextAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
    return summary;
  });
  const findings = [
    ...networkFindings(summary),
    ...blockFindings(summary.blocks, summary.refits),
    ...attentionFinding(summary.attention),
  ];
  sayFindings(options, findings, join(folder, 'report.html'));
}

/** Whole numbers, as in 2,4,8. */
function parseDepths(text: string): number[] {
  return text.split(',').map(parseInteger(1, MOST_LAYERS));
}

/** Data, or a second model and data. */
function parseData(file: string, earlier: string[] = []): string[] {
  if (earlier.length < 2) return [...earlier, file];
  throw new InvalidArgumentError('Give a model and data, or two models and data.');
}

const POOLED: Record<SequencePooling, string> = {
  mean: 'feature maps and sequences are averaged over their positions',
  cls: 'of sequences the first token is taken, and feature maps are averaged',
  last: 'of sequences the last token is taken, and feature maps are averaged',
};

function pooledNote({ featureMaps, pool, layers }: NetworkAnalysis): string | undefined {
  const isPooled = featureMaps === 'mean' && layers.slice(1).some(({ shape }) => shape.length > 1);
  return isPooled ? `${POOLED[pool]}: --feature-maps flatten takes all values` : undefined;
}

function summaryOf(
  { layers, drawn: _, ...facts }: NetworkAnalysis,
  input: string,
  classNames: readonly string[],
  { columns, notes }: Pick<ModelExamples, 'columns' | 'notes'>,
): Omit<NetworkSummary, 'blocks' | 'attention' | 'refits' | 'alignment' | 'comparison'> {
  return {
    input,
    version: packageVersion(),
    columns,
    ...facts,
    classNames,
    notes,
    layers: layers.map(({ plane: _plane, ...numbers }) => numbers),
  };
}
