import { ACTIVATION_NAMES, activation } from '../../core/activation.js';
import { Pace } from '../../core/pace.js';
import { RidgeflowError } from '../../core/errors.js';
import type { RunControl } from '../contract.js';
import {
  type DenseLayer,
  type NetworkProblem,
  type TrainingKernels,
  parameterCount,
} from '../contract/training.js';
import { takeStep } from '../optimiser-step.js';
import type { Engine } from './engine.js';
import { isFloat32Array } from '../../core/realm.js';

/** Rows that a loss over many takes at a time. */
const LOSS_ROWS = 256;

/** Where a layer's W (or the W that it is tied to) and β begin among the parameters. */
interface Place {
  weights: number;
  bias: number;
}

/** A layer with its function. */
interface Layer extends DenseLayer, Place {
  f?: { value: (z: number) => number; derivative: (z: number) => number };
}

function layersOf(layers: readonly DenseLayer[]): Layer[] {
  const placed: Layer[] = [];
  let at = 0;
  for (const layer of layers) {
    const weights = layer.tiedTo === undefined ? at : placed[layer.tiedTo].weights;
    if (layer.tiedTo === undefined) at += layer.inputs * layer.outputs;
    const { activation: code } = layer;
    const f =
      code &&
      ACTIVATION_NAMES.map((name) => activation(name)).find(
        ({ kernel }) => kernel.code === code.code && kernel.order === code.order,
      );
    placed.push({ ...layer, weights, bias: at, f });
    at += layer.outputs;
  }
  return placed;
}

/** One call's network: the formulas of native/training/batch.hpp, with the matrix products of TensorFlow.js. */
class Trainer {
  readonly #engine: Engine;
  readonly #problem: NetworkProblem;
  readonly #layers: Layer[];
  readonly #parameters: Float32Array;
  /** h_0 … h_L of the last rows. */
  #states: Float32Array[] = [];
  /** The gradients in the arguments of f. */
  #deltas: Float32Array[] = [];

  constructor(engine: Engine, problem: NetworkProblem) {
    if (!isFloat32Array(problem.parameters)) {
      throw new RidgeflowError(
        'UNSUPPORTED',
        'Expected float32 parameters on the TensorFlow.js backend, which has no float64: use the native backend',
        { details: { dtype: 'float64' } },
      );
    }
    this.#engine = engine;
    this.#problem = problem;
    this.#layers = layersOf(problem.layers);
    this.#parameters = problem.parameters;
  }

  /** The sum of squared errors of these rows; with `scale`, the gradient of scale times it goes back to every layer. */
  run(start: number, count: number, scale: number | undefined): number {
    const slopes: (Float32Array | undefined)[] = [];
    this.#states = [this.#inputs(start, count)];
    for (const layer of this.#layers) slopes.push(this.#forward(layer, count, scale !== undefined));
    const { loss, delta } = this.#compare(start, count, scale ?? 0);
    if (scale === undefined) return loss;
    this.#deltas = this.#layers.map(({ outputs }) => new Float32Array(count * outputs));
    this.#deltas[this.#layers.length - 1] = delta;
    for (let l = this.#layers.length - 1; l >= 0; l--) this.#back(l, count, slopes[l]);
    return loss;
  }

  /** gradient += the gradient in the parameters. */
  addGradient(gradient: Float32Array, count: number): void {
    this.#layers.forEach((layer, l) => {
      const { inputs, outputs, weights, bias, tiedTo } = layer;
      const sums = new Float64Array(outputs);
      for (let at = 0; at < count * outputs; at++) sums[at % outputs] += this.#deltas[l][at];
      for (let k = 0; k < outputs; k++) gradient[bias + k] += sums[k];
      // Of a tied layer the weights are those of another, transposed.
      const [left, right, rows, columns] =
        tiedTo === undefined
          ? [this.#deltas[l], this.#states[l], outputs, inputs]
          : [this.#states[l], this.#deltas[l], inputs, outputs];
      const product = this.#engine.product(transposed(left, count, rows), right, rows, count, columns);
      for (let at = 0; at < product.length; at++) gradient[weights + at] += product[at];
    });
  }

  #inputs(start: number, count: number): Float32Array {
    const { points, order, noise } = this.#problem;
    const d = points.columns;
    const inputs = new Float32Array(count * d);
    for (let i = 0; i < count; i++) {
      const row = order[start + i] * d;
      inputs.set(points.data.subarray(row, row + d), i * d);
    }
    if (!noise) return inputs;
    const z = new Float32Array(count * d);
    noise.stream.fillNormal(z, start * d);
    const { model } = noise;
    if (model.kind === 'factor') {
      const factor = transposed(Float32Array.from(model.factor), d, d);
      const product = this.#engine.product(z, factor, count, d, d);
      for (let at = 0; at < inputs.length; at++) inputs[at] += product[at];
    } else if (model.kind === 'gaussian') {
      const scale = Math.fround(model.scale);
      for (let at = 0; at < inputs.length; at++) inputs[at] += Math.fround(scale * z[at]);
    } else {
      const threshold = Math.fround(model.threshold);
      for (let at = 0; at < inputs.length; at++) if (z[at] < threshold) inputs[at] = 0;
    }
    return inputs;
  }

  /** W of a layer as the matrix that multiplies rows of its inputs from the right, inputs × outputs. */
  #factor({ inputs, outputs, weights, tiedTo }: Layer): Float32Array {
    const own = this.#parameters.subarray(weights, weights + inputs * outputs);
    return tiedTo === undefined ? transposed(own, outputs, inputs) : own.slice();
  }

