import type { ActivationName } from '../core/activation.js';
import { type NdArray } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { fileError } from '../io/errors.js';
import {
  type OnnxModel,
  type OnnxTensor,
  floatValues,
  readOnnx,
  toNumber,
  writeOnnx,
} from '../io/onnx-model.js';
import type { WriteOptions } from '../io/write.js';
import { DESCRIPTION, type Network, assembleNetwork, describeNetwork, parseDescription } from './network.js';
import { OnnxGraphBuilder } from './onnx-graph.js';
import type { ShallowNetwork } from './shallow-network.js';
import { shallowNetwork } from './shallow-network.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * Writes a network as an .onnx file, float32, operator set 17: input `x` and output `y`, both [n, …] with n left open.
 * Every activation is made of standard operators, a residual layer is Gemm, activation, Gemm, Mul and Add. Atomic.
 *
 * @throws INVALID_ARGUMENT for another object, FILE_WRITE, UNSUPPORTED (layers of different activations), ABORTED.
 */
export async function writeNetworkOnnx(
  path: string,
  network: Network,
  options: WriteOptions = {},
): Promise<void> {
  checkCall(SIGNATURES.writeNetworkOnnx, { path, network, options });
  await writeOnnx(path, onnxModelOf(network), options);
}

/**
 * Reads a network that {@link writeNetworkOnnx} wrote.
 *
 * @throws FILE_NOT_FOUND, FILE_FORMAT where it is another model.
 */
export async function readNetworkOnnx(path: string): Promise<Network> {
  checkCall(SIGNATURES.readNetworkOnnx, { path });
  const model = await readOnnx(path);
  const description = parseDescription(model.metadataProps?.find(({ key }) => key === DESCRIPTION)?.value);
  if (!description) throw notOurs(path);
  const tensors = new Map(model.graph.initializer?.map((tensor) => [tensor.name, tensor]));
  const count = description.kind === 'shallow' ? 1 : description.steps!.length;
  const layers: ShallowNetwork[] = [];
  try {
    for (let l = 0; l < count; l++) {
      const [A, minusB, C, bias] = ['A', 'minus_b', 'C', 'bias'].map((name) =>
        arrayOf(tensors.get(`layer${l}.${name}`)),
      );
      const b = { data: minusB.data.map((value) => 0 - value), shape: minusB.shape };
      layers.push(shallowNetwork({ activation: description.activation as ActivationName, A, b, C, bias }));
    }
    return assembleNetwork(description, layers);
  } catch (cause) {
    throw notOurs(path, cause);
  }
}

function arrayOf(tensor: OnnxTensor | undefined): NdArray {
  const data = tensor && floatValues(tensor);
  if (!data) throw new RidgeflowError('FILE_FORMAT', 'A layer is missing');
  return { data, shape: tensor.dims.map(toNumber) };
}

function notOurs(file: string, cause?: unknown): RidgeflowError {
  return fileError('FILE_FORMAT', {
    file,
    problem: 'it does not hold a network that ridgeflow wrote',
    remedy: 'Only files of writeNetworkOnnx can be read back as a network',
    cause,
  });
}

/** The model of a network, as {@link writeNetworkOnnx} writes it. */
export function onnxModelOf(network: Network): OnnxModel {
  const { layers, description } = describeNetwork(network);
  const graph = new OnnxGraphBuilder();
  let x = 'x';
  layers.forEach((layer, l) => {
    const last = l === layers.length - 1;
    const y = description.kind === 'shallow' ? 'y' : `velocity${l}`;
    graph.output(layer, l, graph.hidden(layer, l, x, `layer${l}.units`), y);
    if (description.kind === 'shallow') return;
    const step = graph.constant(`layer${l}.step`, description.steps![l]);
    graph.node('Mul', [y, step], `move${l}`);
    x = graph.node('Add', [x, `move${l}`], last ? 'y' : `x${l + 1}`);
  });
  const { inputs } = layers[0];
  const { outputs } = layers[layers.length - 1];
  return graph.model(
    `${description.kind} network`,
    { inputs, outputs },
    { [DESCRIPTION]: JSON.stringify(description) },
  );
}
