import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Dice, mutate, type SeedFile } from './mutate.js';

/** The files of one thing to read, by their names in a folder; the first is what a reader is given. */
export type Seed = Readonly<Record<string, SeedFile>>;

/** The same, as bytes. */
export type CaseFiles = Record<string, Buffer>;

/** Every bit of a file up to this many bytes is turned once before anything else is tried. */
const EXHAUSTIVE = 1024;
/** Cases from here on are mutations, whatever the sizes of the seeds. */
export const FAR = 1e9;

/** The seed's files, whole. */
export function wholeFiles(seed: Seed): CaseFiles {
  return Object.fromEntries(
    Object.entries(seed).map(([name, { parts, pack }]) => [name, pack(parts.map(({ bytes }) => bytes))]),
  );
}

/** How many cases turn the single bits of the seeds, before the random ones. */
export function exhaustiveCases(seeds: readonly Seed[]): number {
  return seeds.reduce(
    (sum, seed) => sum + flippable(wholeFiles(seed)).reduce((n, [, bits]) => n + bits, 0),
    0,
  );
}

function flippable(files: CaseFiles): [name: string, bits: number][] {
  return Object.entries(files)
    .filter(([, bytes]) => bytes.length <= EXHAUSTIVE)
    .map(([name, bytes]) => [name, 8 * bytes.length]);
}

/**
 * Case `number` of these seeds: first every single bit of the small files, then mutations without end; from `FAR` on
 * mutations only, for short runs. */
export function caseOf(seeds: readonly Seed[], number: number): CaseFiles {
  if (number >= FAR) return randomCase(seeds, number);
  let rest = number;
  for (const seed of seeds) {
    const files = wholeFiles(seed);
    for (const [name, bits] of flippable(files)) {
      if (rest < bits) {
        files[name] = Buffer.from(files[name]);
        files[name][rest >> 3] ^= 1 << (rest & 7);
        return files;
      }
      rest -= bits;
    }
  }
  return randomCase(seeds, number);
}

/** Mutation `number` of these seeds. */
function randomCase(seeds: readonly Seed[], number: number): CaseFiles {
  const dice = new Dice(number);
  const seed = dice.pick(seeds);
  const files = wholeFiles(seed);
  const name = dice.pick(Object.keys(seed));
  const { parts, pack } = seed[name];
  const others = seeds.flatMap((other) => Object.values(other)).flatMap((file) => file.parts);
  // Outside, the damage is what checksums and lengths find; inside, what they do not.
  if (dice.chance(0.4)) {
    const kind = parts.length === 1 ? parts[0].kind : 'bytes';
    files[name] = mutate({ kind, bytes: files[name] }, others, dice);
    return files;
  }
  const bytes = parts.map((part) => part.bytes);
  const at = dice.below(parts.length);
  const place = dice.below(10);
  if (place === 0) bytes.splice(at, 1);
  else if (place === 1) bytes.splice(at, 0, dice.pick(bytes));
  else bytes[at] = mutate(parts[at], others, dice);
  files[name] = pack(bytes);
  return files;
}

/** Writes a case into a folder; returns the path of the file to read. */
export function writeCase(folder: string, files: CaseFiles): string {
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  return join(folder, Object.keys(files)[0]);
}
