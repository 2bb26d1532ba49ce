import { ACTIVATION_CODES, type Activation, activation } from '../core/activation.js';
import type { FloatData } from '../core/array.js';
import { Pace } from '../core/pace.js';
import type { Kernels, Matrix, RunControl } from '../kernel/contract.js';
import type { Nonlinearity } from '../kernel/contract/ridgelet.js';

/** How η′ is had of a kernel: its own nonlinearity at a shifted argument, then a function of that value. */
interface Slope {
  nonlinearity: Nonlinearity;
  shift?: number;
  then?: (value: number) => number;
}

function slopeOf({ name, kernel }: Activation): Slope | undefined {
  switch (name) {
    case 'relu':
      return { nonlinearity: activation('step').kernel };
    case 'softplus':
      return { nonlinearity: activation('sigmoid').kernel };
    case 'tanh':
      return { nonlinearity: kernel, then: (value) => (1 - value) * (1 + value) };
    case 'sigmoid':
      return { nonlinearity: kernel, then: (value) => value * (1 - value) };
    case 'cosine':
      return { nonlinearity: kernel, shift: Math.PI / 2 };
    default:
      if (kernel.code !== ACTIVATION_CODES.gaussian || kernel.order >= 8) return undefined;
      return { nonlinearity: { code: kernel.code, order: kernel.order + 1 } };
  }
}

/** Replaces every value z of a tile by η′(z − b), b one per column. */
export async function applySlopes(
  kernels: Kernels,
  values: Matrix,
  { function: eta, minusB }: { function: Activation; minusB: FloatData },
  run: RunControl,
): Promise<void> {
  const slope = slopeOf(eta);
  const { data, rows, columns } = values;
  const pace = new Pace({ signal: run.signal }, rows);
  if (!slope) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++)
        data[i * columns + j] = eta.derivative(data[i * columns + j] + minusB[j]);
      await pace.tick(1);
    }
    return;
  }
  const { nonlinearity, shift = 0, then } = slope;
  const columnBias = shift === 0 ? minusB : minusB.map((value) => value + shift);
  await kernels.activate({ values, columnBias, nonlinearity }, { signal: run.signal });
  if (!then) return;
  for (let i = 0; i < rows; i++) {
    for (let j = i * columns; j < (i + 1) * columns; j++) data[j] = then(data[j]);
    await pace.tick(1);
  }
}
