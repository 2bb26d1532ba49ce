import { invalidArgument } from '../../core/errors.js';
import { throwIfAborted } from '../../core/options.js';
import { fileError } from '../../io/errors.js';
import { loadGraphProgram } from './graph-model.js';
import { loadLayersProgram } from './layers-model.js';
import { toLayersFormat } from './keras3.js';
import type { NetworkModel, OpenModelOptions } from './model.js';
import { modelFile } from './model-files.js';
import { OnnxNetwork } from './onnx.js';
import { ModelEngine } from './tfjs-engine.js';
import { readTfjsFiles } from './tfjs-files.js';
import { checkModelGraph } from './tfjs-graph-check.js';
import { TfjsNetwork } from './tfjs-network.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/**
 * Opens a trained network: an .onnx file (with the package onnxruntime-node), or the model.json, or its folder, of a
 * LayersModel or GraphModel of TensorFlow.js. Nothing is read but files in the folder of the model.
 *
 * @throws FILE_NOT_FOUND, FILE_FORMAT, FILE_TRUNCATED, UNSUPPORTED (a layer or operator that the engine
 * lacks, by name), BACKEND_UNAVAILABLE, INVALID_ARGUMENT, ABORTED.
 */
export async function openModel(path: string, options: OpenModelOptions = {}): Promise<NetworkModel> {
  checkCall(SIGNATURES.openModel, { path, options });
  if (typeof path !== 'string' || path === '') throw invalidArgument('path', 'the path of a model', path);
  throwIfAborted(options.signal);
  const file = await modelFile(path);
  if (/\.onnx$/i.test(file)) return OnnxNetwork.open(file);
  if (!/\.json$/i.test(file)) {
    throw fileError('UNSUPPORTED', {
      file,
      problem: 'expected an .onnx file, or the model.json or the folder of a TensorFlow.js model',
      remedy: 'Export the model in one of these formats',
    });
  }
  const read = await readTfjsFiles(file);
  const files = read.format === 'layers-model' ? toLayersFormat(read) : read;
  checkModelGraph(files);
  const engine = await ModelEngine.open(options.backend);
  await engine.prepare();
  throwIfAborted(options.signal);
  const load = files.format === 'graph-model' ? loadGraphProgram : loadLayersProgram;
  return TfjsNetwork.open(file, () => load(files), engine);
}
