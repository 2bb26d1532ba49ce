import { join } from 'node:path';
import type { NdArray } from '../../../ts/core/array.js';
import { readNpz } from '../../../ts/io/index.js';
import { openModel, refitStream, residualStreams, writeRefittedOnnx } from '../../../ts/network/index.js';

/**
 * Fits flows of fewer and more layers to the residual network of the digits, on the examples that it was trained on, and
 * prints how many held-out labels each gets right, as a file of ONNX with these layers in the place of its blocks.
 */
export async function refitDigits(folder: string, depths: readonly number[]): Promise<void> {
  const source = join(folder, 'model.onnx');
  const { points, labels } = await readNpz(join(folder, 'data.npz'));
  const { points: taught } = await readNpz(join(folder, 'train.npz'));
  const model = await openModel(source);
  const [{ blocks }] = residualStreams(model);
  const whole = await accuracy(source, points, labels);
  const lines = [`${blocks.length} blocks: ${percent(whole)} of ${points.shape[0]} held-out labels right`];
  for (const depth of depths) {
    const refitted = await refitStream(model, taught, { depth });
    const path = join(folder, `refitted-${depth}.onnx`);
    await writeRefittedOnnx(path, source, refitted);
    const right = percent(await accuracy(path, points, labels));
    lines.push(`${depth} layers: ${right}; ${percent(refitted.explained)} of the way explained`);
  }
  await model.dispose();
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Share of the examples whose largest output is that of their label. */
async function accuracy(path: string, points: NdArray, labels: NdArray): Promise<number> {
  const model = await openModel(path);
  try {
    const last = model.layers[model.layers.length - 1].name;
    const { data, shape } = (await model.run(points, [last])).get(last)!;
    const [n, k] = shape;
    let right = 0;
    for (let i = 0; i < n; i++) {
      const outputs = Array.from(data.subarray(i * k, (i + 1) * k));
      if (outputs.indexOf(Math.max(...outputs)) === labels.data[i]) right++;
    }
    return right / n;
  } finally {
    await model.dispose();
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
