import {
  arrayOr,
  ARRAY,
  FLAG,
  LIST,
  NUMBER,
  TEXT,
  callback,
  object,
  options,
  text,
  type Argument,
} from '../core/rules.js';
import type { asCloud, toArrow } from './interchange.js';
import type { readNpy } from './npy.js';
import type { readNpz, writeNpz } from './npz.js';
import type { readPng, writePng } from './png.js';
import type { readCloud } from './read.js';
import type { readRows } from './rows/read-rows.js';
import type { writeRows } from './rows/write-rows.js';
import type { readSafetensors, writeSafetensors } from './safetensors.js';
import type { writeAtomic, writeNpy, writeTextAtomic } from './write.js';

/** What part of a file is read, and how, by whole or by batches. */
const READING = {
  array: TEXT,
  columns: 1,
  decimal: TEXT,
  delimiter: TEXT,
  dropColumns: 1,
  dropMissing: FLAG,
  dtype: 1,
  format: TEXT,
  header: 1,
  imageShape: LIST,
  labelColumn: 1,
  labels: TEXT,
  share: object(['rank', 'size'], true),
  signal: 1,
} as const;

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  asCloud: { value: ARRAY, options: options<Argument<typeof asCloud, 1>>()({ dtype: 1 }, true) },
  ensureOutputFolder: { path: text() },
  readCloud: {
    path: text(),
    options: options<Argument<typeof readCloud, 1>>()(
      {
        ...READING,
        fill: 1,
      },
      true,
    ),
  },
  readNpy: { path: text(), options: options<Argument<typeof readNpy, 1>>()({ signal: 1 }, true) },
  readNpz: {
    path: text(),
    options: options<Argument<typeof readNpz, 1>>()({ names: LIST, signal: 1 }, true),
  },
  readPng: { path: text(), options: options<Argument<typeof readPng, 1>>()({ signal: 1 }, true) },
  readRows: {
    path: text(),
    options: options<Argument<typeof readRows, 1>>()(
      {
        ...READING,
        batch: NUMBER,
        fill: NUMBER,
      },
      true,
    ),
  },
  readSafetensors: {
    path: text(),
    options: options<Argument<typeof readSafetensors, 1>>()({ names: LIST, signal: 1 }, true),
  },
  toArrow: { points: ARRAY, options: options<Argument<typeof toArrow, 1>>()({ columns: LIST }, true) },
  toTensor: { array: ARRAY },
  writeAtomic: {
    path: text(),
    write: callback(),
    options: options<Argument<typeof writeAtomic, 2>>()({ signal: 1 }, true),
  },
  writeNpy: {
    path: text(),
    array: arrayOr(['data', 'shape']),
    options: options<Argument<typeof writeNpy, 2>>()(
      { share: object(['rank', 'size', 'exchange'], true), signal: 1 },
      true,
    ),
  },
  writeNpz: {
    path: text(),
    entries: object([]),
    options: options<Argument<typeof writeNpz, 2>>()({ compress: FLAG, signal: 1 }, true),
  },
  writePng: {
    path: text(),
    image: ARRAY,
    window: options<Argument<typeof writePng, 2>>()({ black: NUMBER, white: NUMBER }, true),
    options: options<Argument<typeof writePng, 3>>()({ signal: 1 }, true),
  },
  writeRows: {
    path: text(),
    options: options<Argument<typeof writeRows, 1>>()(
      { also: LIST, columns: LIST, dtype: 1, format: TEXT, labels: FLAG },
      true,
    ),
  },
  writeSafetensors: {
    path: text(),
    tensors: object([]),
    options: options<Argument<typeof writeSafetensors, 2>>()({ metadata: object([], true), signal: 1 }, true),
  },
  writeTextAtomic: {
    path: text(),
    text: text(),
    options: options<Argument<typeof writeTextAtomic, 2>>()({ signal: 1 }, true),
  },
};
