import { toDtype, type DType } from '../core/array.js';
import { spokenOption } from '../core/spoken.js';
import { cloudFromArray, type CloudContent, type ReadCloudOptions } from './cloud.js';
import { fileError } from './errors.js';
import { LABEL_NAMES, labelsFromNumbers } from './labels.js';
import { POINT_NAMES } from './npz-names.js';
import { columnNumber } from './column-choice.js';
import type { ColumnOptions, LabelChoice } from './roles.js';
import { readSafetensors } from './safetensors.js';

/** Reads a cloud, and labels where a tensor has their name, from a safetensors file, as from an .npz file. */
export async function readSafetensorsCloud(
  path: string,
  options: ColumnOptions & { array?: string; labels?: string; dtype: DType; signal?: AbortSignal },
): Promise<CloudContent> {
  const { dtype, signal } = options;
  const { tensors } = await readSafetensors(path, { signal });
  const { name, labelName, column, why } = tensorNames(path, tensors, options);
  const { data, shape } = tensors.get(name)!;
  const content = await cloudFromArray(
    { ...toDtype({ data, shape }, dtype), original: (index) => data[index] },
    `${path}, tensor ${name}`,
    { ...options, labelColumn: column, signal },
  );
  if (labelName === undefined) return content;
  const { keepMissing } = options;
  return {
    ...content,
    labels: labelsFromNumbers(tensors.get(labelName)!.data, `${path}, tensor ${labelName}`, { keepMissing }),
    labelColumn: { column: labelName, why },
  };
}

/** Which tensors are the points and the labels, and which column of the points holds labels instead. */
export function tensorNames(
  path: string,
  tensors: ReadonlyMap<string, { shape: readonly number[] }>,
  { array, labels, labelColumn }: Pick<ReadCloudOptions, 'array' | 'labels' | 'labelColumn'>,
) {
  const names = [...tensors.keys()];
  const flat = names.filter((each) => tensors.get(each)!.shape.length >= 2);
  const name = array ?? POINT_NAMES.find((usual) => flat.includes(usual)) ?? flat[0] ?? names[0];
  if (!tensors.has(name)) {
    throw fileError('INVALID_ARGUMENT', {
      file: path,
      problem: `expected the name of a tensor for ${spokenOption('array')} but received ${JSON.stringify(name)}`,
      remedy: `It has ${names.slice(0, 20).join(', ')}`,
      details: { parameter: 'array' },
    });
  }
  const asked = [labels, labelColumn].find(
    (wanted): wanted is string => typeof wanted === 'string' && tensors.has(wanted),
  );
  const habit = LABEL_NAMES.find((usual) => usual !== name && tensors.has(usual));
  const isOpen = labels === undefined && labelColumn === undefined;
  const why: LabelChoice['why'] = asked === undefined ? 'name' : 'asked';
  const column = asked === undefined || columnNumber(labelColumn) !== undefined ? labelColumn : undefined;
  return { name, labelName: asked ?? (isOpen ? habit : undefined), column, why };
}