  #forward(layer: Layer, count: number, wantSlopes: boolean): Float32Array | undefined {
    const { inputs, outputs, bias, skipFrom, f } = layer;
    const input = this.#states[this.#states.length - 1];
    const out = this.#engine.product(input, this.#factor(layer), count, inputs, outputs).slice();
    const slopes = f && wantSlopes ? new Float32Array(out.length) : undefined;
    const skipped = skipFrom === undefined ? undefined : this.#states[skipFrom];
    for (let at = 0; at < out.length; at++) {
      const z = out[at] + this.#parameters[bias + (at % outputs)];
      if (slopes) slopes[at] = f!.derivative(z);
      out[at] = (f ? f.value(z) : z) + (skipped ? skipped[at] : 0);
    }
    this.#states.push(out);
    return slopes;
  }

  #compare(start: number, count: number, scale: number): { loss: number; delta: Float32Array } {
    const { points, targets = points, order } = this.#problem;
    const width = targets.columns;
    const out = this.#states[this.#states.length - 1];
    const delta = new Float32Array(out.length);
    let loss = 0;
    for (let i = 0; i < count; i++) {
      const row = order[start + i] * width;
      for (let k = 0; k < width; k++) {
        const error = out[i * width + k] - targets.data[row + k];
        loss += error * error;
        delta[i * width + k] = 2 * scale * error;
      }
    }
    return { loss, delta };
  }

  #back(l: number, count: number, slopes: Float32Array | undefined): void {
    const layer = this.#layers[l];
    const { inputs, outputs, skipFrom } = layer;
    const delta = this.#deltas[l];
    if (skipFrom !== undefined && skipFrom > 0) {
      const skipped = this.#deltas[skipFrom - 1];
      for (let at = 0; at < delta.length; at++) skipped[at] += delta[at];
    }
    if (slopes) for (let at = 0; at < delta.length; at++) delta[at] *= slopes[at];
    if (l === 0) return;
    const factor = transposed(this.#factor(layer), inputs, outputs);
    const product = this.#engine.product(delta, factor, count, outputs, inputs);
    const before = this.#deltas[l - 1];
    for (let at = 0; at < before.length; at++) before[at] += product[at];
  }
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j];
  return out;
}

/** {@link TrainingKernels.trainNetwork} in float32. */
export async function trainNetwork(
  engine: Engine,
  problem: Parameters<TrainingKernels['trainNetwork']>[0],
  run?: RunControl,
): Promise<number> {
  const trainer = new Trainer(engine, problem);
  const { order, batch, optimiser, parameters, moments } = problem;
  const pace = new Pace(run, order.length);
  let { step } = problem;
  let sum = 0;
  for (let start = 0; start < order.length; start += batch) {
    const count = Math.min(batch, order.length - start);
    const loss = trainer.run(start, count, 1 / count);
    sum += loss;
    if (!Number.isFinite(loss)) return loss;
    const gradient = new Float32Array(parameterCount(problem.layers));
    trainer.addGradient(gradient, count);
    step++;
    takeStep(optimiser, step, parameters, gradient, moments);
    await pace.tick(count);
  }
  await pace.finish();
  return sum / order.length;
}

/** {@link TrainingKernels.networkLoss} in float32. */
export async function networkLoss(
  engine: Engine,
  problem: Parameters<TrainingKernels['networkLoss']>[0],
  run?: RunControl,
): Promise<number> {
  const trainer = new Trainer(engine, problem);
  const { order, gradient } = problem;
  const pace = new Pace(run, order.length);
  if (gradient) gradient.fill(0);
  let sum = 0;
  for (let start = 0; start < order.length; start += LOSS_ROWS) {
    const count = Math.min(LOSS_ROWS, order.length - start);
    sum += trainer.run(start, count, gradient ? 1 / order.length : undefined);
    if (gradient) trainer.addGradient(gradient as Float32Array, count);
    await pace.tick(count);
  }
  await pace.finish();
  return sum / order.length;
}
