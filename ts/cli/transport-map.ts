import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { NdArray } from '../core/array.js';
import { type DType, allocate } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { isTooNarrow } from '../core/narrowing.js';
import { readDae } from '../dae/index.js';
import { type ReadRowsOptions, type RowsFormat, readRows, writeRows, writeTextAtomic } from '../io/index.js';
import { mapRows } from '../stream/index.js';
import type { ColumnsSummary } from './columns.js';
import type { Progress } from './progress.js';
import { commandLine } from './provenance.js';
import { type ReadingOptions, readOptions } from './reading-options.js';
import type { ScalingSummary } from './scaling.js';
import type { ComputationOptions } from './shared-options.js';
import { STANDARD_INPUT } from './standard-input.js';
import { packageVersion } from './version.js';

/** What `ridgeflow transport --map` needs to know. */
export interface MapOptions extends ReadingOptions, ComputationOptions {
  /** A file of `ridgeflow train`. */
  map: string;
  format?: RowsFormat;
}

/** What summary.json holds after `--map`. */
export interface MapSummary {
  input: string;
  map: string;
  version: string;
  command: string;
  /** Name of the file of the moved points. */
  moved: string;
  n: number;
  d: number;
  /** Root of the mean squared distance that points moved. */
  displacement: number;
  /** What the map was trained in, and the points were brought to and back from. */
  scaled: ScalingSummary | null;
  /** What was taken from each column before the map and given back after it, since float32 is too coarse so far from 0. */
  offset: number[] | null;
  notes: string[];
}

/** Formats that are written as they are read, by the ending of the input; other inputs become .npy. */
const WRITTEN: readonly string[] = ['npy', 'csv', 'parquet', 'arrow'];

/**
 * Moves the rows of a file by a trained autoencoder, in batches: what is held is a few of them, whatever the size of the
 * file. Writes `moved` in the format of the input, and the summary last.
 */
export async function transportByMap(
  input: string,
  folder: string,
  options: MapOptions,
  { signal, progress }: { signal: AbortSignal; progress: Progress },
): Promise<MapSummary> {
  const { fill, ...reading } = readOptions(options);
  if (input === STANDARD_INPUT)
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      '--map reads a file in parts: give a file, not standard input',
    );
  if (typeof fill === 'string') {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `--map reads a file in parts, and the ${fill} of a column is not known before its end: --fill with a number, or --drop-missing`,
    );
  }
  const dae = await readDae(options.map, { signal });
  const { scaled = null, offset = null } = await columnsBeside(options.map);
  const units = unitsOf(scaled, offset, dae.dimension, options.dtype);
  if (scaled)
    progress.line(`Note: the map was trained on standardised columns (${scaled.method}), and is applied so`);
  if (offset)
    progress.line('Note: the map was trained on columns that were centred in float64, and is applied so');
  const rowOptions: ReadRowsOptions = {
    ...reading,
    ...(fill !== undefined && { fill }),
    dtype: units?.dtype ?? options.dtype,
    signal,
  };
  const notes: string[] = [];
  let squares = 0;
  const move = mapRows(async (rows, run) => {
    for (const note of (rows as { notes?: string[] }).notes ?? []) {
      notes.push(note);
      progress.line(`Note: ${note}`);
    }
    const { points } = rows;
    const inUnits = units ? units.apply(points) : points;
    const { data } = await dae.apply(inUnits, { backend: options.backend, ...run });
    const moved: NdArray = units
      ? units.invert({ data, shape: points.shape })
      : { data, shape: points.shape };
    for (let i = 0; i < moved.data.length; i++) squares += (moved.data[i] - points.data[i]) ** 2;
    return { ...rows, points: moved };
  });
  const ending = extname(input.replace(/\.gz$/i, '')).slice(1).toLowerCase();
  const format = options.format ?? ((WRITTEN.includes(ending) ? ending : 'npy') as RowsFormat);
  const moved = `moved.${format}`;
  const write = writeRows(join(folder, moved), { format });
  let n = 0;
  await pipeline(
    readRows(input, rowOptions),
    move,
    mapRows((rows) => {
      n += rows.points.shape[0];
      progress.update(0, `${n} points moved`);
      return rows;
    }),
    write,
    { signal },
  ).catch((error: unknown) => {
    if (signal.aborted) throw new RidgeflowError('ABORTED', 'The call was aborted', { cause: error });
    throw error;
  });
  progress.line(`${n} points in ${dae.dimension} dimensions moved, to ${join(folder, moved)}`);
  const summary: MapSummary = {
    input,
    map: options.map,
    version: packageVersion(),
    command: commandLine(),
    moved,
    n,
    d: dae.dimension,
    displacement: Math.sqrt(squares / n),
    scaled,
    offset,
    notes,
  };
  await writeTextAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`, { signal });
  return summary;
}

/** What was done to the columns that a map was trained on, after the summary that `ridgeflow train` leaves beside it. */
async function columnsBeside(map: string): Promise<Partial<Pick<ColumnsSummary, 'scaled' | 'offset'>>> {
  try {
    const text = await readFile(join(dirname(map), 'summary.json'), 'utf8');
    return (JSON.parse(text) as { columns?: ColumnsSummary }).columns ?? {};
  } catch {
    return {}; // a map that lies alone is in the units of the points
  }
}

/** How rows come to the units of a map and back: read and written in `dtype`, moved in that of the call. */
function unitsOf(
  scaled: ScalingSummary | null,
  offset: readonly number[] | null,
  d: number,
  callDtype: DType,
): { dtype: DType; apply(points: NdArray): NdArray; invert(points: NdArray): NdArray } | undefined {
  const columns = scaled?.columns ?? offset?.map((centre) => ({ centre, scale: 1 }));
  if (!columns) return undefined;
  if (columns.length !== d) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${d} columns, as the map has, in the summary beside it but received ${columns.length}: it belongs to another map`,
    );
  }
  const isFar = !scaled || columns.some(({ centre, scale }) => isTooNarrow(centre - scale, centre + scale));
  const dtype = isFar ? 'float64' : callDtype;
  const mapped = ({ data, shape }: NdArray, type: DType, change: (value: number, k: number) => number) => {
    const out = allocate(type, data.length);
    for (let i = 0; i < data.length; i++) out[i] = change(data[i], i % d);
    return { data: out, shape };
  };
  return {
    dtype,
    apply: (points) =>
      mapped(points, callDtype, (value, k) => (value - columns[k].centre) / columns[k].scale),
    invert: (points) => mapped(points, dtype, (value, k) => value * columns[k].scale + columns[k].centre),
  };
}
