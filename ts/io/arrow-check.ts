import { damaged, truncated } from './errors.js';

// Arrow's decoder believes the counts in the metadata of a file, which are FlatBuffers: a wrong one makes it build
// objects until memory ends. This walks over them first and checks that they stay within their bytes. Slots are those of
// Schema.fbs, Message.fbs and File.fbs of the format: https://arrow.apache.org/docs/format/Columnar.html

/** What a slot of a table refers to: elements of so many bytes, tables, or a table; scalars need no check. */
type Slot =
  | { elementBytes: number }
  | { tables: () => Spec }
  | { table: (flatbuffer: FlatBuffer, parent: number) => Spec };
type Spec = Readonly<Record<number, Slot>>;

const text: Slot = { elementBytes: 1 };
const pairs: Slot = { tables: () => ({ 0: text, 1: text }) };
const plain: Slot = { table: () => ({}) };
const timestamp: Spec = { 1: text };
const union: Spec = { 1: { elementBytes: 4 } };
const field: Spec = {
  0: text,
  3: { table: (buffer, parent) => ({ 10: timestamp, 14: union })[buffer.byte(parent, 2)] ?? {} },
  4: { table: () => ({ 1: plain }) },
  5: { tables: () => field },
  6: pairs,
};
const schema: Spec = { 1: { tables: () => field }, 2: pairs, 3: { elementBytes: 8 } };
const recordBatch: Spec = {
  1: { elementBytes: 16 },
  2: { elementBytes: 16 },
  3: plain,
  4: { elementBytes: 8 },
};
const dictionaryBatch: Spec = { 1: { table: () => recordBatch } };
const HEADERS: Readonly<Record<number, Spec>> = { 1: schema, 2: dictionaryBatch, 3: recordBatch };
const message: Spec = {
  2: { table: (buffer, parent) => HEADERS[buffer.byte(parent, 1)] ?? fail('an unknown message') },
  4: pairs,
};
/** Bytes of a message in the list of a footer: where it begins (64 bits), its metadata (32, padded), its body (64). */
export const BLOCK_BYTES = 24;
const footer: Spec = {
  1: { table: () => schema },
  2: { elementBytes: BLOCK_BYTES },
  3: { elementBytes: BLOCK_BYTES },
  4: pairs,
};

const MAX_DEPTH = 64;
const CONTINUATION = 0xffffffff;

/** Checks the metadata of a whole stream. Throws FILE_FORMAT or FILE_TRUNCATED. */
export function checkArrowStream(bytes: Uint8Array, path: string): void {
  for (let at = 0; at < bytes.length;) {
    const next = checkMessage(bytes, at, path);
    if (next === undefined) return;
    at = next;
  }
}

/** Checks the metadata of a whole file: its footer, and the messages that the footer refers to. */
export function checkArrowFile(bytes: Uint8Array, path: string): void {
  const end = bytes.length - 10;
  const length = viewOf(bytes).getInt32(end, true);
  if (length <= 0 || length > end - 8) throw damaged(path, `its footer claims ${length} bytes`);
  const buffer = new FlatBuffer(bytes.subarray(end - length, end));
  inFile(path, () => {
    const root = buffer.checkRoot(footer);
    // The slots of the footer have the numbers of the messages that they list.
    for (const kind of [2, 3]) {
      const { start, count } = buffer.vector(root, kind, BLOCK_BYTES);
      for (let i = 0; i < count; i++) {
        if (checkMessage(bytes, buffer.long(start + i * BLOCK_BYTES), path, kind) === undefined)
          fail('no message');
      }
    }
  });
}

/** The kinds of messages that hold columns. */
export const ARROW_DICTIONARY = 2;
export const ARROW_ROWS = 3;

/** What the metadata of one message says, without what precedes them: its kind, how many bytes follow, and its rows. */
export function checkArrowMetadata(
  metadata: Uint8Array,
  path: string,
): { kind: number; body: number; rows: number } {
  const buffer = new FlatBuffer(metadata);
  return inFile(path, () => {
    const root = buffer.checkRoot(message);
    const kind = buffer.byte(root, 1);
    return { kind, body: bodyOf(buffer, root), rows: kind === ARROW_ROWS ? rowsIn(buffer, root) : 0 };
  });
}

function rowsIn(buffer: FlatBuffer, root: number): number {
  const batch = buffer.field(root, 2);
  const at = batch === undefined ? undefined : buffer.field(buffer.target(batch), 0);
  const rows = at === undefined ? 0 : buffer.long(at);
  return Number.isSafeInteger(rows) && rows >= 0 ? rows : fail(`${rows} rows`);
}

/** A list of messages in the footer of a file. */
export interface ArrowBlocks {
  /** Where in the footer the list begins, behind its count (32 bits): {@link BLOCK_BYTES} for each message. */
  start: number;
  /** Where in the file each message begins. */
  places: number[];
}

