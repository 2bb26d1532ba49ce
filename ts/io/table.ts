import { BYTES, allocate, type FloatData } from '../core/array.js';
import { RidgeflowError, describe } from '../core/errors.js';
import { isError, isFloat32Array } from '../core/realm.js';
import { openArrow } from './arrow.js';
import { checkExtent, firstNonFinite, nonFiniteCell, type CloudContent } from './cloud.js';
import { damaged, fileError } from './errors.js';
import { LabelCollector, labelPosition } from './labels.js';
import { pandasIndex } from './pandas.js';
import { openJson } from './json.js';
import { openParquet } from './parquet.js';
import { assignRoles, checkCoordinates, type ColumnFacts, type Roles } from './roles.js';
import { checkMemory } from './source.js';
import type { TableRequest } from './table-request.js';
import { type Table, type TableColumn, TableSink } from './table-sink.js';

/** Decodes an Arrow, Parquet or JSON file in this process; `decodeTable` does it in another, and says why. */
export async function decodeTableHere(request: TableRequest): Promise<CloudContent> {
  let table: Table | undefined;
  try {
    table = await open(request);
    return await assemble(table, request);
  } catch (cause) {
    throw decodingError(cause, request);
  } finally {
    await table?.close();
  }
}

/** What a decoder threw, as an error of the library. */
export function decodingError(cause: unknown, { path, format }: TableRequest): RidgeflowError {
  if (cause instanceof RidgeflowError) return cause;
  const message = isError(cause) ? cause.message : String(cause);
  return damaged(path, `it cannot be read as ${format} (${message})`, cause);
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

/** What is to become of the columns of a table. */
export interface TablePlan {
  roles: Roles;
  /** Where in a point each coordinate begins. */
  offsets: ReadonlyMap<number, number>;
  /** Numbers in a point. */
  d: number;
  /** What is told of the columns, the same for all rows. */
  facts: Omit<CloudContent, 'points' | 'labels'>;
}

async function assemble(table: Table, request: TableRequest): Promise<CloudContent> {
  const plan = planTable(table, request);
  if (!request.labelsOnly || table.rows === 0)
    checkExtent(table.rows, request.labelsOnly ? 1 : plan.d, request.path);
  const labels = new LabelCollector(request.path, 'text');
  const content = await fillTable(table, plan, request, labels);
  return { ...content, labels: plan.roles.label >= 0 ? labels.finish() : undefined };
}

/** Decides what becomes of the columns of a table. Throws what `assignRoles` throws, FILE_FORMAT, INVALID_SHAPE. */
export function planTable(table: Table, request: TableRequest): TablePlan {
  const { path: file, labelsOnly = false } = request;
  const { columns } = table;
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
  const { label, labelChoice, dropped } = roles;
  const notes = [...(table.notes ?? []), ...roles.notes];
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
  return {
    roles,
    offsets,
    d,
    facts: {
      ...(known && { columns: coordinates.flatMap((column) => coordinateNames(columns[column])) }),
      ...(labelChoice && { labelColumn: labelChoice }),
      ...(dropped.length > 0 && { dropped }),
      ...(d !== columns.length && {
        columnNumbers: coordinates.flatMap((column) => Array<number>(columns[column].width).fill(column)),
      }),
      notes: notes.length > 0 && !labelsOnly ? notes : undefined,
    },
  };
}

/** The points of a table, and what is told of its columns; the labels go to `labels`. */
export async function fillTable(
  table: Table,
  { roles, offsets, d, facts }: TablePlan,
  { path: file, dtype, keepMissing = false }: TableRequest,
  labels: LabelCollector,
): Promise<CloudContent> {
  const { rows } = table;
  checkMemory(rows * d * BYTES[dtype], file);
  const data = allocate(dtype, rows * d, file);
  const sink = new TableSink(file, table, data, d, offsets, roles.label, { keepMissing, labels });
  await table.read(sink);
  sink.checkComplete();
  await refuseNonFinite(table, sink, { data, d, offsets, keepMissing }, file);
  return { points: { data, shape: [rows, d] }, ...facts, tooNarrow: sink.tooNarrow };
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
    await table.read(new TableSink(file, table, exact, width, new Map([[column, 0]]), -1, { keepMissing }));
    original = exact[row * width + part];
  }
  const cell = { row: (table.firstRow ?? 0) + row + 1, column: column + 1 };
  throw nonFiniteCell(file, sink.place(column, row, part), cell, original);
}
