import type { NdArray } from '../core/array.js';
import { spokenOption } from '../core/spoken.js';
import type { CloudContent, ReadCloudOptions } from './cloud.js';
import type { CloudLabels } from './labels.js';

/** So many different numbers are always taken as classes. */
const FEW = 20;

/**
 * Looks again at what was taken as classes by its name alone: a column of many numbers is a target, which is no class and
 * no coordinate. Notes say what was decided, and what else could be meant, with the option.
 */
export function judgeLabels(content: CloudContent, options: ReadCloudOptions): CloudContent {
  const { labels, labelColumn, dropped = [], notes = [] } = content;
  if (labels && labelColumn && labelColumn.why !== 'file' && isTarget(labels)) {
    const { column, why } = labelColumn;
    const isColumn = content.columns !== undefined || typeof column === 'number';
    const what = `${isColumn ? 'column' : 'array'} ${JSON.stringify(column)} has ${labels.names.length} different numbers`;
    if (why === 'asked') return { ...content, notes: [...notes, `${what}: each is a class, as asked`] };
    const note =
      `${what}: a target, neither classes nor a coordinate. ${spokenOption('labelColumn', column)} takes each as a ` +
      `class${isColumn ? `, ${spokenOption('labelColumn', false)} the column as a coordinate` : ''}`;
    const { labels: _, labelColumn: __, ...rest } = content;
    return { ...rest, dropped: [...dropped, { column, why: 'target' }], notes: [...notes, note] };
  }
  const isOpen = options.labelColumn === undefined && options.columns === undefined;
  if (labels || content.columns || content.imageShape || !isOpen || options.labels !== undefined)
    return content;
  const found = lastAsClasses(content.points);
  if (found === undefined) return content;
  const note = `the last column holds only ${found}, and may be classes: ${spokenOption('labelColumn', -1)} takes it as such`;
  return { ...content, notes: [...notes, note] };
}

/** Whether the names of classes are numbers that measure something: not whole, or many and not counted through from 0 or 1. */
function isTarget({ names, values }: CloudLabels): boolean {
  const numbers = names.map((name) => (name === '' ? NaN : Number(name)));
  if (numbers.some((number) => !Number.isFinite(number))) return false;
  const k = names.length;
  if (!numbers.every(Number.isInteger)) return k > FEW / 2;
  if (k <= FEW) return false;
  const [first, last] = [Math.min(...numbers), Math.max(...numbers)];
  const isCounted = (first === 0 || first === 1) && last - first + 1 <= 1.1 * k;
  return isCounted ? k > values.length / 2 : k > values.length / 20;
}

/** What the last column holds, where that is few whole numbers and others are not like that; or undefined. */
function lastAsClasses(points: NdArray): string | undefined {
  const d = points.shape[1];
  if (d < 2) return undefined;
  const last = fewIntegers(points, d - 1);
  if (!last || last.length < 2) return undefined;
  for (let column = 0; column < d - 1; column++)
    if (!fewIntegers(points, column)) return last.slice(0, 10).join(', ') + (last.length > 10 ? ', …' : '');
  return undefined;
}

/** The numbers of a column in their order, where they are whole, few, and each comes often. */
function fewIntegers({ data, shape: [n, d] }: NdArray, column: number): number[] | undefined {
  const most = Math.min(FEW, n / 5);
  const seen = new Set<number>();
  for (let at = column; at < data.length; at += d) {
    const value = data[at];
    if (Number.isNaN(value)) continue;
    if (!Number.isInteger(value)) return undefined;
    if (seen.add(value).size > most) return undefined;
  }
  return [...seen].sort((a, b) => a - b);
}
