import { basename } from 'node:path';
import { invalidArgument } from '../core/errors.js';
import type { CloudFormat } from './cloud.js';
import { fileError, truncated } from './errors.js';
import { isIdx } from './idx.js';
import { fileSize, firstBytes } from './source.js';

/** How a file is to be read. */
export interface FileFormat {
  format: CloudFormat;
  gzip: boolean;
}

const ENDINGS: [pattern: RegExp, format: CloudFormat][] = [
  [/\.npy$/i, 'npy'],
  [/\.npz$/i, 'npz'],
  [/\.(csv|tsv|txt)$/i, 'csv'],
  [/\.(json|jsonl|ndjson)$/i, 'json'],
  [/\.safetensors$/i, 'safetensors'],
  [/\.(arrow|arrows|feather|ipc)$/i, 'arrow'],
  [/\.(parquet|pq)$/i, 'parquet'],
  [/(\.idx|[-.]idx\d-ubyte|\.idx\d)$/i, 'idx'],
];

/** What a file of each format begins with, where that is a fixed text. */
const MAGIC: [start: string, format: CloudFormat][] = [
  ['\x93NUMPY', 'npy'],
  ['PK\x03\x04', 'npz'],
  ['PK\x05\x06', 'npz'],
  ['ARROW1\0\0', 'arrow'],
  ['\xff\xff\xff\xff', 'arrow'],
  ['PAR1\x15', 'parquet'],
];

/** Every format, and whether it is read inside gzip too. */
const GZIPPED: Readonly<Record<CloudFormat, boolean>> = {
  npy: true,
  npz: false,
  csv: true,
  json: true,
  arrow: false,
  parquet: false,
  safetensors: false,
  idx: true,
};
const FORMATS = Object.keys(GZIPPED);

/**
 * The format of a file by the ending of its name, which its first bytes must not contradict; by its first bytes where
 * the ending says nothing. Throws FILE_NOT_FOUND, FILE_FORMAT, FILE_TRUNCATED for no bytes at all, UNSUPPORTED.
 */
export async function detectFormat(path: string, given?: CloudFormat): Promise<FileFormat> {
  if (given !== undefined && !FORMATS.includes(given)) {
    throw invalidArgument('format', `one of ${FORMATS.join(', ')}`, given);
  }
  const size = await fileSize(path);
  const raw = await firstBytes(path, 16);
  const gzip = raw[0] === 0x1f && raw[1] === 0x8b;
  const start = gzip ? await firstBytes(path, 16, true) : raw;
  const byName =
    given ?? ENDINGS.find(([pattern]) => pattern.test(basename(path).replace(/\.gz$/i, '')))?.[1];
  const byBytes = formatOf(start);
  if (size === 0 && byName !== 'csv') throw truncated(path, 'content', 1, 0);
  if (byName && byBytes && byName !== byBytes) {
    throw fileError('FILE_FORMAT', {
      file: path,
      problem: `expected ${byName}${given ? '' : ', after its name,'} but received ${byBytes}, after its first bytes`,
      remedy: given ? 'Give the format that it has' : 'Rename it, or name its format with the option format',
    });
  }
  const format = byName ?? byBytes ?? (isText(start) ? textFormat(start) : undefined);
  if (format !== 'csv') refuseFeather1(path, start);
  if (!format) {
    throw fileError('UNSUPPORTED', {
      file: path,
      problem: 'neither the ending of its name nor its first bytes are those of a known format',
      remedy:
        'Known are .npy, .npz, .csv, .tsv, .txt, .json, .jsonl (also .gz), Arrow IPC, Parquet, .safetensors and IDX (also .gz)',
    });
  }
  if (gzip && !GZIPPED[format]) {
    throw fileError('UNSUPPORTED', {
      file: path,
      problem: `${format} inside gzip is not supported`,
      remedy: 'Decompress it first',
    });
  }
  return { format, gzip };
}

function formatOf(start: Uint8Array): CloudFormat | undefined {
  const text = Buffer.from(start).toString('latin1');
  return MAGIC.find(([magic]) => text.startsWith(magic))?.[1] ?? (isIdx(start) ? 'idx' : undefined);
}

/** JSON begins with a bracket or a brace. */
function textFormat(start: Uint8Array): CloudFormat {
  return /^(\ufeff|\s)*[[{]/.test(Buffer.from(start).toString('utf8')) ? 'json' : 'csv';
}

function isText(start: Uint8Array): boolean {
  return start.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

/** Version 1 of Feather has the endings of version 2, which is Arrow IPC, but nothing else of it. */
function refuseFeather1(path: string, start: Uint8Array): void {
  if (!Buffer.from(start).toString('latin1').startsWith('FEA1')) return;
  throw fileError('UNSUPPORTED', {
    file: path,
    problem: 'it is in version 1 of the Feather format',
    remedy: 'Write it as version 2',
  });
}
