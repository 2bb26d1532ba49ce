import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { RidgeflowError } from '../core/errors.js';
import { type CallOptions, partOf } from '../core/options.js';
import { ensureOutputFolder } from '../io/index.js';
import { radonFindings } from '../report/radon-findings.js';
import { sayFindings } from './say-findings.js';
import { EXIT_HELP, parseInteger, parsePositive } from './failure.js';
import {
  type GeometryOptions,
  type ReconstructionOptions,
  coveredShape,
  geometryOf,
  parseNonNegative,
  parseNumber,
  parseShape,
  projectorOf,
  reconstruct,
} from './radon-geometry.js';
import { isCount, readAngles, readPicture } from './radon-input.js';
import { type RadonResult, writeRadonResults } from './radon-output.js';
import type { Progress } from './progress.js';
import {
  type ComputationOptions,
  type OutputOptions,
  addComputationOptions,
  addOutputOptions,
  withProgress,
} from './shared-options.js';
import { givenOptions, refuseUnused } from './unused-options.js';

interface RadonOptions extends GeometryOptions, ReconstructionOptions, ComputationOptions, OutputOptions {
  out: string;
  angles: string;
  array?: string;
  shape?: [number, number];
  reference?: string;
}

const EXAMPLES = `
Examples:
  ridgeflow radon forward slice.png --angles 360
  ridgeflow radon inverse ridgeflow-radon/sinogram.npy --angles 360 \\
      --shape 256x256 --filter hann --out inverse
  ridgeflow radon inverse few.npy --angles angles.csv --method tv \\
      --weight 0.01 --non-negative --reference slice.png
  ridgeflow radon forward slice.npy --geometry fan --source-distance 600 \\
      --angles 720

Writes sinogram and reconstruction as .npy and as 16-bit PNG (black and white
are the least and the largest value, which summary.json names), summary.json,
and report.html.
${EXIT_HELP}`;

/** `ridgeflow radon`. */
export function radonCommand(): Command {
  return new Command('radon')
    .description('Radon transforms of images: sinograms, and images from them.')
    .addCommand(forwardCommand())
    .addCommand(inverseCommand());
}

function forwardCommand(): Command {
  const command = new Command('forward')
    .description('Project an image along rays at many angles, and show how well the sinogram gives it back.')
    .argument('<image>', 'image: .png, .npy or .npz');
  return addSharedOptions(command).action((file: string, options: RadonOptions) =>
    run(file, options, command, forward),
  );
}

function inverseCommand(): Command {
  const command = new Command('inverse')
    .description('Reconstruct an image from its sinogram, [angles, detectors].')
    .argument('<sinogram>', 'sinogram: .npy, .npz or .png')
    .option(
      '--shape <rows>x<columns>',
      'size of the image (default: the largest square that is covered)',
      parseShape,
    )
    .option('--reference <image>', 'image to compare with');
  return addSharedOptions(command).action((file: string, options: RadonOptions) =>
    run(file, options, command, inverse),
  );
}

function addSharedOptions(command: Command): Command {
  command
    .option('-o, --out <folder>', 'folder for what is written', 'ridgeflow-radon')
    .option(
      '--angles <count|file>',
      'number of angles at equal distances, or a file with one angle in degrees per line',
      '180',
    )
    .option(
      '--range <degrees>',
      'what a number of angles is spread over (default: 180, fan 360)',
      parseNumber,
    )
    .addOption(
      new Option('--geometry <name>', 'how rays run').choices(['parallel', 'fan']).default('parallel'),
    )
    .option('--pixel-size <length>', 'edge of a pixel, the unit of every length', parsePositive, 1)
    .option(
      '--detectors <count>',
      'number of detectors (default: as many as cover the image)',
      parseInteger(1),
    )
    .option('--spacing <length>', 'distance of the detectors (default: a pixel)', parsePositive)
    .option('--offset <length>', 'where the middle of the detectors lies', parseNumber, 0)
    .option(
      '--truncated',
      'allow detectors that do not cover the image; fbp takes rays beyond them for 0, but over a full turn (--range 360) ' +
        'shares out the lines of a row that --offset moves to one side (half acquisition)',
    )
    .addOption(
      new Option('--kernel <name>', 'how pixels and rays meet')
        .choices(['joseph', 'strip', 'fourier'])
        .default('joseph'),
    )
    .option('--source-distance <length>', 'fan: from the source to the centre of the image', parsePositive)
    .option('--detector-distance <length>', 'fan: from that centre to the detectors', parseNonNegative, 0)
    .addOption(
      new Option('--arrangement <name>', 'fan: detectors on a line, or on an arc about the source')
        .choices(['flat', 'equiangular'])
        .default('flat'),
    )
    .addOption(
      new Option('--method <name>', 'how to reconstruct')
        .choices(['fbp', 'cgls', 'sirt', 'sart', 'tv'])
        .default('fbp'),
    )
    .addOption(
      new Option('--filter <name>', 'fbp: window on the ramp')
        .choices(['ramp', 'shepp-logan', 'cosine', 'hamming', 'hann'])
        .default('ramp'),
    )
    .option('--iterations <count>', 'cgls, sirt, sart, tv: iterations', parseInteger(1))
    .option('--non-negative', 'sirt, sart, tv: keep values at or above 0')
    .option('--weight <number>', 'tv: cost of a unit of variation (default: 0.01)', parseNonNegative)
    .option('--relaxation <number>', 'sirt, sart: length of a step, below 2', parsePositive)
    .option('--array <name>', 'which array of an .npz file to take');
  return addOutputOptions(addComputationOptions(command)).addHelpText('after', EXAMPLES);
}

