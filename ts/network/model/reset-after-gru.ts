import type { Tensor } from '@tensorflow/tfjs-core';
import { RESET_AFTER } from './keras3.js';

type Layers = typeof import('@tensorflow/tfjs-layers');
type Core = typeof import('@tensorflow/tfjs-core');
type Config = Record<string, unknown> & {
  units: number;
  activation?: unknown;
  recurrentActivation?: unknown;
};
interface Weight {
  read(): Tensor;
}

let registered = false;

/**
 * Makes the GRU of Keras known to TensorFlow.js Layers, whose own has the reset gate before the product: of `reset_after`, the
 * default of Keras for TensorFlow 2, with a bias for each side: h ← z h + (1 − z) tanh(W x + b + r (U h + c)).
 */
export function registerResetAfterGru(
  { layers, RNN }: Layers,
  { serialization, split, tidy, add, mul, sub, matMul }: Core,
): void {
  if (registered) return;
  registered = true;
  const Cell = layers.gruCell({ units: 1 }).constructor as unknown as new (config: Config) => GruCell;
  class ResetAfterCell extends Cell {
    static className = `${RESET_AFTER}Cell`;

    override build(inputShape: number[]): void {
      const { units, kernelInitializer, recurrentInitializer, biasInitializer } = this;
      const columns = 3 * units;
      const last = inputShape[inputShape.length - 1];
      this.kernel = this.addWeight('kernel', [last, columns], null, kernelInitializer);
      this.recurrentKernel = this.addWeight('recurrent_kernel', [units, columns], null, recurrentInitializer);
      if (this.useBias) this.bias = this.addWeight('bias', [2, columns], null, biasInitializer);
      this.built = true;
    }

    override call(inputs: Tensor[]): Tensor[] {
      return tidy(() => {
        const [x, h] = inputs;
        const bias = this.useBias ? split(this.bias.read(), 2) : undefined;
        const side = (of: Tensor, kernel: Weight, b: Tensor | undefined) => {
          const product = matMul(of as never, kernel.read() as never);
          return split(b ? add(product, b) : product, 3, 1);
        };
        const [xz, xr, xh] = side(x, this.kernel, bias?.[0]);
        const [hz, hr, hh] = side(h, this.recurrentKernel, bias?.[1]);
        const z = this.recurrentActivation.apply(add(xz, hz));
        const r = this.recurrentActivation.apply(add(xr, hr));
        const candidate = this.activation.apply(add(xh, mul(r, hh)));
        const next = add(mul(z, h), mul(sub(1, z), candidate));
        return [next, next];
      });
    }
  }
  class ResetAfterGru extends RNN {
    static override className = RESET_AFTER;
    readonly #config: Config;

    constructor(config: Config) {
      // The cell says so itself; TensorFlow.js refuses the word.
      const { resetAfter: _, ...known } = config;
      super({ ...known, cell: new ResetAfterCell(known) } as never);
      this.#config = config;
    }

    override getConfig() {
      const { cell: _, ...base } = super.getConfig();
      return { ...base, ...this.#config } as never;
    }

    static override fromConfig(cls: unknown, config: unknown): never {
      return new (cls as new (config: unknown) => never)(config);
    }
  }
  serialization.registerClass(ResetAfterGru);
}

/** What is used of the cell of TensorFlow.js. */
interface GruCell {
  units: number;
  useBias: boolean;
  built: boolean;
  kernel: Weight;
  recurrentKernel: Weight;
  bias: Weight;
  kernelInitializer: unknown;
  recurrentInitializer: unknown;
  biasInitializer: unknown;
  activation: { apply(x: Tensor): Tensor };
  recurrentActivation: { apply(x: Tensor): Tensor };
  build(inputShape: number[]): void;
  call(inputs: Tensor[]): Tensor[];
  addWeight(name: string, shape: number[], dtype: null, initializer: unknown): Weight;
}
