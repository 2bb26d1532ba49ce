import type { CloudContent } from '../cloud.js';
import { defaultTimeLimit, startDecoder } from '../decode.js';
import type { TableRequest } from '../table-request.js';
import { decodeRowsHere } from './table-rows.js';

/**
 * Decodes an Arrow, Parquet or JSON file in a process of its own, as `decodeTable` does, `batch` rows at a time. The process
 * waits until what it has sent is taken.
 */
export async function* decodeRows(
  request: TableRequest,
  batch: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<CloudContent> {
  const decoder = await startDecoder({ ...request, batch }, signal);
  if (!decoder) {
    yield* decodeRowsHere(request, batch);
    return;
  }
  const timeLimit = defaultTimeLimit(request.path);
  const names: string[] = [];
  try {
    for (;;) {
      const lot = await decoder.next(timeLimit);
      if ('end' in lot) return;
      const { points, labels, facts } = lot;
      if (labels) names.push(...labels.names);
      yield { ...facts, points, labels: labels && { values: labels.values, names: [...names] } };
    }
  } finally {
    decoder.stop();
  }
}
