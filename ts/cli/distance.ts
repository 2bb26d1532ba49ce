import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { DType, NdArray } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import { ColumnRanges, shifted } from '../core/narrowing.js';
import type { ShareKernels } from '../kernel/contract/shares.js';
import { notOverRanks } from '../kernel/whole.js';
import {
  type ExactPlan,
  exactTransport,
  frechetDistance,
  lineTransport,
  sinkhornDivergence,
  slicedWasserstein,
} from '../transport/index.js';
import { sayInput } from './cloud-input.js';
import type { ClassDistance } from '../report/distance.js';
import { meanSquaredDistance, readPair } from './cloud-pair.js';
import type { ColumnsSummary } from './columns.js';
import { classDistances, writeDistanceResults } from './distance-output.js';
import { EXIT_HELP, parseInteger, parsePositive } from './failure.js';
import { launchedRank, ranOnRanks } from './ranks.js';
import { type ReadingOptions, addReadingOptions } from './reading-options.js';
import { type ScalingOptions, addScalingOptions } from './scaling.js';
import {
  type CommandContext,
  type ComputationOptions,
  type OutputOptions,
  addComputationOptions,
  addOutputOptions,
  withProgress,
} from './shared-options.js';
import { vectorLength } from '../core/rows.js';
import { shown, textTable } from './table.js';
import { givenOptions, refuseUnused } from './unused-options.js';

const METHODS = ['exact', 'sinkhorn', 'sliced', 'gaussian'] as const;
type Method = (typeof METHODS)[number];

interface DistanceCommandOptions extends ComputationOptions, OutputOptions, ReadingOptions, ScalingOptions {
  method: Method | 'auto';
  epsilon?: number;
  directions: number;
  maximumIterations: number;
  out?: string;
}

interface Side {
  input: string;
  n: number;
  columns: ColumnsSummary;
}

interface Summary {
  a: Side;
  b: Side;
  d: number;
  method: Method;
  /** What the distance is, in words. */
  quantity: string;
  distance: number;
  standardError?: number;
  /** Facts of the method: its parameters, and how good the result is. */
  details: Record<string, number | boolean>;
  notes: string[];
  /** Distances between the classes, where a report was asked for. */
  classes?: ClassDistance[];
}

type Found = Pick<Summary, 'quantity' | 'distance' | 'details' | 'notes'> & {
  standardError?: number;
  plan?: ExactPlan['plan'];
};

/** Pairs up to which `auto` solves exactly: a few seconds. */
const EXACT_PAIRS = 4e6;
/** Pairs up to which `auto` takes Sinkhorn's algorithm. */
const ENTROPIC_PAIRS = 4e8;

/** A distance of fewer roundings of float32 is measured again in float64. */
const ROUNDINGS = 2 ** 12;

const EXAMPLES = `
Examples:
  ridgeflow distance before.npy after.npy
  ridgeflow distance a.csv b.csv --method sliced --directions 1000
  ridgeflow distance train.npz test.npz --method sinkhorn --epsilon 0.5 --json

Methods:
  exact     W2 by network simplex: time grows a little faster than the square of
            the points, memory with the square; on the line, by sorting
  sinkhorn  the root of the Sinkhorn divergence at --epsilon (default: a
            hundredth of the mean squared distance between the clouds): time
            grows with the square of the points, memory with the points
  sliced    the mean over directions of W2 of the projections: at most W2/√d,
            for clouds of any size
  gaussian  W2 between the Gaussians of the clouds' means and covariances (the
            Fréchet distance, whose square is FID)
  auto      exact on the line and up to ${EXACT_PAIRS / 1e6} million pairs of points, sinkhorn up
            to ${ENTROPIC_PAIRS / 1e6} million, sliced above; never exact over ranks
${EXIT_HELP}`;

