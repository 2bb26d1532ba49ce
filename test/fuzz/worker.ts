import { writeSync } from 'node:fs';
import { caseOf, exhaustiveCases } from './case.js';
import { outcomeOf } from './outcome.js';
import { targets } from './targets.js';

// Reads cases of one target, in a process that may die of it: `worker.ts <target> <first> <count> <milliseconds>`. It says
// on descriptor 3 which case comes next and what became of it, so that a crash and a hang have a number.

async function main(): Promise<void> {
  const [name, first, count, milliseconds] = process.argv.slice(2);
  const target = targets[name];
  const seeds = await target.seeds();
  const end = performance.now() + Number(milliseconds);
  const say = (message: object) => writeSync(3, `${JSON.stringify(message)}\n`);
  say({ exhaustive: exhaustiveCases(seeds) });
  for (let number = Number(first); number < Number(first) + Number(count); number++) {
    if (performance.now() > end) break;
    say({ number });
    say({ number, ...(await outcomeOf(target, caseOf(seeds, number))) });
  }
}

await main();
// Engines of models may keep the process.
process.exit(0);
