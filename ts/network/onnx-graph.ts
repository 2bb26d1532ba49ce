import type { Activation } from '../core/activation.js';
import { ACTIVATION_CODES } from '../core/activation.js';
import { RidgeflowError } from '../core/errors.js';
import {
  ONNX_ATTRIBUTES,
  ONNX_TYPES,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  floatTensor,
  floatValueInfo,
} from '../io/onnx-model.js';
import type { ShallowNetwork } from './shallow-network.js';

/** Operators as of ONNX 1.12, which all runtimes in use know. */
const OPSET = 17;
const IR_VERSION = 8;

/** Nodes and constants of a graph as it grows. */
export class OnnxGraphBuilder {
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

  /** η(Ax − b); its constants are named for layer `l`. */
  hidden({ A, b, activation }: ShallowNetwork, l: number, x: string, units: string): string {
    const name = (part: string) => `layer${l}.${part}`;
    this.tensor(name('A'), A.shape, A.data);
    this.tensor(
      name('minus_b'),
      b.shape,
      b.data.map((value) => -value),
    );
    const z = this.node('Gemm', [x, name('A'), name('minus_b')], name('z'), { transB: 1 });
    return this.#activate(activation, z, units);
  }

  /** Cᵀu + bias. */
  output({ C, bias }: ShallowNetwork, l: number, units: string, y: string): string {
    this.tensor(`layer${l}.C`, C.shape, C.data);
    this.tensor(`layer${l}.bias`, bias.shape, bias.data);
    return this.node('Gemm', [units, `layer${l}.C`, `layer${l}.bias`], y);
  }

  /** The model, from input `x` to output `y`. */
  model(
    name: string,
    { inputs, outputs }: { inputs: number; outputs: number },
    metadata: Record<string, string> = {},
  ): OnnxModel {
    return {
      irVersion: IR_VERSION,
      producerName: 'ridgeflow',
      opsetImport: [{ domain: '', version: OPSET }],
      graph: {
        name,
        node: this.nodes,
        initializer: this.tensors,
        input: [floatValueInfo('x', ['n', inputs])],
        output: [floatValueInfo('y', ['n', outputs])],
      },
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    };
  }

  #activate({ onnx, name, kernel }: Activation, z: string, out: string): string {
    if (onnx) return this.node(onnx, [z], out);
    if (name === 'step') {
      const positive = this.node('Greater', [z, this.constant('zero', 0)], `${out}.positive`);
      return this.node('Cast', [positive], out, { to: ONNX_TYPES.float });
    }
    if (name === 'gelu') {
      const scaled = this.node('Mul', [z, this.constant('half_root', Math.SQRT1_2)], `${out}.scaled`);
      const erf = this.node('Erf', [scaled], `${out}.erf`);
      const doubled = this.node('Add', [erf, this.constant('one', 1)], `${out}.doubled`);
      const below = this.node('Mul', [doubled, this.constant('half', 0.5)], `${out}.below`);
      return this.node('Mul', [z, below], out);
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
