import { open, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { damaged, fileError, readError, truncated } from './errors.js';
import type { OnnxModel, OnnxTensor } from './onnx-model.js';

/**
 * Reads the weights that an .onnx file keeps in other files, which have to be in its folder, into the model.
 *
 * @throws FILE_NOT_FOUND, FILE_FORMAT (a file outside the folder, by a symbolic link as well), FILE_TRUNCATED.
 */
export async function readExternalWeights(path: string, model: OnnxModel): Promise<void> {
  for (const tensor of model.graph.initializer ?? []) {
    if (tensor.dataLocation !== 1) continue;
    tensor.rawData = await readPart(path, tensor);
    tensor.dataLocation = 0;
    tensor.externalData = [];
  }
}

async function readPart(path: string, { name = '', externalData = [] }: OnnxTensor): Promise<Uint8Array> {
  const entries = new Map(externalData.map(({ key, value }) => [key, value]));
  const file = await inFolder(path, entries.get('location'));
  const offset = Number(entries.get('offset') ?? 0);
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const length = Number(entries.get('length') ?? size - offset);
      if (![offset, length].every((value) => Number.isSafeInteger(value) && value >= 0))
        throw damaged(path, `its weight ${name} has no place in ${file}`);
      if (offset + length > size) throw truncated(file, 'weights', offset + length, size);
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length;) {
        const { bytesRead } = await handle.read(bytes, at, Math.min(length - at, 2 ** 30), offset + at);
        if (bytesRead === 0) throw truncated(file, 'weights', offset + length, offset + at);
        at += bytesRead;
      }
      return bytes;
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw readError(cause, file);
  }
}

async function inFolder(path: string, location: string | undefined): Promise<string> {
  const refused = () =>
    fileError('FILE_FORMAT', {
      file: path,
      problem: `expected weights in a file in the folder of the model but it names ${JSON.stringify(location)}`,
      remedy: 'Put the file of weights beside the model and name it without a path',
    });
  if (!location || location.includes('\0') || location.includes('\\') || isAbsolute(location))
    throw refused();
  try {
    const folder = await realpath(dirname(resolve(path)));
    if (relative(folder, resolve(folder, location)).split(sep)[0] === '..') throw refused();
    const file = await realpath(resolve(folder, location));
    const inside = relative(folder, file);
    if (inside === '' || inside.split(sep)[0] === '..' || isAbsolute(inside)) throw refused();
    return file;
  } catch (cause) {
    throw readError(cause, resolve(dirname(path), location));
  }
}
