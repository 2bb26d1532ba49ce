import { spokenOption } from '../core/spoken.js';
import { damaged, fileError } from './errors.js';

/** What a JSON file holds, as columns of values; a column of which a row says nothing has undefined there. */
export interface JsonColumns {
  rows: number;
  /** Undefined where the rows are arrays without names. */
  names: string[] | undefined;
  columns: unknown[][];
}

/** Nested objects become columns named `outer.inner`, so deep. */
const MAX_DEPTH = 8;
const MAX_COLUMNS = 100_000;

/**
 * The table in a JSON text: an array of records, of arrays (the first may hold the names) or of numbers; an object of
 * columns; pandas' orient "split"; JSON Lines; or one of these under a name of an object, which `array` says where there
 * are several. Throws FILE_FORMAT, INVALID_ARGUMENT.
 */
export function jsonColumns(text: string, file: string, array: string | undefined): JsonColumns {
  const value = parse(text, file);
  if (isRecord(value)) return ofObject(value, file, array);
  if (!Array.isArray(value)) throw noTable(file, 'a single value');
  return ofArray(value, file);
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const lines = text.split(/\r\n|[\r\n]/);
    const first = lines.findIndex((line) => line.trim() !== '');
    const isLines = lines.some((line, i) => i > first && line.trim() !== '') && parsesAlone(lines[first]);
    if (!isLines) throw damaged(file, `it is not JSON (${(cause as Error).message.slice(0, 100)})`, cause);
    return lines.flatMap((line, i): unknown[] => {
      if (line.trim() === '') return [];
      try {
        return [JSON.parse(line)];
      } catch (wrong) {
        throw fileError('FILE_FORMAT', {
          file,
          place: `line ${i + 1}`,
          problem: 'expected one JSON value on each line but this is none',
          remedy: 'Correct it, or leave the line out',
          details: { line: i + 1 },
          cause: wrong,
        });
      }
    });
  }
}

function parsesAlone(line: string | undefined): boolean {
  try {
    return line !== undefined && typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

/** Whether a value is an object with names. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function ofObject(value: Record<string, unknown>, file: string, array: string | undefined): JsonColumns {
  const keys = Object.keys(value);
  if (array !== undefined) {
    const part = partAt(value, array);
    if (part === undefined) {
      throw fileError('INVALID_ARGUMENT', {
        file,
        problem: `expected the name of an array for array but received ${JSON.stringify(array)}`,
        remedy: `It has ${[...keys, ...recordsWithin(value).filter((path) => path.includes('.'))].slice(0, 20).join(', ')}`,
        details: { parameter: 'array' },
      });
    }
    if (Array.isArray(part)) return ofArray(part, file);
    if (isRecord(part)) return ofObject(part, file, undefined);
    throw noTable(file, `${array} with a single value`);
  }
  const { columns, data } = value;
  // pandas: DataFrame.to_json(orient='split').
  if (Array.isArray(columns) && Array.isArray(data) && data.every(Array.isArray))
    return { ...ofRows(data as unknown[][], file), names: columns.map(String) };
  const lists = keys.filter((key) => Array.isArray(value[key]));
  const tables = lists.filter((key) => (value[key] as unknown[]).some((cell) => typeof cell === 'object'));
  if (tables.length === 1) {
    const [name] = tables;
    const others = isRagged(value[name] as unknown[]) ? recordsWithin(value) : [];
    if (others.length === 0 && value.type === 'Topology')
      throw noTable(file, 'the outlines of a map (TopoJSON)');
    if (others.length === 0) return ofArray(value[name] as unknown[], file);
    throw fileError('FILE_FORMAT', {
      file,
      problem: `expected a table but the lists in ${name} are not of one length`,
      remedy: `Name another part that holds the rows: ${spokenOption('array', others[0])}, one of ${others.slice(0, 6).join(', ')}`,
    });
  }
  if (tables.length === 0 && lists.length > 0) {
    const length = (value[lists[0]] as unknown[]).length;
    if (lists.every((key) => (value[key] as unknown[]).length === length))
      return { rows: length, names: lists, columns: lists.map((key) => value[key] as unknown[]) };
  }
  // pandas: DataFrame.to_json(), columns of values by the names of their rows.
  if (keys.length > 0 && keys.every((key) => isRecord(value[key]))) {
    const rows = Object.keys(value[keys[0]] as object);
    const cells = keys.map((key) => rows.map((row) => (value[key] as Record<string, unknown>)[row]));
    if (rows.length > 0 && keys.every((key) => Object.keys(value[key] as object).length === rows.length))
      return { rows: rows.length, names: keys, columns: cells };
  }
  throw fileError('FILE_FORMAT', {
    file,
    problem: `expected a table but received an object of ${keys.slice(0, 20).join(', ') || 'nothing'}`,
    remedy:
      lists.length > 0
        ? `Name the part that holds the rows: ${spokenOption('array', longest(value, lists))}`
        : 'Write an array of records, or of arrays of numbers',
  });
}

/** What is under a name, or under names within each other with points between; undefined where nothing is. */
function partAt(value: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(value, path)) return value[path];
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const outer = path.slice(0, dot);
    const inner = Object.hasOwn(value, outer) ? value[outer] : undefined;
    const part = isRecord(inner) ? partAt(inner, path.slice(dot + 1)) : undefined;
    if (part !== undefined) return part;
  }
  return undefined;
}

