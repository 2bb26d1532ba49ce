import {
  ONNX_ATTRIBUTES,
  ONNX_TYPES,
  type OnnxAttribute,
  type OnnxNode,
  floatTensor,
  floatValueInfo,
  writeOnnx,
} from '../ts/io/onnx-model.js';
import type { OnnxTensor, OnnxValueInfo } from '../ts/io/onnx-model.js';
import { normals } from './network-models.js';

const OPTIONS: Record<string, number[]> = {};

/** A model as an exporter writes it: nodes have the paths of their modules, weights are random. */
export class ModelWriter {
  readonly #nodes: OnnxNode[] = [];
  readonly #tensors: OnnxTensor[] = [];
  #scope = '';

  /** Nodes within are those of this module. */
  within<Result>(module: string, make: () => Result): Result {
    const around = this.#scope;
    this.#scope = `${around}/${module}`;
    const made = make();
    this.#scope = around;
    return made;
  }

  node(opType: string, input: string[], options: Record<string, number | number[]> = OPTIONS): string {
    const name = `${this.#scope}/${opType}`;
    const used = this.#nodes.filter((node) => node.name?.replace(/_\d+$/, '') === name).length;
    const path = used === 0 ? name : `${name}_${used}`;
    const attribute = Object.entries(options).map(([key, value]): OnnxAttribute => {
      if (typeof value !== 'number') return { name: key, type: ONNX_ATTRIBUTES.ints, ints: value };
      return Number.isInteger(value)
        ? { name: key, type: ONNX_ATTRIBUTES.int, i: value }
        : { name: key, type: ONNX_ATTRIBUTES.float, f: value };
    });
    const output = `${path}_output_0`;
    this.#nodes.push({ opType, input, output: [output], name: path, attribute });
    return output;
  }

  weight(scale: number, ...shape: number[]): string {
    const array = normals(...shape);
    const name = `w${this.#tensors.length}`;
    this.#tensors.push(
      floatTensor(
        name,
        shape,
        array.data.map((value) => scale * value),
      ),
    );
    return name;
  }

  constant(value: number): string {
    const name = `c${this.#tensors.length}`;
    this.#tensors.push(floatTensor(name, [], [value]));
    return name;
  }

  integers(...values: number[]): string {
    const name = `i${this.#tensors.length}`;
    this.#tensors.push({ name, dims: [values.length], dataType: ONNX_TYPES.int64, int64Data: values });
    return name;
  }

  /** The inputs by their names, of numbers, or whole ones where `integers` names them. */
  async write(
    path: string,
    inputs: Record<string, (number | string)[]>,
    output: string,
    integers: readonly string[] = [],
  ): Promise<string> {
    const input = Object.entries(inputs).map(([name, shape]): OnnxValueInfo => {
      const info = floatValueInfo(name, shape);
      const { tensorType } = info.type!;
      return integers.includes(name)
        ? { name, type: { tensorType: { ...tensorType, elemType: ONNX_TYPES.int64 } } }
        : info;
    });
    await writeOnnx(path, {
      irVersion: 8,
      opsetImport: [{ domain: '', version: 17 }],
      graph: {
        name: 'model',
        node: this.#nodes,
        initializer: this.#tensors,
        input,
        output: [{ name: output }],
      },
    });
    return path;
  }

  linear(module: string, x: string, from: number, to: number): string {
    return this.within(module, () => {
      const product = this.node('MatMul', [x, this.weight(0.5 / Math.sqrt(from), from, to)]);
      return this.node('Add', [this.weight(0.1, to), product]);
    });
  }

  norm(module: string, x: string, width: number): string {
    const one = Array.from({ length: width }, () => 1);
    const name = `one${this.#tensors.length}`;
    this.#tensors.push(floatTensor(name, [width], one));
    return this.within(module, () => this.node('LayerNormalization', [x, name]));
  }

  /** The same norm in the operators of old exporters. */
  oldNorm(module: string, x: string): string {
    return this.within(module, () => {
      const centred = this.node('Sub', [x, this.node('ReduceMean', [x], { axes: [-1] })]);
      const square = this.node('Pow', [centred, this.constant(2)]);
      const variance = this.node('ReduceMean', [square], { axes: [-1] });
      const root = this.node('Sqrt', [this.node('Add', [variance, this.constant(1e-5)])]);
      return this.node('Div', [centred, root]);
    });
  }

  /** x (1 + tanh(c (x + 0.044715 x³))) / 2: a sum of two values of the data, but no block. */
  gelu(x: string): string {
    return this.within('act', () => {
      const cube = this.node('Pow', [x, this.constant(3)]);
      const inner = this.node('Add', [x, this.node('Mul', [cube, this.constant(0.044715)])]);
      const slope = this.node('Tanh', [this.node('Mul', [inner, this.constant(0.79788)])]);
      const both = this.node('Mul', [x, this.node('Add', [slope, this.constant(1)])]);
      return this.node('Mul', [both, this.constant(0.5)]);
    });
  }

  attention(x: string, width: number, mask?: string): string {
    return this.within('attention', () => {
      const [q, k, v] = ['query', 'key', 'value'].map((name) => this.linear(`self/${name}`, x, width, width));
      const product = this.node('MatMul', [q, this.node('Transpose', [k], { perm: [0, 2, 1] })]);
      const scores = mask === undefined ? product : this.node('Add', [product, mask]);
      const values = this.node('MatMul', [this.node('Softmax', [scores], { axis: -1 }), v]);
      return this.linear('output/dense', values, width, width);
    });
  }

  mlp(x: string, width: number): string {
    const hidden = this.gelu(this.linear('intermediate', x, width, 2 * width));
    return this.linear('output', hidden, 2 * width, width);
  }

  convolution(module: string, x: string, [from, to]: [number, number], stride = 1, size = 3): string {
    const pad = (size - 1) / 2;
    return this.within(module, () =>
      this.node('Conv', [x, this.weight(0.5 / Math.sqrt(from * size * size), to, from, size, size)], {
        kernel_shape: [size, size],
        pads: [pad, pad, pad, pad],
        strides: [stride, stride],
      }),
    );
  }
}