/** `ridgeflow distance`. */
export function distanceCommand(): Command {
  const command = new Command('distance')
    .description('Measure the Wasserstein distance between two clouds of points.')
    .argument(
      '<a>',
      'points: .npy, .npz, .csv, .json (also .gz), Arrow IPC, Parquet, .safetensors or IDX; - is standard input',
    )
    .argument('<b>', 'points, of the same dimension')
    .addOption(
      new Option('-m, --method <name>', 'how to measure').choices(['auto', ...METHODS]).default('auto'),
    )
    .option(
      '-e, --epsilon <cost>',
      'blur of the Sinkhorn divergence, in squared units of the points',
      parsePositive,
    )
    .option('--directions <count>', 'directions of the sliced distance', parseInteger(1), 256)
    .option('--maximum-iterations <count>', 'budget of Sinkhorn iterations', parseInteger(1), 1000)
    .option('--label-column <column>', 'column that holds a class, and is no coordinate: its name or number')
    .option('--array <name>', 'which array of an .npz file holds the points')
    .option('-o, --out <folder>', 'folder for report.html (the plan, distances by class) and summary.json');
  return addOutputOptions(
    addComputationOptions(addScalingOptions(addReadingOptions(command)), { ranks: true }),
  )
    .addHelpText('after', EXAMPLES)
    .action(distance);
}

async function distance(
  a: string,
  b: string,
  options: DistanceCommandOptions,
  command: Command,
): Promise<void> {
  const given = givenOptions<DistanceCommandOptions>(command);
  if (options.method !== 'auto') checkMethod(given, options.method, '');
  if (await ranOnRanks(options)) return;
  const work = async (context: CommandContext): Promise<Summary> => {
    const { signal, progress, shares } = context;
    const onRead = (path: string) => progress.line(`Reading ${path}`);
    const pair = await readPair([a, b], options, { signal, shares, onRead });
    for (const cloud of pair.clouds) sayInput(cloud, progress);
    const clouds = pair.clouds.map(({ points }) => points);
    const rows = await rowsOfAll(clouds, shares);
    const [n, m] = rows;
    const d = clouds[0].shape[1];
    const method = options.method === 'auto' ? chosenMethod(d, rows, shares) : options.method;
    if (options.method === 'auto') checkMethod(given, method, ', which auto takes here');
    const { dtype, backend, seed } = options;
    const onProgress = (fraction: number) => progress.update(fraction, method);
    const ranges = await ColumnRanges.of(clouds).over((values) => shares.largestOverRanks(values));
    const offset = ranges.narrowingOffset();
    // Distances do not change where both clouds move alike, and lose less near 0.
    const middles = ranges.middles();
    const origin = offset ?? new Float64Array(d);
    const run = { signal, backend, seed, onProgress };
    const at = (type: DType) =>
      measure(
        clouds.map((cloud) => shifted(cloud, type === 'float64' ? middles : origin, type)),
        method,
        options,
        { shares, ...run, dtype: type },
      );
    let found = await at(dtype);
    if (dtype === 'float32' && !(found.distance >= ROUNDINGS * (await roundingOf(clouds, origin, shares)))) {
      found = await at('float64');
      found.notes.push('the clouds are nearly as close as roundings of float32: computed in float64');
    }
    if (offset) found.notes.push('columns far from 0 for their spread were centred, in both files alike');
    found.notes.unshift(...pair.notes);
    for (const note of found.notes) progress.line(`Note: ${note}`);
    const [left, right] = pair.clouds.map(({ columns }) => columns);
    const { plan, ...rest } = found;
    const facts: Summary = {
      a: { input: a, n, columns: left },
      b: { input: b, n: m, columns: right },
      d,
      method,
      ...rest,
    };
    if (options.out === undefined) return facts;
    const centred = clouds.map((cloud) => shifted(cloud, middles, 'float64'));
    const classes = await classDistances(pair.clouds, centred, shares, async (pairOf, counts) => {
      const chosen = options.method === 'auto' ? chosenMethod(d, counts, shares) : options.method;
      const call = { shares, ...run, dtype: 'float64', onProgress: undefined } as const;
      return (await measure(pairOf, chosen, options, call)).distance;
    });
    const whole = { ...facts, classes };
    const written = { ...whole, plan, seed };
    await writeDistanceResults(resolve(options.out), [clouds[0], clouds[1]], [a, b], written, context);
    return whole;
  };
  const summary = await withProgress(options, work, 'spread');
  if ((launchedRank() ?? 0) > 0) return;
  if (!options.json && !options.quiet) process.stdout.write(textOf(summary));
  if (options.out !== undefined && !options.json && !options.quiet)
    process.stderr.write(`Report: ${join(resolve(options.out), 'report.html')}\n`);
}

