import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { writeOnnx } from '../ts/io/onnx-model.js';
import { openActivations, openModel, writeLayersModel } from '../ts/network/index.js';
import { convolutionModel, normals, residualStream, writeGraphModel } from './network-models.js';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-model-failures-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

async function rejects(t: ExecutionContext, code: ErrorCode, work: () => Promise<unknown>, text: RegExp) {
  const error = await t.throwsAsync(work, { instanceOf: RidgeflowError });
  t.is(error.code, code, error?.message);
  t.regex(error.message, text);
}

interface LayersFile {
  modelTopology: { model_config?: { config: LayersConfig }; config: LayersConfig };
}
interface LayersConfig {
  layers: { name: string; config: { name: string }; inbound_nodes: [string, number, number, object][][] }[];
  output_layers: [string, number, number][];
}

test('a LayersModel whose layers refer to none, or to each other in a circle, is refused at once', async (t) => {
  const place = join(folder, 'layers');
  await writeLayersModel(place, residualStream(3, 2));
  const text = await readFile(join(place, 'model.json'), 'utf8');
  const changed = async (change: (config: LayersConfig) => void) => {
    const json = JSON.parse(text) as LayersFile;
    change((json.modelTopology.model_config ?? json.modelTopology).config);
    await writeFile(join(place, 'model.json'), JSON.stringify(json));
    return openModel(place, { backend: 'tfjs-cpu' });
  };
  await (await changed(() => {})).dispose();
  const node = (config: LayersConfig, layer: number) => config.layers[layer].inbound_nodes[0][0];
  await rejects(t, 'FILE_FORMAT', () => changed((config) => (node(config, 1)[0] = 'absent')), /"absent"/);
  await rejects(
    t,
    'FILE_FORMAT',
    () => changed((config) => (node(config, 1)[0] = config.layers[1].name)),
    /follows from/,
  );
  await rejects(
    t,
    'FILE_FORMAT',
    () => changed((config) => (node(config, 1)[0] = config.layers[config.layers.length - 1].name)),
    /follows from/,
  );
  // A second result of a layer that is called once.
  await rejects(t, 'FILE_FORMAT', () => changed((config) => (node(config, 2)[1] = 1)), /follows from/);
  await rejects(
    t,
    'FILE_FORMAT',
    () => changed((config) => (config.layers[1].config.name = 'other')),
    /two names/,
  );
  await rejects(
    t,
    'FILE_FORMAT',
    () =>
      changed((config) => {
        config.layers[2].name = config.layers[1].name;
        config.layers[2].config.name = config.layers[1].name;
      }),
    /named/,
  );
  await rejects(
    t,
    'FILE_FORMAT',
    () => changed((config) => (config.output_layers[0][0] = 'absent')),
    /"absent"/,
  );
  // TensorFlow.js reads the keys in either case.
  await rejects(
    t,
    'FILE_FORMAT',
    () =>
      changed((config) => {
        for (const layer of config.layers as unknown as Record<string, unknown>[]) {
          layer.inboundNodes = layer.inbound_nodes;
          delete layer.inbound_nodes;
        }
        const [, second] = config.layers as unknown as { inboundNodes: [string][][] }[];
        second.inboundNodes[0][0][0] = 'absent';
      }),
    /"absent"/,
  );
});

test('a GraphModel whose nodes refer to none, or to each other in a circle, is refused at once', async (t) => {
  const place = join(folder, 'graph');
  await mkdir(place);
  await writeGraphModel(place, normals(3, 4));
  const text = await readFile(join(place, 'model.json'), 'utf8');
  const changed = async (from: string, to: string) => {
    await writeFile(join(place, 'model.json'), text.replace(from, to));
    return openModel(place, { backend: 'tfjs-cpu' });
  };
  await (await changed('', '')).dispose();
  await rejects(t, 'FILE_FORMAT', () => changed('["x","W"]', '["x","absent"]'), /"absent"/);
  await rejects(t, 'FILE_FORMAT', () => changed('["x","W"]', '["out","W"]'), /circle/);
  await rejects(t, 'FILE_FORMAT', () => changed('["x","W"]', '["product","W"]'), /circle/);
});

test('what an engine cannot do is no damaged file: its first sentence stays, with operator and version', async (t) => {
  const path = join(folder, 'limit.onnx');
  const weights = normals(3, 1, 2, 2);
  await writeOnnx(path, convolutionModel(weights, 'Frobnicate'));
  await rejects(t, 'UNSUPPORTED', () => openModel(path), /onnxruntime \d+\.\d+.*operator Frobnicate/);
  const model = convolutionModel(weights);
  await writeOnnx(path, { ...model, irVersion: 99 });
  await rejects(t, 'UNSUPPORTED', () => openModel(path), /IR version.*newer onnxruntime-node/s);
  await writeOnnx(path, { ...model, opsetImport: [{ domain: '', version: 999 }] });
  await rejects(t, 'UNSUPPORTED', () => openModel(path), /opset.*newer onnxruntime-node/s);
  // A pooling over four axes of positions, which onnxruntime does not have.
  const wide = convolutionModel(weights, 'GlobalLpPool');
  wide.graph.node[0].attribute![0].ints = [2, 2, 2, 2, 2];
  await writeOnnx(path, wide);
  const error = await t.throwsAsync(async () => openActivations(await openModel(path), normals(2, 16)), {
    instanceOf: RidgeflowError,
  });
  t.not(error.code, 'FILE_FORMAT', error.message);
});

test('a graph that contradicts itself is damaged, whatever the engine', async (t) => {
  const path = join(folder, 'contradiction.onnx');
  const model = convolutionModel(normals(3, 1, 2, 2));
  model.graph.node[0].input[1] = 'absent';
  await writeOnnx(path, model);
  await rejects(t, 'FILE_FORMAT', () => openModel(path), /absent/);
});
