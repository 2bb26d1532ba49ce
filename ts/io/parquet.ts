import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { firstBytes, fileSize, checkMemory } from './source.js';
import { throwIfAborted } from '../core/options.js';
import { type CloudFile, type ReadCloudOptions, cloudFromColumns } from './cloud.js';
import { damaged, fileError, truncated } from './errors.js';
import { type NestedColumn, expandColumns } from './table.js';

const MAGIC = 'PAR1';
/** Text and numbers of a Parquet file can unfold to so many times its size by dictionaries and runs; more is refused. */
const MAX_EXPANSION = 200;

/** Reads a cloud from a Parquet file: numeric columns, or list columns of one length, are coordinates. */
export async function readParquet(path: string, options: ReadCloudOptions): Promise<CloudFile> {
  const size = await fileSize(path);
  const start = await firstBytes(path, 4);
  if (Buffer.from(start).toString('latin1') !== MAGIC)
    throw damaged(path, 'it does not begin like a Parquet file');
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  try {
    const file = await asyncBufferFromFile(path);
    const tail = Buffer.from(await file.slice(Math.max(0, size - 4), size)).toString('latin1');
    if (size < 12 || tail !== MAGIC) throw truncated(path, 'a Parquet file with its footer', size + 1, size);
    const metadata = await parquetMetadataAsync(file);
    const rows = Number(metadata.num_rows);
    const names = metadata.schema.slice(1).map(({ name }) => name);
    if (!Number.isSafeInteger(rows) || rows < 0 || rows * 8 > size * MAX_EXPANSION * 8) {
      throw damaged(path, `its footer claims ${metadata.num_rows} rows`);
    }
    checkMemory(rows * names.length * 16, path);
    throwIfAborted(options.signal);
    const objects = await parquetReadObjects({
      file,
      metadata,
      compressors: {
        GZIP: (input) => new Uint8Array(gunzipSync(input)),
        BROTLI: (input) => new Uint8Array(brotliDecompressSync(input)),
      },
    });
    throwIfAborted(options.signal);
    const fields = objects.length ? Object.keys(objects[0]) : names;
    const columns = fields.map((name): NestedColumn => ({
      name,
      length: objects.length,
      at: (row) => plain(objects[row][name]),
    }));
    return await cloudFromColumns(path, expandColumns(path, columns), options);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && 'details' in cause) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    if (/unsupported compression/i.test(message)) {
      throw fileError('UNSUPPORTED', {
        file: path,
        problem: message,
        remedy: 'Write it with Snappy, gzip or Brotli, or uncompressed',
        cause,
      });
    }
    throw damaged(path, `it cannot be read as Parquet (${message})`, cause);
  }
}

function plain(value: unknown): number | string | null | readonly (number | null)[] {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    return Array.from(value as unknown as ArrayLike<unknown>, (item) =>
      item === null || item === undefined ? null : Number(item),
    );
  }
  return `a value of type ${typeof value}`;
}
