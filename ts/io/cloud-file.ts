import type { CloudContent, CloudFile, ReadCloudOptions } from './cloud.js';
import type { Settled } from './missing.js';
import { checkImageShape } from './read-options.js';

/** What is to be told of a cloud that was read, but the notes and the column of its classes. */
export function cloudFile(
  judged: CloudContent,
  settled: Settled,
  options: ReadCloudOptions,
  path: string,
): CloudFile {
  const { points, labels, columns, columnNumbers, dropped, rowNumbers, rowsLeftOut, filled } = settled;
  const imageShape = checkImageShape(options.imageShape, points.shape[1], path) ?? judged.imageShape;
  return {
    points,
    ...(labels && { labels }),
    ...(columns && { columns }),
    ...(imageShape && { imageShape }),
    ...(judged.exampleShape && { exampleShape: judged.exampleShape }),
    ...(columnNumbers && { columnNumbers }),
    ...(dropped && { dropped }),
    ...(rowNumbers && { rowNumbers, rowsLeftOut }),
    ...(filled && { filled }),
    ...(judged.range && { range: judged.range }),
    source: path,
  };
}

/** Notes, where there are any. */
export function noted(notes: string[]): { notes?: string[] } {
  return notes.length > 0 ? { notes } : {};
}
