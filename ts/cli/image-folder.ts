import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { type NdArray, allocate } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { damaged, fileError, readError } from '../io/errors.js';
import { readPngColours } from '../io/png.js';
import type { NetworkModel } from '../network/index.js';
import type { Cloud } from './cloud-input.js';

/** The order of the channels that a model was trained with. */
export type ChannelOrder = 'rgb' | 'bgr' | 'grey';

/** What pixels become: (v − mean) / scale of each channel, v from 0 to 1. */
export interface ImageOptions {
  mean?: number[];
  scale?: number[];
  channels?: ChannelOrder;
  /** A preprocessor_config.json, as models of Hugging Face have it. */
  preprocessor?: string;
  signal: AbortSignal;
}

/** Luminance of red, green and blue: Rec. 709. */
const LUMINANCE = [0.2126, 0.7152, 0.0722];

/** A number, or one for each channel, as in 0.485,0.456,0.406. */
export function parseChannels(text: string): number[] {
  const values = text.split(',').map(Number);
  if (
    text.split(',').some((part) => part.trim() === '') ||
    !values.every(Number.isFinite) ||
    ![1, 3].includes(values.length)
  )
    throw new InvalidArgumentError('It must be a number, or three, like 0.485,0.456,0.406.');
  return values;
}

/**
 * The PNG images in a folder, by their names, or in its sub-folders, whose names are then the labels, as one array for a model's
 * input: channels first or last as the model has them, else first for ONNX.
 *
 * @throws FILE_NOT_FOUND, EMPTY_CLOUD (no two images), INVALID_SHAPE (images of different sizes), FILE_FORMAT, UNSUPPORTED, ABORTED.
 */
export async function readImageFolder(
  model: NetworkModel,
  folder: string,
  options: ImageOptions,
): Promise<{ points: NdArray; labels: Cloud['labels']; classes: Cloud['classes']; notes: string[] }> {
  const { files, names, values } = await imageFiles(folder);
  if (files.length < 2) {
    throw new RidgeflowError(
      'EMPTY_CLOUD',
      `${folder}: expected at least 2 PNG images in the folder or in folders within it, one for each class, but it holds ${files.length}`,
    );
  }
  const settings = await settingsOf(options);
  const shape = model.input.shape;
  const wanted =
    shape?.length === 3
      ? [1, 3].includes(shape[0] ?? 0)
        ? 'first'
        : [1, 3].includes(shape[2] ?? 0)
          ? 'last'
          : undefined
      : undefined;
  const place = wanted ?? (model.format === 'onnx' ? 'first' : 'last');
  const given = shape?.length === 2 ? 1 : wanted && shape ? shape[wanted === 'first' ? 0 : 2] : undefined;
  const isGrey = settings.channels === 'grey' || (options.channels === undefined && given === 1);
  const order = isGrey ? [0] : settings.channels === 'bgr' ? [2, 1, 0] : [0, 1, 2];
  const count = order.length;
  let points: NdArray | undefined;
  let [height, width] = [0, 0];
  for (const [i, file] of files.entries()) {
    const { data, shape: size } = await readPngColours(file, options.signal);
    if (!points) {
      [height, width] = size;
      const extents =
        shape?.length === 2
          ? [height, width]
          : place === 'first'
            ? [count, height, width]
            : [height, width, count];
      points = {
        data: allocate('float32', files.length * count * height * width, 'the images'),
        shape: [files.length, ...extents],
      };
    } else if (size[0] !== height || size[1] !== width) {
      throw new RidgeflowError(
        'INVALID_SHAPE',
        `${file}: expected ${width} × ${height} pixels as in ${files[0]} but it has ${size[1]} × ${size[0]}: scale the images to one size`,
        { details: { file } },
      );
    }
    const pixels = height * width;
    const from = i * count * pixels;
    for (let p = 0; p < pixels; p++) {
      for (let c = 0; c < count; c++) {
        const value = isGrey
          ? LUMINANCE.reduce((sum, share, k) => sum + share * data[3 * p + k], 0)
          : data[3 * p + order[c]];
        const at = place === 'first' || count === 1 ? c * pixels + p : p * count + c;
        points.data[from + at] = (value - channelOf(settings.mean, c)) / channelOf(settings.scale, c);
      }
    }
  }
  const labels = names.length > 1 ? { values: Int32Array.from(values), names } : undefined;
  return {
    points: points!,
    labels,
    classes: labels && `Classes: the ${names.length} folders of ${folder}`,
    notes: [],
  };
}

const channelOf = (values: readonly number[], c: number) => values[values.length === 1 ? 0 : c];

async function imageFiles(folder: string): Promise<{ files: string[]; names: string[]; values: number[] }> {
  const list = async (path: string) =>
    readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
      throw readError(cause, path);
    });
  const images = async (path: string) =>
    (await list(path)).flatMap((entry) => (/\.png$/i.test(entry.name) ? join(path, entry.name) : [])).sort();
  const own = await images(folder);
  if (own.length > 0) return { files: own, names: [], values: own.map(() => 0) };
  const folders = (await list(folder))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const found = { files: [] as string[], names: [] as string[], values: [] as number[] };
  for (const name of folders) {
    const files = await images(join(folder, name));
    if (files.length === 0) continue;
    for (const file of files) {
      found.files.push(file);
      found.values.push(found.names.length);
    }
    found.names.push(name);
  }
  return found;
}

/** Options that are given go before those of the file. */
async function settingsOf({ mean, scale, channels = 'rgb', preprocessor }: ImageOptions): Promise<{
  mean: number[];
  scale: number[];
  channels: ChannelOrder;
}> {
  const file = preprocessor === undefined ? undefined : await preprocessorSettings(preprocessor);
  const settings = { mean: mean ?? file?.mean ?? [0], scale: scale ?? file?.scale ?? [1], channels };
  if (settings.scale.includes(0))
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      'Expected numbers other than 0 for --scale, which pixels are divided by',
    );
  return settings;
}

/** `rescale_factor`, `image_mean` and `image_std`, for pixels from 0 to 1. */
async function preprocessorSettings(file: string): Promise<{ mean: number[]; scale: number[] }> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw readError(cause, file);
  });
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw damaged(file, 'it is not valid JSON', cause);
  }
  const numbers = (name: string, without: number): number[] => {
    const value = json[name] ?? without;
    const values = Array.isArray(value) ? (value as unknown[]) : [value];
    if ([1, 3].includes(values.length) && values.every((entry) => typeof entry === 'number')) return values;
    throw fileError('FILE_FORMAT', { file, problem: `expected a number, or three, for ${name}` });
  };
  // What is multiplied by another factor than 1/255 is so many times larger than from 0 to 1.
  const factor = json.do_rescale === false ? 255 : 255 * numbers('rescale_factor', 1 / 255)[0];
  const isNormal = json.do_normalize !== false;
  const [mean, scale] = isNormal ? [numbers('image_mean', 0), numbers('image_std', 1)] : [[0], [1]];
  return { mean: mean.map((value) => value / factor), scale: scale.map((value) => value / factor) };
}
