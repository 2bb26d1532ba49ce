import { RandomStream } from '../../ts/core/random.js';

// Damage to files, of the kinds that break readers: single bits, hostile numbers where lengths and counts stand, pieces
// moved, repeated and lost, words of the format in wrong places, and values of another type in JSON. A case is a function
// of its number alone, so that a finding can be made again.

/** Random choices, the same for the same number. */
export class Dice {
  readonly #stream: RandomStream;
  #position = 0;

  constructor(number: number) {
    this.#stream = new RandomStream(number, 'sample');
  }

  /** A whole number from 0 to n − 1. */
  below(n: number): number {
    return Math.floor(this.#stream.uniform(this.#position++) * n);
  }

  chance(probability: number): boolean {
    return this.#stream.uniform(this.#position++) < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
}

/** A part of a file that is mutated by its own rules. */
export interface Part {
  kind: 'bytes' | 'text' | 'json';
  bytes: Buffer;
}

/** A file as a writer makes it: parts, and what puts lengths, checksums and compression around them. */
export interface SeedFile {
  parts: readonly Part[];
  pack: (parts: readonly Buffer[]) => Buffer;
}

export const bytesPart = (bytes: Uint8Array): Part => ({ kind: 'bytes', bytes: Buffer.from(bytes) });
export const textPart = (text: string): Part => ({ kind: 'text', bytes: Buffer.from(text) });
export const jsonPart = (text: string): Part => ({ kind: 'json', bytes: Buffer.from(text) });

/** A file that is its one part. */
export const plain = (part: Part): SeedFile => ({ parts: [part], pack: (parts) => Buffer.concat(parts) });

const INTEGERS = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
].map(BigInt);
const LARGE = [2n ** 53n, 2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];
const NUMBERS = [
  ...['-1', '0', '1e999', '-1e999', 'NaN', '1e-400', '1e400', '4294967295', '2147483648', '9007199254740993'],
  ...['18446744073709551616', '0x10', '1,5', '١', '1_000', '--1', '1e', '.', '-'],
];
const WORDS = [
  ...[
    '\0',
    '\n',
    '\r',
    '"',
    "'",
    ',',
    ';',
    '\t',
    '{',
    '}',
    '[',
    ']',
    '\\',
    '../',
    '/etc/hostname',
    '__proto__',
  ],
  ...['constructor', 'toString', '\u{1F600}', '\ufeff', '\xff\xfe', '# ', '%', 'null', 'true'],
];

/** One to three changes of a part. */
export function mutate(part: Part, others: readonly Part[], dice: Dice): Buffer {
  let { bytes } = part;
  for (let changes = 1 + (dice.chance(0.5) ? 0 : dice.below(3)); changes > 0; changes--) {
    if (part.kind === 'json' && dice.chance(0.7)) bytes = mutateJson(bytes, dice);
    else if (part.kind !== 'bytes' && dice.chance(0.5)) bytes = mutateText(bytes, dice);
    else bytes = mutateBytes(bytes, others, dice);
  }
  return bytes;
}

function mutateBytes(whole: Buffer, others: readonly Part[], dice: Dice): Buffer {
  if (whole.length === 0) return Buffer.from([dice.below(256)]);
  const bytes = Buffer.from(whole);
  const at = dice.below(bytes.length);
  const length = 1 + dice.below(dice.chance(0.8) ? 16 : bytes.length);
  const piece = bytes.subarray(at, at + length);
  switch (dice.below(8)) {
    case 0:
      bytes[at] ^= 1 << dice.below(8);
      return bytes;
    case 1:
    case 2:
      return writeInteger(bytes, at, dice);
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 5: {
      const times = dice.chance(0.9) ? 1 : 200;
      return Buffer.concat([bytes.subarray(0, at), ...Array<Buffer>(times).fill(piece), bytes.subarray(at)]);
    }
    case 6: {
      const other = dice.pick(others).bytes;
      const from = dice.below(other.length + 1);
      return Buffer.concat([
        bytes.subarray(0, at),
        other.subarray(from, from + length),
        bytes.subarray(dice.chance(0.5) ? at : at + length),
      ]);
    }
    default:
      bytes[at] = dice.below(256);
      return bytes;
  }
}

/** Puts a hostile whole number, or one near what stands there, where a count, a length or an offset may stand. */
function writeInteger(bytes: Buffer, anywhere: number, dice: Dice): Buffer {
  const width = dice.pick([1, 2, 4, 4, 8]);
  const at = dice.chance(0.5) ? anywhere : anywhere - (anywhere % width);
  if (at + width > bytes.length) return bytes;
  const bits = BigInt(8 * width);
  const little = dice.chance(0.7);
  let value = 0n;
  for (let k = 0; k < width; k++) value = (value << 8n) | BigInt(bytes[at + (little ? width - 1 - k : k)]);
  const change = BigInt(1 + dice.below(8));
  const next = dice.chance(0.4)
    ? value + (dice.chance(0.5) ? change : -change)
    : dice.pick(width === 8 ? [...INTEGERS, ...LARGE] : INTEGERS);
  let rest = BigInt.asUintN(Number(bits), next);
  for (let k = 0; k < width; k++, rest >>= 8n) bytes[at + (little ? k : width - 1 - k)] = Number(rest & 255n);
  return bytes;
}

/** Changes a number, a line or a word of a text. */
function mutateText(bytes: Buffer, dice: Dice): Buffer {
  const text = bytes.toString('latin1');
  const choice = dice.below(4);
  if (choice === 0) {
    const numbers = [...text.matchAll(/-?\d+(\.\d+)?/g)];
    if (numbers.length > 0) {
      const { index, 0: found } = dice.pick(numbers);
      const value = Buffer.from(dice.pick(NUMBERS)).toString('latin1');
      return Buffer.from(text.slice(0, index) + value + text.slice(index + found.length), 'latin1');
    }
  }
  if (choice === 1) {
    const lines = text.split('\n');
    const line = dice.below(lines.length);
    if (dice.chance(0.5)) lines.splice(line, 1);
    else lines.splice(line, 0, dice.pick(lines));
    return Buffer.from(lines.join('\n'), 'latin1');
  }
  const at = dice.below(text.length + 1);
  const word = Buffer.from(dice.pick(choice === 2 ? WORDS : NUMBERS)).toString('latin1');
  return Buffer.from(
    text.slice(0, at) + word + text.slice(at + (dice.chance(0.5) ? 0 : word.length)),
    'latin1',
  );
}

const VALUES: readonly unknown[] = [
  ...[null, true, -1, 0, 1.5, 1e308, 2 ** 31, 2 ** 53, 1e15, '', 'x', '__proto__', '../x', '[]', [], {}],
  ...[[[[[]]]], [null], [-1], [0, 0], [2 ** 40, 2 ** 40], { length: 3 }, { __proto__x: 1 }],
];

/** Puts a value of another kind at one place of a JSON text, takes one away, or gives it another's name or value. */
function mutateJson(bytes: Buffer, dice: Dice): Buffer {
  let root: unknown;
  try {
    root = JSON.parse(bytes.toString());
  } catch {
    return mutateText(bytes, dice); // an earlier change has made it no JSON
  }
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const visit = (holder: Record<string, unknown>) => {
    for (const key of Object.keys(holder)) {
      places.push({ holder, key });
      const value = holder[key];
      if (typeof value === 'object' && value !== null) visit(value as Record<string, unknown>);
    }
  };
  if (typeof root === 'object' && root !== null) visit(root as Record<string, unknown>);
  if (places.length === 0) return Buffer.from(JSON.stringify(dice.pick(VALUES)));
  const { holder, key } = dice.pick(places);
  const other = dice.pick(places);
  switch (dice.below(5)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 1: {
      // A copy: the text has no circle.
      holder[key] = structuredClone(other.holder[other.key]);
      break;
    }
    case 2:
      if (!Array.isArray(holder)) {
        const name = dice.chance(0.5)
          ? other.key
          : dice.pick(['__proto__', 'constructor', '', '0', 'length']);
        Object.defineProperty(holder, name, { value: holder[key], enumerable: true, configurable: true });
      } else holder.push(structuredClone(holder[Number(key)]));
      break;
    default:
      holder[key] = dice.pick(VALUES);
  }
  return Buffer.from(JSON.stringify(root));
}
