// So many calls at once, of all kinds: each gives the bits that it gives alone.
import { CALLS } from './calls.js';
import { digest } from './bits.js';

export async function concurrent(count: number): Promise<string> {
  const kinds = Object.entries(CALLS);
  const alone = new Map<string, string>();
  for (const [name, call] of kinds) alone.set(name, digest(await call({ seed: 7 })));
  const calls = Array.from({ length: count }, (_, i) => kinds[i % kinds.length]);
  const together = await Promise.all(calls.map(async ([, call]) => digest(await call({ seed: 7 }))));
  const wrong = calls.filter(([name], i) => together[i] !== alone.get(name)).map(([name]) => name);
  if (wrong.length > 0) throw new Error(`Other bits than alone: ${[...new Set(wrong)].join(', ')}`);
  return `${count} calls at once of ${Math.min(count, kinds.length)} kinds, to the bits of each alone`;
}
