import { stat } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { type NdArray, elementCount } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { readCloud, readNpz } from '../io/index.js';
import { detectFormat } from '../io/format.js';
import { npzEntries } from '../io/npz.js';
import { readNpy } from '../io/npy.js';
import { type ImageOptions, readImageFolder } from './image-folder.js';
import { readTexts } from './text-input.js';
import { takesTokenIds } from '../network/model/token-shares.js';
import type { ModelData, NetworkModel } from '../network/index.js';
import { type Cloud, prepareCloud } from './cloud-input.js';
import type { ReadingOptions } from './reading-options.js';
import { refuseTableOptions, refuseUnused } from './unused-options.js';

/** What says which data go where. */
export interface ModelInputOptions extends ReadingOptions, ImageOptions {
  /** Files or numbers by the name of an input. */
  input?: Readonly<Record<string, string>>;
  exampleShape?: readonly number[];
  /** tokenizer.json, or its folder: the data are texts. */
  tokenizer?: string;
}

/** Examples for a model, with their labels. */
export interface ModelExamples {
  points: ModelData;
  labels: Cloud['labels'];
  columns: Cloud['columns'];
  classes: Cloud['classes'];
  notes: string[];
  /** What the examples say, where they are texts. */
  texts?: readonly string[];
}

/** What became of the columns where the data are no table. */
const NO_COLUMNS: Cloud['columns'] = {
  used: 'all',
  dropped: [],
  classes: null,
  rowsLeftOut: 0,
  valuesFilledIn: 0,
  scaled: null,
  offset: null,
};

/** Parses name=value, given once or several times. */
export function parseInput(text: string, earlier: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1)
    throw new InvalidArgumentError('It must be name=file or name=number, like attention_mask=mask.npy.');
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) };
}

/**
 * Reads the data that go into a model: texts, where a tokenizer is given, a folder of images, a file for its first input that has no value of its own, or an .npz file of arrays by the
 * names of the inputs; and files or numbers for others. Throws what `readCloud` throws, INVALID_SHAPE, INVALID_ARGUMENT.
 */
export async function readModelData(
  model: NetworkModel,
  path: string,
  options: ModelInputOptions,
): Promise<ModelExamples> {
  const { input: values = {}, tokenizer, signal } = options;
  const others = model.inputs.filter(({ name }) => values[name] === undefined);
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const ofImages = ['mean', 'scale', 'channels', 'preprocessor'] as const;
  if (tokenizer !== undefined) {
    refuseUnused(options, ofImages, 'with --tokenizer: it is of images');
    refuseTableOptions(options, `${path}, a text file`);
    refuseUnused(options, ['exampleShape'], `with ${path}, a text file`);
    const { points, ...rest } = await readTexts(model, path, { ...options, tokenizer });
    return { ...rest, points: await withValues(points, values, signal), columns: NO_COLUMNS };
  }
  if (isFolder) {
    refuseTableOptions(options, `${path}, a folder of images`);
    refuseUnused(options, ['exampleShape'], `with ${path}, a folder of images`);
    refuseUnused(options, ['labels'], `with ${path}: the classes of images are the folders that they are in`);
    if (options.mean && options.scale)
      refuseUnused(options, ['preprocessor'], 'with --mean and --scale, which are all that it is for');
    const { points, ...rest } = await readImageFolder(model, path, options);
    return {
      ...rest,
      points: await withValues({ [model.input.name]: points }, values, signal),
      columns: NO_COLUMNS,
    };
  }
  refuseUnused(options, ofImages, `with ${path}: it is of a folder of images`);
  const { format } = await detectFormat(path);
  const entries = format === 'npz' ? new Set((await npzEntries(path)).keys()) : new Set<string>();
  const examples = others.filter(({ axis }) => axis !== null);
  const main = examples.find(({ name }) => entries.has(name)) ?? examples[0] ?? model.input;
  const cloud = await prepareCloud(path, {
    ...options,
    inPlace: true,
    tokens: takesTokenIds(model, main),
    array: options.array ?? (entries.has(main.name) ? main.name : undefined),
    duplicates: 'keep',
    dtype: 'float32',
    digits: false,
    signal,
  });
  const { labels, columns, classes, notes } = cloud;
  const points = shaped(path, cloud.points, options.exampleShape ?? cloud.exampleShape);
  const given: Record<string, NdArray | number> = { [main.name]: points };
  const named = others.filter(({ name }) => name !== main.name && entries.has(name)).map(({ name }) => name);
  if (named.length > 0) Object.assign(given, await readNpz(path, { names: named, signal }));
  return { points: await withValues(given, values, signal), labels, columns, classes, notes };
}

/** The arrays with what --input gives; one alone as it is. */
async function withValues(
  arrays: Readonly<Record<string, NdArray | number>>,
  values: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ModelData> {
  const given = { ...arrays };
  for (const [name, value] of Object.entries(values)) given[name] = await readValue(value, signal);
  const all = Object.values(given);
  return all.length === 1 && typeof all[0] !== 'number' ? all[0] : given;
}

/** A number, or the array in a file. */
async function readValue(text: string, signal: AbortSignal): Promise<NdArray | number> {
  if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  const { format } = await detectFormat(text);
  if (format === 'npy') return readNpy(text, { signal });
  const { points, exampleShape } = await readCloud(text, { labelColumn: false, signal });
  return shaped(text, points, exampleShape);
}

function shaped(file: string, points: NdArray, example: readonly number[] | undefined): NdArray {
  if (!example) return points;
  const [n, d] = points.shape;
  if (elementCount(example) === d) return { data: points.data, shape: [n, ...example] };
  throw new RidgeflowError(
    'INVALID_SHAPE',
    `${file}: an example of ${example.join(' × ')} has ${elementCount(example)} values, but one of the data has ${d}: ` +
      'give --example-shape extents whose product that is',
  );
}
