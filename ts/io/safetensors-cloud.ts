import { toDtype, type DType } from '../core/array.js';
import { cloudFromArray, type CloudContent } from './cloud.js';
import { fileError } from './errors.js';
import { LABEL_NAMES, labelsFromNumbers } from './labels.js';
import { POINT_NAMES } from './npz-names.js';
import { columnNumber } from './column-choice.js';
import type { ColumnOptions } from './roles.js';
import { readSafetensors } from './safetensors.js';

/** Reads a cloud, and labels where a tensor has their name, from a safetensors file, as from an .npz file. */
export async function readSafetensorsCloud(
  path: string,
  options: ColumnOptions & { array?: string; labels?: string; dtype: DType; signal?: AbortSignal },
): Promise<CloudContent> {
  const { array, dtype, labelColumn, signal } = options;
  const { tensors } = await readSafetensors(path, { signal });
  const names = [...tensors.keys()];
  const flat = names.filter((name) => tensors.get(name)!.shape.length >= 2);
  const name = array ?? POINT_NAMES.find((usual) => flat.includes(usual)) ?? flat[0] ?? names[0];
  const tensor = tensors.get(name);
  if (!tensor) {
    throw fileError('INVALID_ARGUMENT', {
      file: path,
      problem: `expected the name of a tensor for array (--array) but received ${JSON.stringify(name)}`,
      remedy: `It has ${names.slice(0, 20).join(', ')}`,
      details: { parameter: 'array' },
    });
  }
  const asked = [options.labels, labelColumn].find(
    (wanted): wanted is string => typeof wanted === 'string' && tensors.has(wanted),
  );
  const habit = LABEL_NAMES.find((usual) => usual !== name && tensors.has(usual));
  const isOpen = options.labels === undefined && labelColumn === undefined;
  const labelName = asked ?? (isOpen ? habit : undefined);
  const column = asked === undefined || columnNumber(labelColumn) !== undefined ? labelColumn : undefined;
  const { data } = tensor;
  const content = await cloudFromArray(
    { ...toDtype(tensor, dtype), original: (index) => data[index] },
    `${path}, tensor ${name}`,
    { ...options, labelColumn: column, signal },
  );
  if (labelName === undefined) return content;
  const { keepMissing } = options;
  return {
    ...content,
    labels: labelsFromNumbers(tensors.get(labelName)!.data, `${path}, tensor ${labelName}`, { keepMissing }),
    labelColumn: { column: labelName, why: asked === undefined ? 'name' : 'asked' },
  };
}