/** The messages of one kind that the footer of a file lists. */
export function arrowBlocks(footerBytes: Uint8Array, kind: number, path: string): ArrowBlocks {
  const buffer = new FlatBuffer(footerBytes);
  return inFile(path, () => {
    const { start, count } = buffer.vector(buffer.checkRoot(footer), kind, BLOCK_BYTES);
    const places = Array.from({ length: count }, (_, i) => buffer.long(start + i * BLOCK_BYTES));
    return { start, places };
  });
}

function bodyOf(buffer: FlatBuffer, root: number): number {
  const at = buffer.field(root, 3);
  const body = at === undefined ? 0 : buffer.long(at);
  return body < 0 ? fail(`a body of ${body} bytes`) : body;
}

/** Checks the message at `at`; returns where the next begins, or undefined where this one ends the stream. */
function checkMessage(bytes: Uint8Array, at: number, path: string, kind?: number): number | undefined {
  const view = viewOf(bytes);
  if (at + 8 > bytes.length) throw truncated(path, 'Arrow messages', at + 8, bytes.length);
  // Before version 0.15 the length came first.
  const start = view.getUint32(at, true) === CONTINUATION ? at + 8 : at + 4;
  const length = view.getInt32(start - 4, true);
  if (length === 0) return undefined;
  if (length < 0) throw damaged(path, `an Arrow message at byte ${at} claims ${length} bytes`);
  if (start + length > bytes.length) throw truncated(path, 'Arrow messages', start + length, bytes.length);
  const buffer = new FlatBuffer(bytes.subarray(start, start + length));
  return inFile(path, () => {
    const root = buffer.checkRoot(message);
    if (kind !== undefined && buffer.byte(root, 1) !== kind) fail('a message of another kind');
    const next = start + length + bodyOf(buffer, root);
    if (next > bytes.length) throw truncated(path, 'Arrow messages', next, bytes.length);
    return next;
  });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Gives errors of the walk, and reads out of bounds, the name of the file. */
function inFile<T>(path: string, walk: () => T): T {
  try {
    return walk();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw damaged(path, `its Arrow metadata refers to what it does not hold (${cause.message})`, cause);
  }
}

function fail(what: string): never {
  throw new RangeError(what);
}

/** A FlatBuffer. Every read outside its bytes throws a RangeError. */
class FlatBuffer {
  readonly #view: DataView;
  #tables = 0;

  constructor(bytes: Uint8Array) {
    this.#view = viewOf(bytes);
  }

  /** Checks everything that the root table refers to; returns where it is. */
  checkRoot(spec: Spec): number {
    const root = this.#view.getUint32(0, true);
    this.#checkTable(root, spec, 0);
    return root;
  }

  /** Where a field of a table is, or undefined where the table does not have it. */
  field(table: number, slot: number): number | undefined {
    const vtable = table - this.#view.getInt32(table, true);
    const entry = 4 + 2 * slot;
    if (entry >= this.#view.getUint16(vtable, true)) return undefined;
    const offset = this.#view.getUint16(vtable + entry, true);
    return offset === 0 ? undefined : table + offset;
  }

  byte(table: number, slot: number): number {
    const at = this.field(table, slot);
    return at === undefined ? 0 : this.#view.getUint8(at);
  }

  long(at: number): number {
    return Number(this.#view.getBigInt64(at, true));
  }

  /** Where the elements of a vector begin, and how many there are. */
  vector(table: number, slot: number, elementBytes: number): { start: number; count: number } {
    const at = this.field(table, slot);
    if (at === undefined) return { start: 0, count: 0 };
    const start = this.target(at) + 4;
    const count = this.#view.getUint32(start - 4, true);
    if (start + count * elementBytes > this.#view.byteLength) fail(`a list of ${count} elements`);
    return { start, count };
  }

  /** What the offset at `at` refers to. */
  target(at: number): number {
    return at + this.#view.getUint32(at, true);
  }

  #checkTable(table: number, spec: Spec, depth: number): void {
    // Tables may be shared, so that few bytes can describe a tree without end.
    if (depth > MAX_DEPTH || ++this.#tables > this.#view.byteLength)
      fail('more tables than there is room for');
    for (const [key, slot] of Object.entries(spec)) {
      const at = this.field(table, Number(key));
      if (at === undefined) continue;
      if ('table' in slot) this.#checkTable(this.target(at), slot.table(this, table), depth + 1);
      else if ('elementBytes' in slot) this.vector(table, Number(key), slot.elementBytes);
      else {
        const { start, count } = this.vector(table, Number(key), 4);
        for (let i = 0; i < count; i++)
          this.#checkTable(this.target(start + 4 * i), slot.tables(), depth + 1);
      }
    }
  }
}
