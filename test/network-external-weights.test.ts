import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { RidgeflowError } from '../ts/core/errors.js';
import { writeOnnx } from '../ts/io/onnx-model.js';
import { openActivations, openModel } from '../ts/network/index.js';
import { convolutionModel, normals } from './network-models.js';

test('weights beside an ONNX model are read, from outside its folder never', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'ridgeflow-external-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const folder = join(root, 'model');
  await mkdir(folder);
  const [path, whole] = [join(folder, 'm.onnx'), join(folder, 'whole.onnx')];
  const weights = normals(3, 1, 2, 2);
  await writeOnnx(whole, convolutionModel(weights));
  const bytes = Buffer.concat([Buffer.alloc(64), convolutionModel(weights).graph.initializer![0].rawData!]);
  for (const place of [root, folder]) await writeFile(join(place, 'm.onnx.data'), bytes);
  await symlink(join(root, 'm.onnx.data'), join(folder, 'link'));
  const opened = async (location: string, length = 48) => {
    const model = convolutionModel(weights);
    const tensor = model.graph.initializer![0];
    delete tensor.rawData;
    tensor.dataLocation = 1;
    tensor.externalData = Object.entries({ location, offset: '64', length: String(length) }).map(
      ([key, value]) => ({ key, value }),
    );
    await writeOnnx(path, model);
    return openModel(path);
  };
  const x = normals(5, 16);
  const maps = async (model: Awaited<ReturnType<typeof openModel>>) =>
    (await (await openActivations(model, x)).collect(['maps'])).get('maps')!.data;
  t.deepEqual(await maps(await opened('m.onnx.data')), await maps(await openModel(whole)));
  for (const [location, length, code] of [
    ['../m.onnx.data', 48, 'FILE_FORMAT'],
    ['link', 48, 'FILE_FORMAT'],
    [join(folder, 'm.onnx.data'), 48, 'FILE_FORMAT'],
    ['absent', 48, 'FILE_NOT_FOUND'],
    ['m.onnx.data', 480, 'FILE_TRUNCATED'],
  ] as const) {
    const error = await t.throwsAsync(opened(location, length), { instanceOf: RidgeflowError });
    t.is(error.code, code, error.message);
  }
});
