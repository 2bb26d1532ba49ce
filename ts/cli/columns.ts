import type { CloudFile, DroppedColumn, LabelChoice } from '../io/index.js';
import type { Standardisation } from '../measure/index.js';
import { type ScalingSummary, columnNames, scalingSummary } from './scaling.js';

/** What became of the columns of a file, as summary.json has it. */
export interface ColumnsSummary {
  /** The coordinates: their names, or their numbers from 0 where they have none; `all` where a file without names has no others. */
  used: 'all' | (string | number)[];
  dropped: DroppedColumn[];
  /** The column of the classes. */
  classes: LabelChoice | null;
  /** Points that were left out since something was missing, and values that were filled in. */
  rowsLeftOut: number;
  valuesFilledIn: number;
  /** What the columns were brought to one scale by, where they were. */
  scaled: ScalingSummary | null;
  /** What was taken from each column in float64, where float32 is too coarse so far from 0: results are in what was left. */
  offset: number[] | null;
}

/** The columns of a file that was read. */
export function columnsSummary(file: CloudFile, scaling?: Standardisation): ColumnsSummary {
  const { columns, columnNumbers, dropped = [], labelColumn = null, rowsLeftOut = 0, filled = 0 } = file;
  return {
    used: columns ?? columnNumbers ?? 'all',
    dropped,
    classes: labelColumn,
    rowsLeftOut,
    valuesFilledIn: filled,
    scaled: scaling ? scalingSummary(scaling, columnNames(file)) : null,
    offset: null,
  };
}

const WHY: Readonly<Record<LabelChoice['why'], string>> = {
  asked: 'as asked',
  name: 'by its name',
  file: 'as the file says',
};

/** One line that says what was taken as the classes, and why; undefined where they stand in no column. */
export function classesLine({ labels, labelColumn }: CloudFile): string | undefined {
  if (!labels || !labelColumn) return undefined;
  const { names } = labels;
  const shown = names.slice(0, 10).join(', ') + (names.length > 10 ? ', …' : '');
  return `Classes: column ${labelColumn.column}, ${WHY[labelColumn.why]}: ${names.length} (${shown})`;
}
