import { existsSync } from 'node:fs';
import type { ReadCloudOptions } from './cloud.js';
import { fileError } from './errors.js';
import { LABEL_NAMES } from './labels.js';
import { readNpyHeader } from './npy-header.js';
import type { LabelChoice } from './roles.js';
import { openZipEntry, type ZipEntry } from './zip-read.js';

/** Names that mark an array as the points, in order of preference. */
export const POINT_NAMES = ['points', 'X', 'x', 'data', 'positions', 'start'];

type Entries = ReadonlyMap<string, ZipEntry>;

/** Name of the array of points in a .npz file: the one asked for, one of the usual names, or the first with two axes. */
export async function pointEntry(
  path: string,
  entries: Entries,
  wanted: string | undefined,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (wanted !== undefined) {
    if (entries.has(wanted)) return wanted;
    throw noSuchArray(path, entries, wanted, 'array');
  }
  if (entries.has('indptr') && entries.has('indices')) {
    throw fileError('UNSUPPORTED', {
      file: path,
      problem: 'it holds a sparse matrix',
      remedy: 'Save the dense array (in SciPy: matrix.toarray())',
    });
  }
  const usual = POINT_NAMES.filter((name) => entries.has(name));
  const others = [...entries.keys()].filter((name) => !usual.includes(name));
  const numeric: string[] = [];
  for (const name of [...usual, ...others]) {
    const source = await openZipEntry(path, entries.get(name)!, signal);
    try {
      // Texts and objects are no points, and do not keep the others from being read.
      const { type, shape } = await readNpyHeader(source);
      if (type && shape.length >= 2) return name;
      if (type) numeric.push(name);
    } finally {
      source.close();
    }
  }
  const only =
    usual.find((name) => numeric.includes(name)) ??
    (numeric.length === 1 ? numeric[0] : entries.size === 1 ? others[0] : undefined);
  if (only !== undefined) return only;
  throw fileError('FILE_FORMAT', {
    file: path,
    problem: `expected an array of points, of two dimensions, but received ${listed(entries)}`,
    remedy: 'Name the array of the points with the option array',
  });
}

/** Name of the array of labels in a .npz file, or undefined: the one asked for, else one of the usual names. */
export function labelEntry(
  path: string,
  entries: Entries,
  points: string,
  { labels, labelColumn }: { labels?: string; labelColumn?: string | number | false },
): string | undefined {
  if (labels !== undefined) {
    if (entries.has(labels)) return labels;
    if (!existsSync(labels)) throw noSuchArray(path, entries, labels, 'labels');
    return undefined;
  }
  if (typeof labelColumn === 'string' && entries.has(labelColumn)) return labelColumn;
  if (labelColumn !== undefined && labelColumn !== 'auto') return undefined;
  return LABEL_NAMES.find((name) => name !== points && entries.has(name));
}

/** Which entries of a .npz file are the points and the labels, and which column of the points holds labels instead. */
export async function npzNames(path: string, entries: Entries, options: ReadCloudOptions) {
  const { labels, labelColumn } = options;
  const name = await pointEntry(path, entries, options.array, options.signal);
  const labelName = labelEntry(path, entries, name, options);
  const why: LabelChoice['why'] = labelName === labels || labelName === labelColumn ? 'asked' : 'name';
  const isEntry = typeof labelColumn === 'string' && entries.has(labelColumn);
  return { name, labelName, labelColumn: isEntry ? undefined : labelColumn, why };
}

function noSuchArray(path: string, entries: Entries, name: string, parameter: string) {
  return fileError('INVALID_ARGUMENT', {
    file: path,
    problem: `expected the name of an array for ${parameter} but received "${name}"`,
    remedy: `It has ${listed(entries)}`,
    details: { parameter },
  });
}

function listed(entries: Entries): string {
  const names = [...entries.keys()];
  return names.length === 0
    ? 'no arrays'
    : `the arrays ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`;
}
