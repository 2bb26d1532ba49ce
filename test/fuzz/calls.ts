import { loadAddon } from '../../ts/kernel/native/addon.js';
import { type CallTemplate, recordCalls } from './call-templates.js';
import { Dice } from './mutate.js';
import type { Outcome } from './outcome.js';

// Hostile calls of the addon itself: what the library hands to it, with a thing or two exchanged. Whatever comes, the
// process lives, and what is refused is refused with an Error.

/** Milliseconds after which a kernel is asked to stop; the library's promise to stop is part of the test. */
const STOP = 1500;

const SCALARS: readonly unknown[] = [
  ...[
    undefined,
    null,
    true,
    NaN,
    Infinity,
    -Infinity,
    -1,
    0,
    -0,
    1,
    1.5,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 53,
  ],
  ...[1e308, 5e-324, -1e-3, 3, 7, 1e6, '', '3', 'x', 3n, [], {}, () => 1, Symbol('s')],
];

function hostileArray(of: unknown, dice: Dice): unknown {
  const length = ArrayBuffer.isView(of) && 'length' in of ? Number(of.length) : 4;
  const shorter = dice.pick([0, 1, Math.max(0, length - 1), length >> 1]);
  switch (dice.below(9)) {
    case 0:
      return new Float32Array(shorter);
    case 1:
      return new Float64Array(dice.chance(0.5) ? length : shorter);
    case 2:
      return new Int32Array(length).fill(dice.pick([-1, 0, 2 ** 31 - 1, -(2 ** 31), length]));
    case 3: {
      const array = new Float32Array(length);
      structuredClone(array.buffer, { transfer: [array.buffer] });
      return array; // its memory is gone
    }
    case 4:
      return new Float32Array(new SharedArrayBuffer(4 * length));
    case 5: {
      const array = of instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
      return array.fill(dice.pick([NaN, Infinity, -Infinity, 1e38, 3e-39, -1, 1e308, 0]));
    }
    case 6: {
      const buffer = new ArrayBuffer(8 * length);
      const views = [
        new Uint8Array(buffer),
        new Int16Array(buffer),
        new BigInt64Array(buffer),
        new DataView(buffer),
      ];
      return dice.pick<unknown>([...views, buffer, new Uint32Array(buffer)]);
    }
    case 7:
      return Array.from({ length: 3 }, () => 1);
    default:
      return dice.pick(SCALARS);
  }
}

/** The template's argument with one to three of its parts exchanged. */
function hostileArgument({ argument }: CallTemplate, dice: Dice): unknown {
  if (typeof argument !== 'object' || argument === null || ArrayBuffer.isView(argument) || dice.chance(0.02))
    return hostileArray(argument, dice);
  const changed = structuredClone(argument) as Record<string, unknown>;
  const values = { ...changed };
  const keys = Object.keys(changed);
  const put = (key: string, value: unknown) =>
    Object.defineProperty(changed, key, { value, configurable: true, enumerable: true, writable: true });
  for (let changes = 1 + dice.below(3); changes > 0; changes--) {
    const key = dice.pick(keys);
    const value = values[key];
    if (dice.chance(0.1)) delete changed[key];
    else if (dice.chance(0.05)) {
      Object.defineProperty(changed, key, {
        configurable: true,
        enumerable: true,
        get: () => {
          throw new Error('a getter that throws');
        },
      });
    } else if (Array.isArray(value) && dice.chance(0.7)) {
      const list: unknown[] = [...(value as unknown[])];
      list[dice.below(list.length + 1)] = hostileArray(list[0], dice);
      put(key, list);
    } else put(key, ArrayBuffer.isView(value) ? hostileArray(value, dice) : dice.pick(SCALARS));
  }
  return changed;
}

let templates: Promise<CallTemplate[]> | undefined;

/** Makes call `number`, and waits for its end. */
export async function hostileCall(number: number): Promise<Outcome> {
  templates ??= recordCalls();
  const dice = new Dice(number);
  const template = dice.pick(await templates);
  const argument = hostileArgument(template, dice);
  const control = new Int32Array(2);
  if (
    typeof argument === 'object' &&
    argument !== null &&
    !ArrayBuffer.isView(argument) &&
    dice.chance(0.95)
  ) {
    Object.defineProperty(argument, 'control', { value: control, configurable: true, enumerable: true });
  }
  const addon = loadAddon() as unknown as Record<string, (argument: unknown) => unknown>;
  const timer = setTimeout(() => Atomics.store(control, 0, 1), STOP);
  try {
    await addon[template.name](argument);
    return { code: 'computed' };
  } catch (error) {
    if (error instanceof Error) return { code: error.name };
    return { finding: `${template.name} threw ${typeof error}` };
  } finally {
    clearTimeout(timer);
  }
}
