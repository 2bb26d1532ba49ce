import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readError } from '../../io/errors.js';
import { insideFolder } from '../../io/inside-folder.js';
import { readOnnx, readWhole } from '../../io/onnx-model.js';

/** The file that a model is opened by: its own, or the model.json of a folder. Throws FILE_NOT_FOUND. */
export async function modelFile(path: string): Promise<string> {
  const found = await stat(path).catch((cause: unknown) => {
    throw readError(cause, path);
  });
  return found.isDirectory() ? join(path, 'model.json') : path;
}

/** All files that a model is in: its own, and those of its weights. Throws FILE_NOT_FOUND, FILE_FORMAT. */
export async function modelFiles(path: string): Promise<string[]> {
  const file = await modelFile(path);
  const named = /\.onnx$/i.test(file) ? await onnxWeightFiles(file) : await tfjsWeightFiles(file);
  return [file, ...(await Promise.all([...new Set(named)].map((name) => insideFolder(file, name))))];
}

async function onnxWeightFiles(file: string): Promise<unknown[]> {
  const { graph } = await readOnnx(file);
  return (graph.initializer ?? []).flatMap(({ dataLocation, externalData = [] }) =>
    dataLocation === 1 ? externalData.flatMap(({ key, value }) => (key === 'location' ? value : [])) : [],
  );
}

async function tfjsWeightFiles(file: string): Promise<unknown[]> {
  const text = Buffer.from(await readWhole(file)).toString('utf8');
  const { weightsManifest } = JSON.parse(text) as { weightsManifest?: { paths?: unknown[] }[] };
  return (weightsManifest ?? []).flatMap(({ paths }) => paths ?? []);
}
