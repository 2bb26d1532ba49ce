import { type WriteOptions } from '../../io/write.js';
import { writeOnnx } from '../../io/onnx-model.js';
import { OnnxGraphBuilder } from '../../network/onnx-graph.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';
import { type AnyTrainedDae, kindOf, layersOf } from './kind.js';

/**
 * Writes a trained autoencoder, a composition or a stack as an .onnx file, float32, operator set 17: input `x` and output `y`,
 * both [n, d] with n left open. The hidden units of layer l are `hidden<l>`, its output is `output<l>`, and where x is added
 * the sum is `x<l + 1>`; what comes last is `y`. Of a stack all encoders come first, then all decoders: `hidden<l>` gives the
 * features of layer l + 1. Every activation is made of standard operators. `ridgeflow network` analyses the file; it is not
 * read back as an autoencoder, as those of `writeDae` are. Atomic.
 *
 * @throws INVALID_ARGUMENT for another object, FILE_WRITE, ABORTED.
 * @example await writeDaeOnnx('stack.onnx', await trainStackedDae(points, { widths: 64, layers: 2, T: 0.1 }));
 */
export async function writeDaeOnnx(
  path: string,
  dae: AnyTrainedDae,
  options: WriteOptions = {},
): Promise<void> {
  checkCall(SIGNATURES.writeDaeOnnx, { path, dae, options });
  const kind = kindOf(dae);
  const layers = layersOf(dae);
  const graph = new OnnxGraphBuilder();
  const encode = (l: number, x: string) => graph.hidden(layers[l].network, l, x, `hidden${l}`);
  const decode = (l: number, units: string, y: string) => graph.output(layers[l].network, l, units, y);
  const last = layers.length - 1;
  let x = 'x';
  if (kind === 'stack') {
    for (let l = 0; l <= last; l++) x = encode(l, x);
    for (let l = last; l >= 0; l--) x = decode(l, x, l === 0 ? 'y' : `output${l}`);
  } else {
    for (const [l, { residual }] of layers.entries()) {
      const output = decode(l, encode(l, x), l === last && !residual ? 'y' : `output${l}`);
      x = residual ? graph.node('Add', [x, output], l === last ? 'y' : `x${l + 1}`) : output;
    }
  }
  const d = layers[0].dimension;
  await writeOnnx(path, graph.model(kind, { inputs: d, outputs: d }), options);
}
