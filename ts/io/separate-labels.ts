import { existsSync } from 'node:fs';
import { elementCount, type DType } from '../core/array.js';
import type { CloudContent, ReadCloudOptions } from './cloud.js';
import { readCsv } from './csv.js';
import { decodeTable } from './decode.js';
import { detectFormat, type FileFormat } from './format.js';
import { labelSiblings, readIdx } from './idx.js';
import { LABEL_NAMES, checkLabelCount, labelsFromNumbers, type CloudLabels } from './labels.js';
import { notOnePerPoint, readNpyLabels } from './npy.js';
import { npzEntries, readNpzLabels } from './npz.js';
import { labelEntry, pointEntry } from './npz-names.js';
import { readSafetensors } from './safetensors.js';
import { withSource } from './source.js';

type Signal = AbortSignal | undefined;

/** Labels that are not in the file of the points, where the caller or MNIST's naming says that there are some. */
export async function readSeparateLabels(
  path: string,
  kind: FileFormat,
  { points, labels }: CloudContent,
  options: ReadCloudOptions,
): Promise<CloudLabels | undefined> {
  const n = points.shape[0];
  const source = labelFile(path, kind, labels !== undefined, options);
  if (source === undefined) {
    if (labels) checkLabelCount(labels, n, path, path);
    return undefined;
  }
  const separate = await readLabels(source, options.signal);
  checkLabelCount(separate, n, path, source);
  return separate;
}

/** The file of labels that lies beside the points, which may have some of their own. */
export function labelFile(
  path: string,
  { format }: FileFormat,
  hasLabels: boolean,
  options: ReadCloudOptions,
): string | undefined {
  if (options.labels !== undefined) {
    const isEntry = (format === 'npz' || format === 'safetensors') && hasLabels;
    return isEntry ? undefined : options.labels;
  }
  const useSiblings = format === 'idx' && options.labelColumn === undefined;
  return useSiblings ? labelSiblings(path).find((name) => existsSync(name)) : undefined;
}

/** The labels in a file of any format, one for each point. */
export async function readLabels(path: string, signal: Signal): Promise<CloudLabels> {
  const { format, gzip } = await detectFormat(path);
  const dtype: DType = 'float64';
  if (format === 'arrow' || format === 'parquet' || format === 'json') {
    const { labels } = await decodeTable({ path, format, gzip, dtype, labelsOnly: true }, { signal });
    if (labels) return labels;
  }
  if (format === 'safetensors') {
    const { tensors } = await readSafetensors(path, { signal });
    const name = LABEL_NAMES.find((usual) => tensors.has(usual)) ?? [...tensors.keys()][0];
    const { data, shape } = tensors.get(name)!;
    if (shape.length === 0 || elementCount(shape.slice(1)) !== 1) throw notOnePerPoint(shape, path);
    return labelsFromNumbers(data, path);
  }
  if (format === 'npz') {
    const entries = await npzEntries(path);
    const only = entries.size === 1 ? [...entries.keys()][0] : undefined;
    const name =
      labelEntry(path, entries, '', {}) ?? only ?? (await pointEntry(path, entries, undefined, signal));
    return readNpzLabels(path, entries.get(name)!, signal);
  }
  return withSource(path, gzip, signal, async (source) => {
    if (format === 'csv') {
      const { labels } = await readCsv(source, {
        labelColumn: undefined,
        header: 'auto',
        dtype,
        labelsOnly: true,
      });
      return labels!;
    }
    if (format === 'npy') return readNpyLabels(source);
    const { data, shape } = await readIdx(source, dtype);
    if (shape.length === 0 || elementCount(shape.slice(1)) !== 1) throw notOnePerPoint(shape, path);
    return labelsFromNumbers(data, path);
  });
}
