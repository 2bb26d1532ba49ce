import type { Activation, ActivationName } from '../core/activation.js';
import { ACTIVATION_CODES } from '../core/activation.js';
import { type NdArray } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { fileError } from '../io/errors.js';
import {
  ONNX_ATTRIBUTES,
  ONNX_TYPES,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  floatTensor,
  floatValueInfo,
  floatValues,
  readOnnx,
  toNumber,
  writeOnnx,
} from '../io/onnx-model.js';
import type { WriteOptions } from '../io/write.js';
import { DESCRIPTION, type Network, assembleNetwork, describeNetwork, parseDescription } from './network.js';
import type { ShallowNetwork } from './shallow-network.js';
import { shallowNetwork } from './shallow-network.js';

/** Operators as of ONNX 1.12, which all runtimes in use know. */
const OPSET = 17;
const IR_VERSION = 8;

/**
 * Writes a network as an .onnx file, float32, operator set 17: input `x` and output `y`, both [n, …] with n left open.
 * Every activation is made of standard operators, a residual layer is Gemm, activation, Gemm, Mul and Add. Atomic.
 *
 * @throws FILE_WRITE, UNSUPPORTED (layers of different activations), ABORTED.
 */
export async function writeNetworkOnnx(
  path: string,
  network: Network,
  options: WriteOptions = {},
): Promise<void> {
  await writeOnnx(path, onnxModelOf(network), options);
}

/**
 * Reads a network that {@link writeNetworkOnnx} wrote.
 *
 * @throws FILE_NOT_FOUND, FILE_FORMAT where it is another model.
 */
export async function readNetworkOnnx(path: string): Promise<Network> {
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
  const graph = new GraphBuilder();
  let x = 'x';
  layers.forEach((layer, l) => {
    const last = l === layers.length - 1;
    const y = description.kind === 'shallow' ? 'y' : `velocity${l}`;
    graph.layer(layer, l, x, y);
    if (description.kind === 'shallow') return;
    const step = graph.constant(`layer${l}.step`, description.steps![l]);
    graph.node('Mul', [y, step], `move${l}`);
    x = graph.node('Add', [x, `move${l}`], last ? 'y' : `x${l + 1}`);
  });
  const { inputs } = layers[0];
  const { outputs } = layers[layers.length - 1];
  return {
    irVersion: IR_VERSION,
    producerName: 'ridgeflow',
    opsetImport: [{ domain: '', version: OPSET }],
    graph: {
      name: `${description.kind} network`,
      node: graph.nodes,
      initializer: graph.tensors,
      input: [floatValueInfo('x', ['n', inputs])],
      output: [floatValueInfo('y', ['n', outputs])],
    },
    metadataProps: [{ key: DESCRIPTION, value: JSON.stringify(description) }],
  };
}

/** Nodes and constants of a graph as it grows. */
class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly tensors: OnnxTensor[] = [];

  /** Adds a node with one output; returns the output's name. */
  node(opType: string, input: string[], output: string, integers: Record<string, number> = {}): string {
    const attribute = Object.entries(integers).map(([name, i]) => ({ name, type: ONNX_ATTRIBUTES.int, i }));
    this.nodes.push({ opType, input, output: [output], name: `${opType} ${output}`, attribute });
    return output;
  }

  tensor(name: string, shape: readonly number[], values: ArrayLike<number>): string {
    this.tensors.push(floatTensor(name, shape, values));
    return name;
  }

  /** A number; made once for each name. */
  constant(name: string, value: number): string {
    if (!this.tensors.some((tensor) => tensor.name === name)) this.tensor(name, [], [value]);
    return name;
  }

  /** y = Cᵀη(Ax − b) + bias. */
  layer({ A, b, C, bias, activation }: ShallowNetwork, l: number, x: string, y: string): void {
    const name = (part: string) => `layer${l}.${part}`;
    this.tensor(name('A'), A.shape, A.data);
    this.tensor(
      name('minus_b'),
      b.shape,
      b.data.map((value) => -value),
    );
    this.tensor(name('C'), C.shape, C.data);
    this.tensor(name('bias'), bias.shape, bias.data);
    const z = this.node('Gemm', [x, name('A'), name('minus_b')], name('z'), { transB: 1 });
    const units = this.#activate(activation, z, name('units'));
    this.node('Gemm', [units, name('C'), name('bias')], y);
  }

  #activate({ onnx, name, kernel }: Activation, z: string, out: string): string {
    if (onnx) return this.node(onnx, [z], out);
    if (name === 'step') {
      const positive = this.node('Greater', [z, this.constant('zero', 0)], `${out}.positive`);
      return this.node('Cast', [positive], out, { to: ONNX_TYPES.float });
    }
    if (kernel.code !== ACTIVATION_CODES.gaussian)
      throw new RidgeflowError('UNSUPPORTED', `No ONNX operators are known for the activation ${name}`);
    const square = this.node('Mul', [z, z], `${out}.square`);
    const exponent = this.node('Mul', [square, this.constant('minus_half', -0.5)], `${out}.exponent`);
    const bell = this.node('Exp', [exponent], `${out}.bell`);
    let before: string | undefined;
    const unit = this.constant('density', 1 / Math.sqrt(2 * Math.PI));
    let value = this.node('Mul', [bell, unit], kernel.order === 0 ? out : `${out}.0`);
    if (kernel.order === 0) return value;
    // φ^(k+1)(z) = −z φ^(k)(z) − k φ^(k−1)(z).
    const minusZ = this.node('Neg', [z], `${out}.minus`);
    for (let k = 0; k < kernel.order; k++) {
      const name = k + 1 === kernel.order ? out : `${out}.${k + 1}`;
      const next = this.node('Mul', [minusZ, value], k === 0 ? name : `${name}.first`);
      let sum = next;
      if (before !== undefined) {
        const second = this.node('Mul', [before, this.constant(`number${k}`, k)], `${name}.second`);
        sum = this.node('Sub', [next, second], name);
      }
      [before, value] = [value, sum];
    }
    return value;
  }
}
