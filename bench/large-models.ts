import { join } from 'node:path';
import { zeros } from '../ts/core/array.js';
import { writeNpz } from '../ts/io/index.js';
import { Random } from '../test/reference/random.js';
import { ModelWriter } from '../test/residual-models.js';

/** Classes of the examples. */
const CLASSES = 10;

/** A model in a file, with a file of examples and labels. */
export interface LargeModel {
  model: string;
  data: string;
  /** In millions. */
  parameters: number;
}

/** A model of 25 million random weights, and n examples for it, in a folder. */
export type MakeLarge = (folder: string, n: number) => Promise<LargeModel>;

const WIDTH = 384;
const HEADS = 12;
const LAYERS = 12;
const TOKENS = 48;
const WORDS = 10_000;

/** A transformer encoder as BERT is one: norms last, 12 layers of 384 values and 12 heads, 48 tokens with padding. */
export const encoder: MakeLarge = async (folder, n) => {
  const writer = new ModelWriter();
  const bias = writer.within('mask', () => {
    const kept = writer.node('Cast', ['attention_mask'], { to: 1 });
    const penalty = writer.node('Mul', [
      writer.node('Sub', [kept, writer.constant(1)]),
      writer.constant(1e4),
    ]);
    return writer.node('Unsqueeze', [penalty, writer.integers(1, 2)]);
  });
  const split = writer.integers(0, 0, HEADS, WIDTH / HEADS);
  const joined = writer.integers(0, 0, WIDTH);
  let x = writer.within('embeddings', () => {
    const words = writer.node('Gather', [writer.weight(1, WORDS, WIDTH), 'input_ids']);
    return writer.norm('LayerNorm', writer.node('Add', [words, writer.weight(0.5, TOKENS, WIDTH)]), WIDTH);
  });
  for (let layer = 0; layer < LAYERS; layer++) {
    x = writer.within(`encoder/layer.${layer}`, () => {
      const attended = writer.within('attention', () => {
        const [q, k, v] = ['query', 'key', 'value'].map((name) =>
          writer.node(
            'Transpose',
            [writer.node('Reshape', [writer.linear(`self/${name}`, x, WIDTH, WIDTH), split])],
            { perm: name === 'key' ? [0, 2, 3, 1] : [0, 2, 1, 3] },
          ),
        );
        const product = writer.node('MatMul', [q, k]);
        const scaled = writer.node('Mul', [product, writer.constant(1 / Math.sqrt(WIDTH / HEADS))]);
        const weights = writer.node('Softmax', [writer.node('Add', [scaled, bias])], { axis: -1 });
        const values = writer.node('Transpose', [writer.node('MatMul', [weights, v])], {
          perm: [0, 2, 1, 3],
        });
        const output = writer.linear('output/dense', writer.node('Reshape', [values, joined]), WIDTH, WIDTH);
        return writer.norm('output/LayerNorm', writer.node('Add', [output, x]), WIDTH);
      });
      const hidden = gelu(writer, writer.linear('intermediate/dense', attended, WIDTH, 4 * WIDTH));
      const output = writer.linear('output/dense', hidden, 4 * WIDTH, WIDTH);
      return writer.norm('output/LayerNorm', writer.node('Add', [output, attended]), WIDTH);
    });
  }
  const model = join(folder, 'encoder.onnx');
  const inputs = { input_ids: ['n', TOKENS], attention_mask: ['n', TOKENS] };
  await writer.write(model, inputs, x, Object.keys(inputs));
  const random = new Random(31);
  const [ids, mask, labels] = [zeros([n, TOKENS]), zeros([n, TOKENS]), zeros([n])];
  for (let i = 0; i < n; i++) {
    labels.data[i] = i % CLASSES;
    const length = 8 + random.integer(TOKENS - 7);
    for (let t = 0; t < length; t++) {
      // Half of the words are those of the class.
      const word = random.integer(WORDS / CLASSES);
      const group = random.uniform() < 0.5 ? i % CLASSES : random.integer(CLASSES);
      ids.data[i * TOKENS + t] = group * (WORDS / CLASSES) + word;
      mask.data[i * TOKENS + t] = 1;
    }
  }
  const data = join(folder, 'encoder.npz');
  await writeNpz(data, { input_ids: ids, attention_mask: mask, labels });
  return { model, data, parameters: (LAYERS * 12 * WIDTH ** 2 + WORDS * WIDTH) / 1e6 };
};

/** x (1 + erf(x/√2))/2, as PyTorch writes it. */
function gelu(writer: ModelWriter, x: string): string {
  const error = writer.node('Erf', [writer.node('Div', [x, writer.constant(Math.SQRT2)])]);
  const both = writer.node('Mul', [x, writer.node('Add', [error, writer.constant(1)])]);
  return writer.node('Mul', [both, writer.constant(0.5)]);
}

const SIDE = 64;
const STAGES = [3, 4, 6, 3];

/** A ResNet of 50 layers, its norms folded into the convolutions, on images of 64 × 64. */
export const resnet: MakeLarge = async (folder, n) => {
  const writer = new ModelWriter();
  let parameters = 0;
  const convolution = (module: string, x: string, ends: [number, number], stride = 1, size = 1) => {
    parameters += ends[0] * ends[1] * size * size;
    return writer.convolution(module, x, ends, stride, size);
  };
  const pool = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
  const stem = writer.node('Relu', [convolution('conv1', 'image', [3, 64], 2, 7)]);
  let x = writer.node('MaxPool', [stem], pool);
  let width = 64;
  STAGES.forEach((depth, stage) => {
    const inner = 64 * 2 ** stage;
    for (let b = 0; b < depth; b++) {
      const stride = b === 0 && stage > 0 ? 2 : 1;
      x = writer.within(`layer${stage + 1}/${b}`, () => {
        const first = writer.node('Relu', [convolution('conv1', x, [width, inner])]);
        const second = writer.node('Relu', [convolution('conv2', first, [inner, inner], stride, 3)]);
        const last = convolution('conv3', second, [inner, 4 * inner]);
        const skip = b === 0 ? convolution('downsample', x, [width, 4 * inner], stride) : x;
        return writer.node('Relu', [writer.node('Add', [last, skip])]);
      });
      width = 4 * inner;
    }
  });
  const mean = writer.node('Flatten', [writer.node('GlobalAveragePool', [x])]);
  const output = writer.linear('fc', mean, width, 1000);
  const model = join(folder, 'resnet.onnx');
  await writer.write(model, { image: ['n', 3, SIDE, SIDE] }, output);
  const random = new Random(32);
  const [images, labels] = [zeros([n, 3, SIDE, SIDE]), zeros([n])];
  const size = 3 * SIDE * SIDE;
  const patterns = random.normals(CLASSES * size);
  for (let i = 0; i < n; i++) {
    labels.data[i] = i % CLASSES;
    for (let k = 0; k < size; k++)
      images.data[i * size + k] = random.normal() + 0.3 * patterns[(i % CLASSES) * size + k];
  }
  const data = join(folder, 'resnet.npz');
  await writeNpz(data, { image: images, labels });
  return { model, data, parameters: (parameters + width * 1000) / 1e6 };
};
