// The tables that scikit-learn, palmerpenguins and vega-datasets ship, as they are: `npm run tables` fetches the three packages
// by pip and npm into a folder that goes away, and runs `transport` and `entropy` on 14 of them, or with --all on all that are
// no larger than 2 MB. Each has to end well, or with a remedy that does when it is followed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { unzipSync } from 'fflate';
import { followRemedies } from '../follow-remedies.js';

const CHOSEN = [
  'breast_cancer.csv',
  'diabetes_data_raw.csv.gz',
  'diabetes_target.csv.gz',
  'digits.csv.gz',
  'iris.csv',
  'linnerud_exercise.csv',
  'linnerud_physiological.csv',
  'wine_data.csv',
  'penguins.csv',
  'penguins-raw.csv',
  'cars.json',
  'movies.json',
  'seattle-weather.csv',
  'miserables.json',
];
/** Outlines of areas hold no points, and larger tables take minutes. */
const NO_TABLES = ['londonBoroughs.json', 'londonTubeLines.json'];
const LARGEST = 2e6;

/** Fetches the packages; returns the paths of their tables. */
function fetchTables(folder: string): string[] {
  const wheels = join(folder, 'wheels');
  const tables = join(folder, 'tables');
  for (const made of [wheels, tables]) mkdirSync(made);
  const python = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:'];
  execFileSync('python3', [...python, '--dest', wheels, 'scikit-learn', 'palmerpenguins'], { stdio: 'inherit' }); // prettier-ignore
  for (const wheel of readdirSync(wheels)) {
    const isTable = ({ name }: { name: string }) =>
      /(?:datasets|palmerpenguins)\/data\/[\w-]+\.csv(?:\.gz)?$/.test(name);
    for (const [name, bytes] of Object.entries(
      unzipSync(readFileSync(join(wheels, wheel)), { filter: isTable }),
    ))
      writeFileSync(join(tables, basename(name)), bytes);
  }
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, 'vega-datasets'], { stdio: ['ignore', 'ignore', 'inherit'] }); // prettier-ignore
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  execFileSync('tar', ['-xzf', join(folder, archive), '-C', folder]);
  const vega = join(folder, 'package', 'data');
  const paths = [tables, vega].flatMap((from) => readdirSync(from).map((name) => join(from, name)));
  // Both have penguins: those of palmerpenguins are .csv.
  return paths.filter((path) => /\.(?:csv|tsv|json|arrow|parquet)(?:\.gz)?$/.test(path));
}

async function main(all: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-tables-'));
  let failed = 0;
  try {
    const paths = fetchTables(folder);
    const found = new Set(paths.map((path) => basename(path)));
    for (const name of CHOSEN) if (!found.has(name)) throw new Error(`No package has ${name} any longer`);
    const taken = paths.filter((path) => {
      const name = basename(path);
      return CHOSEN.includes(name) || (all && !NO_TABLES.includes(name) && statSync(path).size <= LARGEST);
    });
    for (const path of taken) {
      for (const args of [
        ['transport', path, '--depths', '1', '--out', join(folder, 'out')],
        ['entropy', path, '--no-kernel'],
      ]) {
        const { code, said, added } = await followRemedies(args);
        if (code !== 0) failed++;
        const last = code === 0 ? '' : `\n${said.slice(said.lastIndexOf('ridgeflow: '))}`;
        console.log(
          `${code === 0 ? 'well' : 'FAILED'} ${args[0]} ${basename(path)} ${added.join(' ')}${last}`,
        );
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (failed > 0) throw new Error(`${failed} runs did not end well`);
}

await main(process.argv.includes('--all'));
