// The tables of docs/scaling.md are those of its formula, from the rates that the page gives.
import { readFileSync } from 'node:fs';
import test from 'ava';

const page = readFileSync(new URL('../docs/scaling.md', import.meta.url), 'utf8');

/** What was measured: of one core, by the dimension. */
interface Rates {
  /** Seconds for a pair of points. */
  pair: number;
  /** Seconds of a core to put a row's sum over a tile together with those before. */
  row: number;
}

const CORES = 64;
/** Bytes a second: 10 and 100 Gbit/s. */
const NETWORKS = [1.25e9, 1.25e10];
/** Seconds that a rank is late for a tile at most. */
const LATE = 2e-4;

function ratesOf(d: number): Rates {
  const row = new RegExp(`^\\| ${d} +\\| ([\\d.]+) ns +\\| ([\\d.]+) ns +\\|$`, 'm').exec(page)!;
  return { pair: Number(row[1]) * 1e-9, row: Number(row[2]) * 1e-9 };
}

/** Seconds of a pass over all pairs, and what they are made of. */
function pass(n: number, d: number, ranks: number, bytesPerSecond: number) {
  const { pair, row } = ratesOf(d);
  const share = n / ranks;
  // ts/kernel/mpi/ring.ts: 4 MiB of float32.
  const tileRows = Math.max(1024, Math.floor(2 ** 22 / (4 * d)));
  const tiles = ranks * Math.ceil(share / tileRows);
  const computes = (n * n * pair) / (CORES * ranks);
  const sends = (4 * n * d * (ranks - 1)) / ranks / bytesPerSecond;
  const together = (share * tiles * row) / CORES;
  const late = tiles * LATE;
  return { computes, sends, together, late, takes: Math.max(computes, sends) + together + late };
}

function shown(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)));
}

function tableOf(n: number, d: number): string[] {
  return [16, 32, 64, 128, 256, 512, 1024].map((ranks) => {
    const [slow, fast] = NETWORKS.map((network) => pass(n, d, ranks, network));
    const cells = [
      ranks,
      shown(slow.computes),
      shown(slow.sends),
      shown(fast.sends),
      shown(slow.together),
      shown(slow.late),
      shown(slow.takes),
      shown(fast.takes),
      `${Math.round((100 * fast.computes) / fast.takes)} %`,
    ];
    return cells.join(' | ');
  });
}

for (const [n, d] of [
  [1e7, 64],
  [1e8, 3],
] as const) {
  test(`the table of ${n} points in ${d} dimensions follows from the formula`, (t) => {
    const heading = `## 10${n === 1e7 ? '⁷' : '⁸'} points in ${d} dimensions`;
    const section = page.slice(page.indexOf(heading)).split('\n## ', 1)[0];
    const rows = section
      .split('\n')
      .filter((line) => /^\| \d/.test(line))
      .map((line) =>
        line
          .slice(2, -2)
          .replace(/ +\| +/g, ' | ')
          .trim(),
      );
    t.deepEqual(rows, tableOf(n, d));
    const { pair, row } = ratesOf(d);
    for (const [what, value] of [
      ['hides', (4 * d * CORES) / (NETWORKS[0] * pair)],
      ['hides', (4 * d * CORES) / (NETWORKS[1] * pair)],
      ['floor', (n * row) / CORES],
    ] as const)
      t.true(
        section.includes(shown(Number(value.toPrecision(2)))),
        `${what}: ${shown(Number(value.toPrecision(2)))}`,
      );
  });
}
