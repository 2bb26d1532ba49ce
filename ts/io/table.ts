import { allocate, type FloatData } from '../core/array.js';
import { RidgeflowError, describe } from '../core/errors.js';
import { isError, isFloat32Array } from '../core/realm.js';
import { openArrow } from './arrow.js';
import { checkExtent, firstNonFinite, nonFiniteCell, type CloudContent } from './cloud.js';
import { damaged, fileError } from './errors.js';
import { labelPosition } from './labels.js';
import { pandasIndex } from './pandas.js';
import { openJson } from './json.js';
import { openParquet } from './parquet.js';
import { assignRoles, checkCoordinates, type ColumnFacts } from './roles.js';
import { checkMemory } from './source.js';
import type { TableRequest } from './table-request.js';
import { type Table, type TableColumn, TableSink } from './table-sink.js';

/** Decodes an Arrow, Parquet or JSON file in this process; `decodeTable` does it in another, and says why. */
export async function decodeTableHere(request: TableRequest): Promise<CloudContent> {
  const { path, format } = request;
  let table: Table | undefined;
  try {
    table = await open(request);
    return await assemble(table, request);
  } catch (cause) {
    if (cause instanceof RidgeflowError) throw cause;
    const message = isError(cause) ? cause.message : String(cause);
    throw damaged(path, `it cannot be read as ${format} (${message})`, cause);
  } finally {
    await table?.close();
  }
}

function open({ path, format, array, gzip = false }: TableRequest): Promise<Table> {
  switch (format) {
    case 'arrow':
      return openArrow(path);
    case 'parquet':
      return openParquet(path);
    case 'json':
      return openJson(path, array, gzip);
  }
}

async function assemble(table: Table, request: TableRequest): Promise<CloudContent> {
  const { path: file, dtype, labelsOnly = false, keepMissing = false } = request;
  const { rows, columns } = table;
  const names = columns.map(({ name }) => name);
  const found = labelsOnly && names.length === 1 ? 0 : labelPosition(names);
  const index = pandasIndex(table.pandas, names);
  const facts = columns.map(({ name, kind, type, distinct }): ColumnFacts => ({
    kind,
    type,
    distinct,
    isIndex: index.includes(name),
  }));
  const known = table.isNameless ? undefined : names;
  const roles = assignRoles(facts, known, request, file, known || labelsOnly ? found : -1);
  const { label, labelChoice, dropped, notes } = roles;
  if (labelsOnly && label < 0) {
    throw fileError('FILE_FORMAT', {
      file,
      problem: `expected one column of labels but received the columns ${names.join(', ')}`,
      remedy: 'Keep one of them, or name it label',
    });
  }
  if (!labelsOnly) checkCoordinates(roles, facts, file);
  const coordinates = labelsOnly ? [] : roles.coordinates;
  const offsets = new Map<number, number>();
  let d = 0;
  for (const column of coordinates) {
    offsets.set(column, d);
    d += columns[column].width;
  }
  if (label >= 0 && (columns[label].kind === 'other' || columns[label].width !== 1)) {
    throw fileError('FILE_FORMAT', {
      file,
      problem: `expected numbers or texts as labels but column ${describe(names[label])} has type ${columns[label].type}`,
      remedy: 'Name another column',
    });
  }
  if (!labelsOnly || rows === 0) checkExtent(rows, labelsOnly ? 1 : d, file);
  checkMemory(rows * d * (dtype === 'float64' ? 8 : 4), file);
  const data = allocate(dtype, rows * d, file);
  const sink = new TableSink(file, table, data, d, offsets, label, keepMissing);
  await table.read(sink);
  sink.checkComplete();
  await refuseNonFinite(table, sink, { data, d, offsets, keepMissing }, file);
  return {
    points: { data, shape: [rows, d] },
    labels: label >= 0 ? sink.labels.finish() : undefined,
    ...(known && { columns: coordinates.flatMap((column) => coordinateNames(columns[column])) }),
    tooNarrow: sink.tooNarrow,
    ...(labelChoice && { labelColumn: labelChoice }),
    ...(dropped.length > 0 && { dropped }),
    ...(d !== columns.length && {
      columnNumbers: coordinates.flatMap((column) => Array<number>(columns[column].width).fill(column)),
    }),
    notes: notes.length > 0 && !labelsOnly ? notes : undefined,
  };
}

function coordinateNames({ name, width }: TableColumn): string[] {
  return width === 1 ? [name] : Array.from({ length: width }, (_, part) => `${name}[${part}]`);
}

/** Throws NON_FINITE for the first coordinate that is NaN or infinite, or that float32 has made infinite. */
async function refuseNonFinite(
  table: Table,
  sink: TableSink,
  {
    data,
    d,
    offsets,
    keepMissing,
  }: { data: FloatData; d: number; offsets: ReadonlyMap<number, number>; keepMissing: boolean },
  file: string,
): Promise<void> {
  const index = await firstNonFinite(data, { keepMissing });
  if (index < 0) return;
  const row = Math.floor(index / d);
  const [column, offset] = [...offsets].findLast(([, start]) => start <= index % d)!;
  const part = (index % d) - offset;
  let original = data[index];
  if (isFloat32Array(data) && !Number.isNaN(original)) {
    // Rare enough to read the column once more, in full precision.
    const { width } = table.columns[column];
    const exact = new Float64Array(table.rows * width);
    await table.read(new TableSink(file, table, exact, width, new Map([[column, 0]]), -1, keepMissing));
    original = exact[row * width + part];
  }
  throw nonFiniteCell(file, sink.place(column, row, part), { row: row + 1, column: column + 1 }, original);
}
