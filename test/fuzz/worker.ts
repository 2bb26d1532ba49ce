import { writeSync } from 'node:fs';
import { caseOf, exhaustiveCases } from './case.js';
import { hostileCall } from './calls.js';
import { outcomeOf } from './outcome.js';
import { targets } from './targets.js';

// Reads cases of one target, or makes hostile calls of the addon, in a process that may die of it: `worker.ts <target> <first> <count> <milliseconds>`. It says
// on descriptor 3 which case comes next and what became of it, so that a crash and a hang have a number.

async function main(): Promise<void> {
  const [name, first, count, milliseconds] = process.argv.slice(2);
  const isCall = name === 'calls';
  const seeds = isCall ? [] : await targets[name].seeds();
  const end = performance.now() + Number(milliseconds);
  const say = (message: object) => writeSync(3, `${JSON.stringify(message)}\n`);
  say({ exhaustive: exhaustiveCases(seeds) });
  for (let number = Number(first); number < Number(first) + Number(count); number++) {
    if (performance.now() > end) break;
    say({ number });
    const outcome = isCall ? hostileCall(number) : outcomeOf(targets[name], caseOf(seeds, number));
    say({ number, ...(await outcome) });
  }
}

await main();
// Engines of models may keep the process.
process.exit(0);
