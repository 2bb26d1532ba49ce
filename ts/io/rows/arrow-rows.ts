import { type FileHandle, open } from 'node:fs/promises';
import { arrowTable } from '../arrow.js';
import {
  ARROW_DICTIONARY,
  ARROW_ROWS,
  type ArrowBlocks,
  BLOCK_BYTES,
  arrowBlocks,
  checkArrowMetadata,
} from '../arrow-check.js';
import { damaged, fileError, readError, truncated } from '../errors.js';
import { fileSize } from '../source.js';
import type { Table, TableColumn } from '../table-sink.js';

const MAGIC = Buffer.from('ARROW1\0\0', 'latin1');
const CONTINUATION = 0xffffffff;
const END_OF_STREAM = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/** A message of an Arrow file. */
interface Message {
  kind: number;
  rows: number;
  /** Where it begins, and where the next one does. */
  at: number;
  next: number;
}

/** Which record batches are wanted, of which the first row and the number of rows are given. */
type Wanted = (firstRow: number, rows: number) => boolean;

/**
 * The record batches of an Arrow IPC file or stream, each a table: what is held is one of them and the dictionaries. With
 * `rows` those that hold any of these rows; the others are not read. Throws FILE_FORMAT, FILE_TRUNCATED.
 */
export async function* arrowParts(path: string, rows?: { from: number; to: number }): AsyncGenerator<Table> {
  let firstRow = 0;
  const wanted: Wanted = (first, count) => {
    const isWanted = !rows || (first < rows.to && first + count > rows.from);
    if (isWanted) firstRow = first;
    return isWanted;
  };
  let columns: TableColumn[] | undefined;
  for await (const bytes of batches(path, wanted)) {
    // Values are read in place: their storage must begin at a multiple of their size.
    const table = await arrowTable(Uint8Array.from(bytes), path, firstRow, columns);
    columns = table.columns;
    yield table;
  }
}

/** How many rows an Arrow IPC file or stream has, by the heads of its record batches. */
export async function arrowRowCount(path: string): Promise<number> {
  let total = 0;
  const count: Wanted = (_, rows) => {
    total += rows;
    return false;
  };
  const none = batches(path, count);
  while (!(await none.next()).done);
  return total;
}

/** The wanted record batches, each as a file or a stream of its own; where there are none at all, one without rows. */
async function* batches(path: string, wanted: Wanted): AsyncGenerator<Buffer> {
  const size = await fileSize(path);
  const handle = await open(path).catch((cause: unknown) => {
    throw readError(cause, path);
  });
  try {
    const file = { handle, path, size };
    const isFile = Buffer.from(await bytesAt(file, 0, Math.min(size, 8))).equals(MAGIC);
    yield* isFile ? partsOfFile(file, wanted) : partsOfStream(file, wanted);
  } finally {
    await handle.close();
  }
}

interface OpenedFile {
  handle: FileHandle;
  path: string;
  size: number;
}

async function bytesAt(
  { handle, path, size }: OpenedFile,
  start: number,
  length: number,
): Promise<Uint8Array> {
  if (!(start >= 0)) throw damaged(path, `it refers to byte ${start}`);
  if (start + length > size) throw truncated(path, 'Arrow messages', start + length, size);
  const bytes = new Uint8Array(length);
  const { bytesRead } = await handle.read(bytes, 0, length, start);
  if (bytesRead < length) throw truncated(path, 'Arrow messages', start + length, start + bytesRead);
  return bytes;
}

/** The message at a byte; undefined where the stream ends there. */
async function messageAt(file: OpenedFile, at: number): Promise<Message | undefined> {
  if (at === file.size) return undefined;
  const prefix = Buffer.from(await bytesAt(file, at, 8));
  // Before version 0.15 the length came first.
  const before = prefix.readUInt32LE(0) === CONTINUATION ? 8 : 4;
  const length = prefix.readInt32LE(before - 4);
  if (length === 0) return undefined;
  if (length < 0) throw damaged(file.path, `an Arrow message at byte ${at} claims ${length} bytes`);
  const metadata = await bytesAt(file, at + before, length);
  const { kind, body, rows } = checkArrowMetadata(metadata, file.path);
  return { kind, rows, at, next: at + before + length + body };
}