/** Refuses the options of other methods. */
function checkMethod(given: Partial<DistanceCommandOptions>, method: Method, how: string): void {
  const where = `with --method ${method}${how}`;
  if (method !== 'sinkhorn') refuseUnused(given, ['epsilon', 'maximumIterations'], where);
  if (method !== 'sliced') refuseUnused(given, ['directions'], where);
}

/** Points of the clouds on all ranks. */
async function rowsOfAll(clouds: readonly NdArray[], shares: ShareKernels): Promise<[number, number]> {
  const [n, m] = await shares.sumOverRanks(clouds.map(({ shape }) => shape[0]));
  return [n, m];
}

/** How far float32 moves a point of the clouds, about an origin, at most. */
async function roundingOf(clouds: NdArray[], origin: Float64Array, shares: ShareKernels): Promise<number> {
  const d = origin.length;
  const size = new Float64Array(d);
  for (const { data } of clouds)
    data.forEach((value, i) => (size[i % d] = Math.max(size[i % d], Math.abs(value - origin[i % d]))));
  return vectorLength(await shares.largestOverRanks(size)) * 2 ** -24;
}

const onLine = ({ shape }: NdArray) => shape[1] === 1;

function chosenMethod(d: number, [n, m]: readonly number[], { ranks }: ShareKernels): Method {
  // Exact plans need all points in one process.
  if ((d === 1 || n * m <= EXACT_PAIRS) && ranks.size === 1) return 'exact';
  return n * m <= ENTROPIC_PAIRS ? 'sinkhorn' : 'sliced';
}

async function measure(
  [a, b]: NdArray[],
  method: Method,
  options: DistanceCommandOptions,
  { shares, ...run }: CallOptions & { shares: ShareKernels },
): Promise<Found> {
  switch (method) {
    case 'exact': {
      if (shares.ranks.size > 1) throw notOverRanks('--method exact does not run');
      if (onLine(a)) {
        const { value, dualityGap } = await lineTransport(a.data, b.data, { signal: run.signal });
        const isDrawn = options.out !== undefined && a.shape[0] * b.shape[0] <= EXACT_PAIRS;
        const plan = isDrawn ? (await exactTransport(a, b, run)).plan : undefined;
        return { quantity: 'W2', distance: value, details: { dualityGap }, notes: [], plan };
      }
      const { value, dualityGap, plan } = await exactTransport(a, b, run);
      return { quantity: 'W2', distance: value, details: { dualityGap }, notes: [], plan };
    }
    case 'sinkhorn': {
      const epsilon = options.epsilon ?? (await meanSquaredDistance([a, b], shares)) / 100;
      const { maximumIterations } = options;
      const { value, converged, marginalError } = await sinkhornDivergence(a, b, {
        ...run,
        epsilon,
        maximumIterations,
      });
      const notes = converged
        ? []
        : [
            `Sinkhorn’s algorithm did not converge: marginal error ${shown(marginalError, 2)}. Raise --epsilon or --maximum-iterations`,
          ];
      const details = { epsilon, converged, marginalError };
      return {
        quantity: 'root of the Sinkhorn divergence',
        distance: Math.sqrt(Math.max(0, value)),
        details,
        notes,
      };
    }
    case 'sliced': {
      const { directions } = options;
      const { value, standardError } = await slicedWasserstein(a, b, { ...run, directions });
      return { quantity: 'sliced W2', distance: value, standardError, details: { directions }, notes: [] };
    }
    case 'gaussian':
      return {
        quantity: 'Fréchet distance',
        distance: await frechetDistance(a, b, run),
        details: {},
        notes: [],
      };
  }
}

function textOf({ a, b, d, quantity, distance: value, standardError, details }: Summary): string {
  const facts = Object.entries(details).map(([name, fact]) => {
    const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    return [words, typeof fact === 'number' ? shown(fact) : fact ? 'yes' : 'no'];
  });
  const error = standardError === undefined ? [] : [['± standard error', shown(standardError, 2)]];
  return `${a.n} and ${b.n} points in ${d} dimension${d === 1 ? '' : 's'}\n\n${textTable([[quantity, shown(value)], ...error, ...facts])}`;
}
