// `npm run soak -- concurrent|leaks|kills|disk-full|memory|streams|delays|mpi [--count N]`: what long-lived programs do to the library.
import { parseArgs } from 'node:util';
import { concurrent } from './concurrent.js';
import { delays } from './delays.js';
import { diskFull } from './disk-full.js';
import { kills } from './kills.js';
import { leaks } from './leaks.js';
import { memory } from './memory.js';
import { mpi } from './mpi.js';
import { streams } from './streams.js';

const RUNS: Readonly<Record<string, (count: number | undefined) => Promise<string>>> = {
  concurrent: (count = 100) => concurrent(count),
  leaks: (count = 10_000) => leaks(count),
  kills: (count = 100) => kills(count),
  'disk-full': () => diskFull(),
  memory: () => memory(),
  streams: () => streams(),
  delays: (count) => delays(count),
  mpi: (count = 50) => mpi(count),
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { count: { type: 'string' } } });
console.log(await RUNS[positionals[0]](values.count === undefined ? undefined : Number(values.count)));
