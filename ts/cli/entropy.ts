import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { NdArray } from '../core/array.js';
import { partOf } from '../core/options.js';
import { takeRows } from '../core/rows.js';
import { type Cloud, prepareCloud, sayInput } from './cloud-input.js';
import type { ShareKernels } from '../kernel/contract/shares.js';
import type { ColumnsSummary } from './columns.js';
import { sampleOfCloud } from './cloud-sample.js';
import { type Row, estimatesOf, estimators, withFilling } from './entropy-estimates.js';
import { writeEntropyResults } from './entropy-output.js';
import { EXIT_HELP, parseInteger } from './failure.js';
import { launchedRank, ranOnRanks } from './ranks.js';
import {
  type DuplicatesPolicy,
  type ReadingOptions,
  addReadingOptions,
  duplicatesOption,
} from './reading-options.js';
import { type ScalingOptions, addScalingOptions } from './scaling.js';
import {
  type CommandContext,
  type ComputationOptions,
  type OutputOptions,
  addComputationOptions,
  addOutputOptions,
  withProgress,
} from './shared-options.js';
import { shown, textTable } from './table.js';

interface EntropyCommandOptions extends ComputationOptions, OutputOptions, ReadingOptions, ScalingOptions {
  k: number;
  kernel: boolean;
  out?: string;
  duplicates: DuplicatesPolicy;
}

interface Summary {
  input: string;
  n: number;
  d: number;
  columns: ColumnsSummary;
  notes: string[];
  estimates: Row[];
  classes: { name: string; n: number; estimates: Row[] }[];
}

const EXAMPLES = `
Examples:
  ridgeflow entropy features.npy
  ridgeflow entropy points.csv --label-column y --duplicates drop
  ridgeflow entropy images-idx3-ubyte.gz --no-kernel --json > entropy.json

Entropies are in nats. Estimates by nearest neighbours are too high, and
intrinsic dimensions too low, where the points are few for their dimension; the
standard errors say how much other samples of the same size would differ, and
nothing of that.
${EXIT_HELP}`;

/** `ridgeflow entropy`. */
export function entropyCommand(): Command {
  const command = new Command('entropy')
    .description(
      'Estimate the entropy, the Fisher information and the intrinsic dimension of a cloud of points.',
    )
    .argument(
      '<file>',
      'points: .npy, .npz, .csv, .json (also .gz), Arrow IPC, Parquet, .safetensors or IDX; - is standard input',
    )
    .option('-k, --k <count>', 'which neighbour entropies are estimated by', parseInteger(1), 3)
    .option(
      '--no-kernel',
      'leave out the estimates by kernels, whose time grows with the square of the points',
    )
    .option(
      '--label-column <column>',
      'column that holds the class: its name, or its number from 0 (negative: from the end)',
    )
    .option('--labels <file>', 'a file of labels, one for each point: estimates of each class too')
    .option('--array <name>', 'which array of an .npz file holds the points')
    .option('-o, --out <folder>', 'folder for report.html and summary.json')
    .addOption(duplicatesOption('error'));
  return addOutputOptions(
    addComputationOptions(addScalingOptions(addReadingOptions(command)), { ranks: true }),
  )
    .addHelpText('after', EXAMPLES)
    .action(entropy);
}

async function entropy(file: string, options: EntropyCommandOptions): Promise<void> {
  if (await ranOnRanks(options)) return;
  const work = async ({ signal, progress, shares }: CommandContext): Promise<Summary> => {
    progress.line(`Reading ${file}`);
    const cloud = await prepareCloud(file, { ...options, digits: false, signal, shares });
    sayInput(cloud, progress);
    const [own, d] = cloud.points.shape;
    const { total: n } = await shares.shareOf(own);
    const isSpread = shares.ranks.size > 1;
    const classes = await classesOf(cloud, shares);
    const parts = [{ name: 'all', points: cloud.points }, ...classes];
    const estimates: Row[][] = [];
    for (const [index, part] of parts.entries()) {
      const doing = index === 0 ? 'all points' : `class ${part.name}`;
      const { dtype, backend, seed } = options;
      const whole = { signal, dtype, backend, seed, onProgress: (f: number) => progress.update(f, doing) };
      // The whole cloud takes about as long as all classes together.
      const share = 0.5 / classes.length;
      const run =
        index === 0 ? partOf(whole, 0, 0.5) : partOf(whole, 0.5 + (index - 1) * share, 0.5 + index * share);
      const rows = await estimatesOf(part.points, options, run, isSpread);
      estimates.push(
        index === 0 ? await withFilling(rows, part.points, { ...run, dtype, onProgress: undefined }) : rows,
      );
    }
    const summary: Summary = {
      input: file,
      n,
      d,
      columns: cloud.columns,
      notes: cloud.notes,
      estimates: estimates[0],
      classes: classes.map(({ name, n: count }, i) => ({
        name,
        n: count,
        estimates: estimates[i + 1],
      })),
    };
    if (options.out !== undefined) {
      const { points, labels } = isSpread ? await sampleOfCloud(cloud, shares) : cloud;
      const write = () =>
        writeEntropyResults(resolve(options.out!), { ...cloud, points, labels }, summary, {
          signal,
          seed: options.seed,
          // Of all ranks the first alone makes the report.
          backend: isSpread ? 'native' : options.backend,
        });
      await shares.doneByAll(shares.ranks.rank === 0 ? write() : Promise.resolve());
    }
    progress.update(1, 'done');
    return summary;
  };
  const summary = await withProgress(options, work, 'spread');
  if ((launchedRank() ?? 0) > 0) return;
  if (!options.json && !options.quiet) process.stdout.write(textOf(summary));
  if (options.out !== undefined && !options.json && !options.quiet)
    process.stderr.write(`Report: ${join(resolve(options.out), 'report.html')}\n`);
}

async function classesOf(
  { points, labels }: Cloud,
  shares: ShareKernels,
): Promise<{ name: string; n: number; points: NdArray }[]> {
  if (!labels) return [];
  const rows: number[][] = labels.names.map(() => []);
  labels.values.forEach((value, row) => rows[value]?.push(row));
  const counts = await shares.sumOverRanks(rows.map(({ length }) => length));
  return labels.names.flatMap((name, number) =>
    counts[number] === 0 ? [] : [{ name, n: counts[number], points: takeRows(points, rows[number]) }],
  );
}

function textOf({ n, d, estimates, classes }: Summary): string {
  const head = `${n} points in ${d} dimension${d === 1 ? '' : 's'}\n\n`;
  const body = textTable([
    ['', 'value', '± standard error', ''],
    ...estimates.map((row) => [row.quantity, shown(row.value), shown(row.standardError, 2), row.unit]),
  ]);
  const reasons = [...new Set(estimates.flatMap(({ reason }) => (reason ? [reason] : [])))];
  const why = reasons.map((reason) => `\n– ${reason}\n`).join('');
  return head + body + why + classTable(classes);
}

/** One line for each class, with the columns that any class has a number for. */
function classTable(classes: Summary['classes']): string {
  if (classes.length === 0) return '';
  const columns = estimators(1).flatMap(({ estimator, short }) => {
    const values = classes.map(
      ({ estimates }) => estimates.find((row) => row.estimator === estimator)?.value ?? null,
    );
    return values.some((value) => value !== null) ? [[short, ...values.map((value) => shown(value, 4))]] : [];
  });
  return `\n${textTable([
    ['class', 'points', ...columns.map(([short]) => short)],
    ...classes.map((one, i) => [one.name, String(one.n), ...columns.map((column) => column[i + 1])]),
  ])}`;
}
