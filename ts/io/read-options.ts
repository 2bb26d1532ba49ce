import { invalidArgument } from '../core/errors.js';
import { checkInteger } from '../core/options.js';
import type { ReadCloudOptions } from './cloud.js';
import { checkColumnChoice } from './column-choice.js';
import { fileError } from './errors.js';
import type { ColumnOptions } from './roles.js';

/** Throws INVALID_ARGUMENT for options that no file could be read by. */
export function checkOptions(options: ReadCloudOptions): void {
  const { dtype, labelColumn, header, array, labels } = options;
  if (dtype !== undefined && dtype !== 'float32' && dtype !== 'float64') {
    throw invalidArgument('dtype', "'float32' or 'float64'", dtype);
  }
  const isColumn = typeof labelColumn === 'string' || Number.isInteger(labelColumn);
  if (labelColumn !== undefined && labelColumn !== false && !isColumn) {
    throw invalidArgument('labelColumn', 'a name, a whole number or false', labelColumn);
  }
  if (header !== undefined && header !== 'auto' && typeof header !== 'boolean') {
    throw invalidArgument('header', "true, false or 'auto'", header);
  }
  const { columns, dropColumns, dropMissing, fill, delimiter, decimal } = options;
  checkColumnChoice(columns, 'columns');
  checkColumnChoice(dropColumns, 'dropColumns');
  if (dropMissing !== undefined && typeof dropMissing !== 'boolean')
    throw invalidArgument('dropMissing', 'true or false', dropMissing);
  if (fill !== undefined && fill !== 'mean' && fill !== 'median' && !Number.isFinite(fill))
    throw invalidArgument('fill', "'mean', 'median' or a finite number", fill);
  if (fill !== undefined && dropMissing) throw invalidArgument('fill', 'nothing beside dropMissing', fill);
  if (decimal !== undefined && decimal !== '.' && decimal !== ',')
    throw invalidArgument('decimal', "'.' or ','", decimal);
  if (delimiter !== undefined && (typeof delimiter !== 'string' || delimiter === (decimal ?? '')))
    throw invalidArgument('delimiter', 'a character other than that before decimals', delimiter);
  for (const [name, value] of Object.entries({ array, labels })) {
    if (value !== undefined && typeof value !== 'string') throw invalidArgument(name, 'a string', value);
  }
}

/** The shape that was asked for, which must have as many values as a point. Throws INVALID_ARGUMENT, INVALID_SHAPE. */
export function checkImageShape(
  imageShape: ReadCloudOptions['imageShape'],
  d: number,
  file: string,
): [number, number] | undefined {
  if (imageShape === undefined) return undefined;
  if (!Array.isArray(imageShape) || imageShape.length !== 2) {
    throw invalidArgument('imageShape', 'two numbers, rows and columns', imageShape);
  }
  const [rows, columns] = imageShape as readonly number[];
  checkInteger(rows, 'imageShape[0]', 1);
  checkInteger(columns, 'imageShape[1]', 1);
  if (rows * columns === d) return [rows, columns];
  throw fileError('INVALID_SHAPE', {
    file,
    problem: `an image of ${rows} × ${columns} has ${rows * columns} values but its points have ${d}`,
    remedy: 'Give rows and columns whose product is the dimension of the points',
    details: { parameter: 'imageShape' },
  });
}

/** What the options say of columns. */
export function columnOptions(options: ReadCloudOptions): ColumnOptions {
  const { labelColumn, columns, dropColumns } = options;
  return { labelColumn, columns, dropColumns, keepMissing: keepsMissing(options) };
}

/** Whether values may be missing in the file. */
export const keepsMissing = ({ dropMissing, fill }: ReadCloudOptions) =>
  dropMissing === true || fill !== undefined;

/** What is to be said where float32 is too coarse for columns; `asked` where it was asked for. */
export function narrowNote(tooNarrow: number[], columns: string[] | undefined, asked: boolean): string {
  const shown = tooNarrow.slice(0, 6).map((column) => columns?.[column] ?? String(column));
  const more = tooNarrow.length > 6 ? ', …' : '';
  return (
    `float32 keeps little of the differences in ${tooNarrow.length === 1 ? 'column' : 'columns'} ${shown.join(', ')}${more}, ` +
    (asked
      ? 'whose numbers were rounded to it as asked: read them as float64'
      : 'whose numbers are large for their spread: all were read as float64')
  );
}
