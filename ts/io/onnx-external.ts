import { open } from 'node:fs/promises';
import { damaged, readError, truncated } from './errors.js';
import { insideFolder } from './inside-folder.js';
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
  const file = await insideFolder(path, entries.get('location'));
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
