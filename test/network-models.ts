import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type NdArray, zeros } from '../ts/core/array.js';
import { ONNX_ATTRIBUTES, type OnnxModel, floatTensor, floatValueInfo } from '../ts/io/onnx-model.js';
import { type ResidualNetwork, residualNetwork, shallowNetwork } from '../ts/network/index.js';
import { Random } from './reference/random.js';

const random = new Random(29);

/** Normal numbers of that shape. */
export function normals(...shape: number[]): NdArray {
  const array = zeros(shape);
  array.data.set(random.normals(array.data.length));
  return array;
}

/** A residual network of `depth` layers in d dimensions, each a step of 0.2. */
export function residualStream(d: number, depth: number): ResidualNetwork {
  const layers = Array.from({ length: depth }, () => ({
    network: shallowNetwork({
      activation: 'tanh',
      A: normals(8, d),
      b: normals(8),
      C: normals(8, d),
      bias: normals(d),
    }),
    step: 0.2,
  }));
  return residualNetwork({ layers });
}

/** Two Gaussian classes in d dimensions, `distance` apart. */
export function labelled(n: number, d: number, distance: number): { points: NdArray; labels: Int32Array } {
  const points = normals(n, d);
  const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
  for (let i = 0; i < n; i++) points.data[i * d] += distance * labels[i];
  return { points, labels };
}

/** An ONNX model: images [n, 1, 4, 4], a convolution of 3 channels without padding, then ReLU. */
export function convolutionModel(weights: NdArray, opType = 'Relu', domain = ''): OnnxModel {
  return {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }, ...(domain ? [{ domain, version: 1 }] : [])],
    graph: {
      name: 'convolution',
      node: [
        {
          opType: 'Conv',
          input: ['image', 'weights'],
          output: ['maps'],
          attribute: [{ name: 'kernel_shape', type: ONNX_ATTRIBUTES.ints, ints: [2, 2] }],
        },
        { opType, domain, input: ['maps'], output: ['features'] },
      ],
      initializer: [floatTensor('weights', weights.shape, weights.data)],
      input: [floatValueInfo('image', ['n', 1, 4, 4])],
      output: [floatValueInfo('features', ['n', 3, 3, 3])],
    },
  };
}

/** Writes a GraphModel of TensorFlow.js: y = relu(xW), then what `op` makes of it. */
export async function writeGraphModel(folder: string, W: NdArray, op = 'Tanh'): Promise<void> {
  const [d, k] = W.shape;
  const type = { type: 'DT_FLOAT' };
  const shape = { shape: { dim: [{ size: '-1' }, { size: String(d) }] } };
  const model = {
    format: 'graph-model',
    modelTopology: {
      versions: { producer: 1 },
      node: [
        { name: 'x', op: 'Placeholder', attr: { dtype: type, shape } },
        { name: 'W', op: 'Const', attr: { dtype: type } },
        { name: 'product', op: 'MatMul', input: ['x', 'W'], attr: { T: type } },
        { name: 'hidden', op: 'Relu', input: ['product'], attr: { T: type } },
        { name: 'out', op, input: ['hidden'], attr: { T: type } },
      ],
    },
    weightsManifest: [{ paths: ['weights.bin'], weights: [{ name: 'W', shape: [d, k], dtype: 'float32' }] }],
  };
  await writeFile(join(folder, 'model.json'), JSON.stringify(model));
  await writeFile(join(folder, 'weights.bin'), Buffer.from(Float32Array.from(W.data).buffer));
}