type Work = (
  file: string,
  options: RadonOptions,
  call: CallOptions,
  progress: Progress,
) => Promise<RadonResult>;

async function run(file: string, options: RadonOptions, command: Command, work: Work): Promise<void> {
  const folder = resolve(options.out);
  checkOptions(givenOptions<RadonOptions>(command), options, work === forward);
  const summary = await withProgress(options, async ({ signal, progress }) => {
    await ensureOutputFolder(folder);
    progress.line(`Reading ${file}`);
    const { dtype, backend, seed } = options;
    const result = await work(file, options, { dtype, backend, seed, signal }, progress);
    for (const note of result.notes) progress.line(`Note: ${note}`);
    progress.update(1, 'writing');
    return writeRadonResults(folder, result, signal);
  });
  sayFindings(options, radonFindings(summary), join(folder, 'report.html'));
}

/** Refuses the options of other methods, geometries and inputs. */
function checkOptions(given: Partial<RadonOptions>, options: RadonOptions, isForward: boolean): void {
  const { method, geometry, angles, truncated } = options;
  const isIterative = method !== 'fbp';
  const withMethod = `with --method ${method}`;
  if (!isIterative || method === 'cgls') refuseUnused(given, ['nonNegative'], withMethod);
  if (method !== 'tv') refuseUnused(given, ['weight'], withMethod);
  if (method !== 'sirt' && method !== 'sart') refuseUnused(given, ['relaxation'], withMethod);
  refuseUnused(given, [isIterative ? 'filter' : 'iterations'], withMethod);
  const ofFans = ['sourceDistance', 'detectorDistance', 'arrangement'] as const;
  if (geometry === 'parallel') refuseUnused(given, ofFans, 'with --geometry parallel');
  // What a sinogram covers, where it is truncated, is told by the range too.
  const tellsShape = !isForward && truncated;
  if (!isCount(angles) && !tellsShape) refuseUnused(given, ['range'], `with the angles of ${angles}`);
  if (!isForward) refuseUnused(given, ['detectors'], 'with inverse: a sinogram has as many as columns');
}

const anglesOf = ({ angles, range, geometry }: RadonOptions, signal: AbortSignal) =>
  readAngles(angles, range ?? (geometry === 'fan' ? 360 : 180), signal);

/** Reports one part of a call's work on the bar. */
const shown = (call: CallOptions, progress: Progress, doing: string, from: number, to: number) =>
  partOf({ ...call, onProgress: (fraction) => progress.update(fraction, doing) }, from, to);

const forward: Work = async (file, options, call, progress) => {
  const signal = call.signal!;
  const { array: image, notes } = await readPicture(file, { ...options, signal });
  const geometry = geometryOf(options, await anglesOf(options, signal), image.shape);
  const projector = projectorOf(geometry);
  progress.line(`${image.shape.join(' × ')} pixels, ${projector.dataShape.join(' angles × ')} detectors`);
  const sinogram = await projector.project(image, shown(call, progress, 'projecting', 0, 0.4));
  const doing = shown(call, progress, 'reconstructing', 0.4, 1);
  const { image: reconstruction, residuals } = await reconstruct(sinogram, geometry, options, doing);
  return {
    command: 'forward',
    input: file,
    options,
    geometry,
    notes,
    image,
    sinogram,
    reconstruction,
    residuals,
  };
};

const inverse: Work = async (file, options, call, progress) => {
  const signal = call.signal!;
  const { array: sinogram, notes } = await readPicture(file, { ...options, signal });
  const { array: image, notes: imageNotes } = options.reference
    ? await readPicture(options.reference, { dtype: options.dtype, signal })
    : { array: undefined, notes: [] };
  const shape = options.shape ?? image?.shape ?? coveredShape(options, sinogram.shape[1]);
  if (!options.shape && !image) {
    notes.push(
      `The image has ${shape.join(' × ')} pixels, the largest square that the detectors cover: --shape sets it`,
    );
  }
  const geometry = geometryOf(options, await anglesOf(options, signal), shape, sinogram.shape[1]);
  progress.line(`${sinogram.shape.join(' angles × ')} detectors, ${shape.join(' × ')} pixels`);
  const doing = shown(call, progress, 'reconstructing', 0, 0.9);
  const { image: reconstruction, residuals } = await reconstruct(sinogram, geometry, options, doing);
  const fitted = await projectorOf(geometry).project(
    reconstruction,
    shown(call, progress, 'comparing', 0.9, 1),
  );
  if (image && image.shape.some((extent, axis) => extent !== shape[axis])) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${shape.join(' × ')} pixels in ${options.reference}, as --shape says, but it has ${image.shape.join(' × ')}`,
    );
  }
  return {
    ...{ command: 'inverse' as const, input: file, options, geometry, notes: [...notes, ...imageNotes] },
    ...{ image, sinogram, fitted, reconstruction, residuals },
  };
};
