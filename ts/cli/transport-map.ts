import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { NdArray } from '../core/array.js';
import { type DType, allocate, dtypeOf } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import { RidgeflowError } from '../core/errors.js';
import { isTooNarrow } from '../core/narrowing.js';
import { readDae } from '../dae/index.js';
import {
  type ReadRowsOptions,
  type RowsFormat,
  readCloud,
  readRows,
  writeNpy,
  writeRows,
  writeTextAtomic,
} from '../io/index.js';
import type { ShareKernels } from '../kernel/contract/shares.js';
import { distributedOver } from '../kernel/distributed.js';
import { notOverRanks } from '../kernel/whole.js';
import { mapRows } from '../stream/index.js';
import type { ColumnsSummary } from './columns.js';
import { commandLine } from './provenance.js';
import { type ReadingOptions, readOptions } from './reading-options.js';
import type { ScalingSummary } from './scaling.js';
import type { CommandContext, ComputationOptions } from './shared-options.js';
import { STANDARD_INPUT } from './standard-input.js';
import { refuseOtherFormats } from './unused-options.js';
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
  /** How many processes held the points, where there were several. */
  ranks?: number;
}

/** Formats that are written as they are read, by the ending of the input; other inputs become .npy. */
const WRITTEN: readonly string[] = ['npy', 'csv', 'parquet', 'arrow'];

/** Rows that a rank moves at once. */
const BATCH = 4096;

/**
 * Moves the rows of a file by a trained autoencoder, in batches: what is held is a few of them, whatever the size of the
 * file. Writes `moved` in the format of the input, and the summary last. Over ranks each holds its own rows, and `moved` is
 * .npy.
 */
export async function transportByMap(
  input: string,
  folder: string,
  options: MapOptions,
  { signal, progress, shares }: CommandContext,
): Promise<MapSummary> {
  const { fill, ...reading } = readOptions(options);
  const { format: asked } = options;
  if (shares.ranks.size > 1 && asked !== undefined && asked !== 'npy')
    throw notOverRanks(`Ranks write one .npy together: --format ${asked} with --map does not run`);
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
  await refuseOtherFormats(options, [input]);
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
  const facts = {
    input,
    map: options.map,
    version: packageVersion(),
    command: commandLine(),
    d: dae.dimension,
    scaled,
    offset,
  };
  const finish = async (found: Pick<MapSummary, 'moved' | 'n' | 'displacement' | 'notes' | 'ranks'>) => {
    const where = join(folder, found.moved);
    progress.line(`${found.n} points in ${dae.dimension} dimensions moved, to ${where}`);
    const summary = { ...facts, ...found };
    const write = () =>
      writeTextAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`, { signal });
    await shares.doneByAll(shares.ranks.rank === 0 ? write() : Promise.resolve());
    return summary;
  };
  /** The rows of a batch where the map brings them, with the sum of the squares of how far. */
  const moveRows = async (points: NdArray, run: CallOptions) => {
    const inUnits = units ? units.apply(points) : points;
    const { data } = await dae.apply(inUnits, run);
    const there: NdArray = { data, shape: points.shape };
    const moved = units ? units.invert(there) : there;
    let squares = 0;
    for (let i = 0; i < moved.data.length; i++) squares += (moved.data[i] - points.data[i]) ** 2;
    return { moved, squares };
  };
  const say = (notes: readonly string[]) => notes.forEach((note) => progress.line(`Note: ${note}`));
  if (shares.ranks.size > 1)
    return finish(await moveOwnRows(input, folder, { rowOptions, moveRows, say, shares }));
  const notes: string[] = [];
  let squares = 0;
  const move = mapRows(async (rows, run) => {
    const found = (rows as { notes?: string[] }).notes ?? [];
    notes.push(...found);
    say(found);
    const { moved, squares: more } = await moveRows(rows.points, { backend: options.backend, ...run });
    squares += more;
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
  return finish({ moved, n, displacement: Math.sqrt(squares / n), notes });
}

/**
 * Over ranks: each reads its own rows, moves them a batch at a time by the kernels of one process, and writes them at their
 * place in `moved.npy`.
 */
async function moveOwnRows(
  input: string,
  folder: string,
  {
    rowOptions,
    moveRows,
    say,
    shares,
  }: {
    rowOptions: ReadRowsOptions;
    moveRows: (points: NdArray, run: CallOptions) => Promise<{ moved: NdArray; squares: number }>;
    say: (notes: readonly string[]) => void;
    shares: ShareKernels;
  },
): Promise<Pick<MapSummary, 'moved' | 'n' | 'displacement' | 'notes' | 'ranks'>> {
  const { signal } = rowOptions;
  const share = distributedOver(shares);
  const { points, notes = [] } = await readCloud(input, { ...rowOptions, share });
  say(notes);
  const [own, d] = points.shape;
  const out: NdArray = {
    data: allocate(dtypeOf(points), points.data.length, 'moved points'),
    shape: [own, d],
  };
  let squares = 0;
  const work = async () => {
    for (let first = 0; first < own; first += BATCH) {
      const rows = Math.min(BATCH, own - first);
      const batch = { data: points.data.subarray(first * d, (first + rows) * d), shape: [rows, d] };
      const { moved, squares: more } = await moveRows(batch, { backend: 'native', signal });
      out.data.set(moved.data, first * d);
      squares += more;
    }
  };
  await shares.doneByAll(work());
  const name = 'moved.npy';
  await writeNpy(join(folder, name), out, { share, signal });
  const [n, all] = await shares.sumOverRanks([own, squares]);
  return { moved: name, n, displacement: Math.sqrt(all / n), notes, ranks: shares.ranks.size };
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
