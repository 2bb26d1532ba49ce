import { damaged } from './errors.js';
import type { ByteSource } from './source.js';

/** A row that is longer than this is no row of a table. */
const MAX_LINE = 1 << 26;

/** A record of a CSV file: its text without the line break, and the number of its first line, from 1. */
export interface CsvRecord {
  line: number;
  text: string;
}

/**
 * The records of a CSV file in order. A record ends at a line break that is not inside quotes; blank lines and lines
 * that begin with # are left out.
 */
export async function* csvRecords(source: ByteSource): AsyncGenerator<CsvRecord[]> {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  let line = 0;
  let open: CsvRecord | undefined; // a record whose quotes are still open
  for (;;) {
    const chunk = await source.next();
    const text = rest + (chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode());
    const lines = text.split('\n');
    rest = chunk ? lines.pop()! : '';
    if (rest.length + (open?.text.length ?? 0) > MAX_LINE) {
      throw damaged(
        source.file,
        `line ${line + 1} is longer than ${MAX_LINE} characters: it is not a table of text`,
      );
    }
    const records: CsvRecord[] = [];
    for (let part of lines) {
      line++;
      if (part.endsWith('\r')) part = part.slice(0, -1);
      if (open) open.text += `\n${part}`;
      else if (part.trim() === '' || part.startsWith('#')) continue;
      const record: CsvRecord = open ?? { line, text: part };
      open = hasOpenQuotes(record.text) ? record : undefined;
      if (!open) records.push(record);
    }
    if (records.length) yield records;
    if (!chunk) break;
  }
  if (open) throw damaged(source.file, `the quotes that open in line ${open.line} never close`);
}

function hasOpenQuotes(text: string): boolean {
  if (!text.includes('"')) return false;
  let count = 0;
  for (let i = text.indexOf('"'); i >= 0; i = text.indexOf('"', i + 1)) count++;
  return count % 2 === 1;
}

/** Splits a record into its fields. */
export type Splitter = (text: string) => string[];

/** How a file separates its fields, judged by its first record: comma, semicolon, tab, else white space. */
export function splitterFor(text: string): Splitter {
  const bare = text.replace(/"(?:[^"]|"")*"/g, '');
  const separators = [',', ';', '\t'].map((mark) => ({ mark, count: bare.split(mark).length - 1 }));
  const best = separators.reduce((a, b) => (b.count > a.count ? b : a));
  if (best.count === 0) return (record) => record.trim().split(/\s+/).map(unquote);
  return (record) => (record.includes('"') ? splitQuoted(record, best.mark) : record.split(best.mark));
}

function splitQuoted(text: string, separator: string): string[] {
  const fields: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === '"') quoted = !quoted;
    if (i < text.length && (quoted || text[i] !== separator)) continue;
    fields.push(unquote(text.slice(start, i).trim()));
    start = i + 1;
  }
  return fields;
}

function unquote(field: string): string {
  return field.length > 1 && field.startsWith('"') && field.endsWith('"')
    ? field.slice(1, -1).replaceAll('""', '"')
    : field;
}