/** A message as it stands in the file. */
function messageBytes(file: OpenedFile, { at, next }: Message): Promise<Uint8Array> {
  return bytesAt(file, at, next - at);
}

/** Every wanted record batch as a stream of its own; one without any where there are none. */
async function* partsOfStream(file: OpenedFile, wanted: Wanted): AsyncGenerator<Buffer> {
  const first = await messageAt(file, 0);
  if (!first) throw damaged(file.path, 'it ends before its schema');
  const schema = await messageBytes(file, first);
  const dictionaries: Uint8Array[] = [];
  let [count, firstRow] = [0, 0];
  for (let at = first.next; ;) {
    const message = await messageAt(file, at);
    if (!message) break;
    at = message.next;
    if (message.kind === ARROW_DICTIONARY) dictionaries.push(await messageBytes(file, message));
    if (message.kind !== ARROW_ROWS) continue;
    count++;
    if (wanted(firstRow, message.rows))
      yield Buffer.concat([schema, ...dictionaries, await messageBytes(file, message), END_OF_STREAM]);
    firstRow += message.rows;
  }
  if (count === 0) yield Buffer.concat([schema, END_OF_STREAM]);
}

/** Every wanted record batch as a file of its own, whose footer lists it alone; one without any where there are none. */
async function* partsOfFile(file: OpenedFile, wanted: Wanted): AsyncGenerator<Buffer> {
  const { path } = file;
  const { footer, tail } = await footerOf(file);
  const dictionaries = arrowBlocks(footer, ARROW_DICTIONARY, path);
  const rows = arrowBlocks(footer, ARROW_ROWS, path);
  const sizes = rows.places.map((_, i) => {
    const at = rows.start + i * BLOCK_BYTES;
    return Buffer.from(footer.subarray(at + 8, at + BLOCK_BYTES));
  });
  const parts: Uint8Array[] = [MAGIC];
  let end = MAGIC.length;
  const listed = async (at: number, kind: number) => {
    const message = await messageAt(file, at);
    if (message?.kind !== kind) throw damaged(path, 'its footer lists messages of another kind');
    return message;
  };
  /** Adds the message to the file, and to its footer as number `index` of those of its kind. */
  const add = async (message: Message, { start }: ArrowBlocks, index: number) => {
    footer.writeBigInt64LE(BigInt(end), start + index * BLOCK_BYTES);
    const bytes = await messageBytes(file, message);
    parts.push(bytes);
    end += bytes.length;
  };
  for (const [i, at] of dictionaries.places.entries())
    await add(await listed(at, ARROW_DICTIONARY), dictionaries, i);
  if (rows.start > 0) footer.writeUInt32LE(Math.min(1, rows.places.length), rows.start - 4);
  let firstRow = 0;
  for (const [i, at] of rows.places.entries()) {
    const message = await listed(at, ARROW_ROWS);
    if (wanted(firstRow, message.rows)) {
      const before = end;
      sizes[i].copy(footer, rows.start + 8);
      await add(message, rows, 0);
      yield Buffer.concat([...parts, END_OF_STREAM, footer, tail]);
      parts.pop();
      end = before;
    }
    firstRow += message.rows;
  }
  if (rows.places.length === 0) yield Buffer.concat([...parts, END_OF_STREAM, footer, tail]);
}

async function footerOf(file: OpenedFile): Promise<{ footer: Buffer; tail: Buffer }> {
  const { path, size } = file;
  const tail = Buffer.from(await bytesAt(file, Math.max(0, size - 10), Math.min(size, 10)));
  if (!tail.subarray(4).equals(MAGIC.subarray(0, 6))) {
    throw fileError('FILE_TRUNCATED', {
      file: path,
      problem: `expected ARROW1 at its end, but its ${size} bytes end without`,
      remedy: 'It is cut short: copy or download it again',
      details: { actual: size },
    });
  }
  const length = tail.readInt32LE(0);
  if (length <= 0 || length > size - 18) throw damaged(path, `its footer claims ${length} bytes`);
  return { footer: Buffer.from(await bytesAt(file, size - 10 - length, length)), tail };
}