/** Where in an object arrays of records with numbers are, the longest first, as `partAt` finds them. */
function recordsWithin(value: Record<string, unknown>): string[] {
  const found: { path: string; rows: number }[] = [];
  const visit = (part: Record<string, unknown>, path: string, depth: number): void => {
    for (const [key, inner] of Object.entries(part)) {
      if (Array.isArray(inner) && inner.length > 1 && inner.every(isRecord) && inner.some(hasNumber))
        found.push({ path: path + key, rows: inner.length });
      else if (isRecord(inner) && depth < MAX_DEPTH) visit(inner, `${path}${key}.`, depth + 1);
    }
  };
  visit(value, '', 0);
  return found.sort((a, b) => b.rows - a.rows).map(({ path }) => path);
}

function hasNumber(record: Record<string, unknown>): boolean {
  return Object.values(record).some(
    (cell) => typeof cell === 'number' || (isRecord(cell) && hasNumber(cell)),
  );
}

function isRagged(rows: readonly unknown[]): boolean {
  const lists = rows.filter((row) => Array.isArray(row));
  return lists.length === rows.length && lists.some((row) => row.length !== lists[0].length);
}

function longest(value: Record<string, unknown>, lists: readonly string[]): string {
  const length = (key: string) => (value[key] as unknown[]).length;
  return lists.reduce((best, key) => (length(key) > length(best) ? key : best));
}

/** The columns of an array of records, of arrays or of numbers. Throws FILE_FORMAT. */
export function ofArray(value: unknown[], file: string): JsonColumns {
  if (value.length === 0) return { rows: 0, names: undefined, columns: [] };
  if (value.every((row) => Array.isArray(row))) return ofRows(value, file);
  if (value.every(isRecord)) return ofRecords(value, file);
  if (value.every((cell) => cell === null || typeof cell === 'number'))
    return { rows: value.length, names: undefined, columns: [value] };
  throw noTable(file, 'an array of values of different kinds');
}

function ofRows(value: unknown[][], file: string): JsonColumns {
  const [first] = value;
  const isNames = value.length > 1 && first.length > 0 && first.every((cell) => typeof cell === 'string');
  const hasOther = value.slice(1).some((row) => row.some((cell) => typeof cell === 'number'));
  const names = isNames && hasOther ? first.map(String) : undefined;
  const rows = names ? value.slice(1) : value;
  const wrong = rows.findIndex((row) => row.length !== first.length);
  if (wrong >= 0) {
    throw fileError('FILE_FORMAT', {
      file,
      place: `row ${wrong + 1}`,
      problem: `expected ${first.length} values, as in the first row, but received ${rows[wrong].length}`,
      remedy: 'Give every row as many values',
      details: { row: wrong + 1, expected: first.length, actual: rows[wrong].length },
    });
  }
  return { rows: rows.length, names, columns: first.map((_, column) => rows.map((row) => row[column])) };
}

function ofRecords(records: Record<string, unknown>[], file: string): JsonColumns {
  const columns = new Map<string, unknown[]>();
  const put = (name: string, row: number, value: unknown, depth: number): void => {
    if (isRecord(value) && depth < MAX_DEPTH) {
      for (const [key, part] of Object.entries(value)) put(`${name}.${key}`, row, part, depth + 1);
      return;
    }
    let column = columns.get(name);
    if (!column) columns.set(name, (column = new Array<unknown>(records.length)));
    if (columns.size > MAX_COLUMNS) throw noTable(file, `records of more than ${MAX_COLUMNS} names`);
    column[row] = value;
  };
  for (const [row, record] of records.entries())
    for (const [name, value] of Object.entries(record)) put(name, row, value, 0);
  return { rows: records.length, names: [...columns.keys()], columns: [...columns.values()] };
}

function noTable(file: string, what: string) {
  return fileError('FILE_FORMAT', {
    file,
    problem: `expected a table but received ${what}`,
    remedy: 'Write an array of records, or of arrays of numbers',
  });
}
