const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NON_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;
const MISSING = /^(?:|na|n\/a|null|none|\?)$/i;
/** What stands for a number that is missing, and may be a class: + and −. */
const NO_NUMBER = /^(?:-{1,3}|[–—.]|#(?:n\/a|value!|div\/0!|num!|ref!|name\?|null!))$/i;

/** What a field says: a number, a NaN or infinity, nothing, or text. */
export function fieldKind(text: string): 'number' | 'non-finite' | 'missing' | 'text' {
  if (NUMBER.test(text)) return 'number';
  if (NON_FINITE.test(text)) return 'non-finite';
  return MISSING.test(text) || NO_NUMBER.test(text) ? 'missing' : 'text';
}

/** Whether a field says that there is no number: nothing, a word for it, a dash, or a spreadsheet's error. */
export function isMissingNumber(text: string): boolean {
  return isMissing(text) || NO_NUMBER.test(text);
}

/** Whether a field says that there is no value: nothing, or a word for it. */
export function isMissing(text: string): boolean {
  return MISSING.test(text) || /^[+-]?nan$/i.test(text);
}

const DECIMAL_COMMA = /^[+-]?\d*,\d+(?:[eE][+-]?\d+)?$/;
/** Thousands set apart, by what stands before decimals: 1,234,567.8 and 1.234.567,8. */
const GROUPED = {
  '.': /^[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?$/,
  ',': /^[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d*)?$/,
};

/**
 * A field with a point before its decimals and nothing between its thousands; other text as it is. What could be either,
 * 1,234, has thousands only where `isGrouped` says that the file sets them apart.
 */
export function plainNumber(text: string, decimal: '.' | ',', isGrouped: boolean): string {
  if (setsThousandsApart(text, decimal) || (isGrouped && GROUPED[decimal].test(text)))
    return decimal === '.' ? text.replaceAll(',', '') : text.replaceAll('.', '').replace(',', '.');
  return decimal === ',' && DECIMAL_COMMA.test(text) ? text.replace(',', '.') : text;
}

/** Whether a field is a number with its thousands set apart that can be read in no other way: 1,234,567 or 1,234.5. */
export function setsThousandsApart(text: string, decimal: '.' | ','): boolean {
  const separators = text.match(/[.,]/g) ?? [];
  return separators.length > 1 && GROUPED[decimal].test(text);
}

/** Whether a field is a number with a comma before its decimals. */
export function hasDecimalComma(text: string): boolean {
  return DECIMAL_COMMA.test(text);
}

const PERCENT = /^([+-]?[\d.,]*\d[\d.,]*)\s*%$/;

/** A percentage without its sign, 12.5 % as 12.5; other text as it is. */
export function withoutPercent(text: string): string {
  return PERCENT.exec(text)?.[1] ?? text;
}

/** Whether cells hold nothing but percentages, some of them missing perhaps: beside numbers without the sign they are none. */
export function arePercentages(cells: readonly unknown[]): boolean {
  const held = cells.filter((cell) => !isNothing(cell));
  return held.length > 0 && held.every((cell) => typeof cell === 'string' && PERCENT.test(cell));
}

function isNothing(cell: unknown): boolean {
  return cell === null || cell === undefined || (typeof cell === 'string' && isMissingNumber(cell));
}

/** Says that percentages were read. */
export function percentNote(columns: readonly (string | number)[]): string {
  const shown = columns.slice(0, 6).join(', ') + (columns.length > 6 ? ', …' : '');
  return `${columns.length === 1 ? 'column holds' : 'columns hold'} percentages (${shown}), which were read without their signs: 12 % is 12`;
}

/** Says that thousands are set apart. */
export function groupedNote(decimal: '.' | ','): string {
  return `${decimal === '.' ? 'commas' : 'points'} between digits were read as setting thousands apart, as in ${decimal === '.' ? '1,234' : '1.234'}`;
}

/**
 * What stands before decimals: what cannot be where thousands are set apart; else a comma where the fields between other
 * delimiters have it before decimals, and none of them a point; else a point.
 */
export function sniffDecimal(rows: readonly string[][], isComma: boolean): '.' | ',' {
  if (isComma) return '.';
  const fields = rows.flat();
  if (fields.some((field) => setsThousandsApart(field, '.'))) return '.';
  const pointed = fields.filter((field) => field.includes('.') && fieldKind(field) === 'number');
  const isGrouped = fields.some((field) => setsThousandsApart(field, ','));
  if (isGrouped && pointed.every((field) => GROUPED[','].test(field))) return ',';
  return pointed.length === 0 && fields.some(hasDecimalComma) ? ',' : '.';
}

/** Whether most of the cells that hold something hold text. */
export function isTextColumn(rows: readonly string[][], column: number): boolean {
  let [texts, cells] = [0, 0];
  for (const row of rows) {
    const kind = fieldKind(row[column]);
    if (kind !== 'missing') cells++;
    if (kind === 'text') texts++;
  }
  return 2 * texts > cells;
}
