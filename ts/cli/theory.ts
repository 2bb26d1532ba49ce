import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { ensureOutputFolder, writeTextAtomic } from '../io/index.js';
import { claimFile, claimPage, theoryIndexPage } from '../report/theory.js';
import { CLAIMS, type ClaimData, type ClaimResult, runClaim } from '../theory/index.js';
import { prepareCloud } from './cloud-input.js';
import { commandLine, versions } from './provenance.js';
import { type ReadingOptions, addReadingOptions } from './reading-options.js';
import {
  type ComputationOptions,
  type OutputOptions,
  addComputationOptions,
  addOutputOptions,
  withProgress,
} from './shared-options.js';

interface TheoryCommandOptions extends ComputationOptions, OutputOptions, ReadingOptions {
  out: string;
  quick?: boolean;
  data?: string;
}

const EXAMPLES = `
Examples:
  ridgeflow theory --quick              every claim, in a minute or two
  ridgeflow theory 2 3 --out pages      two of them, at full length
  ridgeflow theory 4 --data points.csv  with your own points for the digits

The claims:
${CLAIMS.map(({ claim, title }) => `  ${claim}  ${title}`).join('\n')}

Exit codes: 0 done and every claim holds, 1 a claim fails or the computation
did, 2 wrong usage, 130 interrupted.`;

function parseClaim(text: string, before: number[] = []): number[] {
  const claim = Number(text);
  if (!CLAIMS.some((experiment) => experiment.claim === claim)) {
    const numbers = CLAIMS.map((experiment) => experiment.claim).join(', ');
    throw new InvalidArgumentError(`It must be one of ${numbers}.`);
  }
  return before.includes(claim) ? before : [...before, claim];
}

/** `ridgeflow theory`. */
export function theoryCommand(): Command {
  const command = new Command('theory')
    .description('Put the claims of the theory to the test, and draw a page for each.')
    .argument('[claims...]', 'numbers of the claims (default: all)', parseClaim)
    .option('-o, --out <folder>', 'folder for index.html and a page for each claim', 'ridgeflow-theory')
    .option('--quick', 'fewer points and seeds: under 20 seconds a claim')
    .option('--data <file>', 'points in place of the digits, in the experiments on real data')
    .option('--label-column <column>', 'column of --data that holds the class');
  return addOutputOptions(addComputationOptions(addReadingOptions(command)), 'the findings')
    .addHelpText('after', EXAMPLES)
    .action(theory);
}

async function theory(given: number[] | undefined, options: TheoryCommandOptions): Promise<void> {
  const claims = given?.length ? [...given].sort((a, b) => a - b) : CLAIMS.map(({ claim }) => claim);
  const folder = resolve(options.out);
  const results: ClaimResult[] = [];
  await withProgress(options, async ({ signal, progress }) => {
    await ensureOutputFolder(folder);
    const data = options.data === undefined ? undefined : await readData(options.data, options, signal);
    for (const [i, claim] of claims.entries()) {
      const title = CLAIMS.find((experiment) => experiment.claim === claim)!.title;
      const result = await runClaim(claim, {
        quick: options.quick,
        seed: options.seed,
        backend: options.backend,
        data,
        signal,
        onProgress: (fraction) => progress.update((i + fraction) / claims.length, `claim ${claim}`),
      });
      results.push(result);
      const right = result.checks.filter(({ holds }) => holds).length;
      progress.line(
        `claim ${claim}  ${result.verdict}  ${right} of ${result.checks.length} checks  ${result.seconds.toFixed(1)} s  ${title}`,
      );
    }
    const context = {
      statements: Object.fromEntries(CLAIMS.map(({ claim, statement }) => [claim, statement])),
      command: commandLine(),
      versions: versions(),
    };
    for (const result of results)
      await writeTextAtomic(join(folder, claimFile(result.claim)), await claimPage(result, context));
    await writeTextAtomic(join(folder, 'index.html'), await theoryIndexPage(results, context));
    return {
      claims: results.map(({ claim, title, verdict, checks }) => ({ claim, title, verdict, checks })),
    };
  });
  if (!options.json && !options.quiet) process.stderr.write(`Pages: ${join(folder, 'index.html')}\n`);
  if (results.some(({ verdict }) => verdict === 'fails')) process.exitCode = 1;
}

async function readData(
  file: string,
  options: TheoryCommandOptions,
  signal: AbortSignal,
): Promise<ClaimData> {
  const { points, labels } = await prepareCloud(file, {
    ...options,
    duplicates: 'drop',
    dtype: options.dtype,
    digits: false,
    signal,
  });
  return { name: file, points, labels: labels?.values };
}
