import { type DType, type FloatData, allocate, checkPoints, dtypeOf } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { kernelsFor } from '../../kernel/backend.js';
import { checkFinite } from '../../kernel/checks.js';
import { placeOf } from '../../kernel/whole.js';
import { type DenseLayer, parameterCount } from '../../kernel/contract/training.js';
import { type ShallowNetwork, shallowNetwork } from '../../network/shallow-network.js';
import { type Checkpointing, checkpointer, checksum, restore } from './checkpoint.js';
import { ComposedLayers, type TrainedComposition } from './composition.js';
import { type DescentOptions, checkDescent, descend, initialState } from './descent.js';
import { type TrainingNoise, inputNoise, isMasking } from './noise.js';
import { EncoderStack, type StackedDae } from './stack.js';
import { type EpochLoss, type TrainedDae, TwoLayerDae } from './trained-dae.js';
import { type Unit, inUnit, inverseUnit, toUnit, unitOf } from './unit.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link fineTune}. */
export interface FineTuneOptions extends DescentOptions {
  /** What corrupts the points: all of what the whole map is to undo. */
  noise: TrainingNoise;
  /** Saves the state of training now and then. */
  checkpoint?: Checkpointing;
  /** A file that `checkpoint` wrote for the same map, points and options: training goes on from it, to the same bits. */
  resume?: string;
}

/** A deep autoencoder that was fine-tuned. */
export interface FineTuned<D> {
  /** The new map; that which was given stays as it is. Its layers have the loss curves that they had. */
  readonly dae: D;
  /** The loss of the whole map. */
  readonly history: readonly EpochLoss[];
  readonly reason: TrainedDae['reason'];
}

/** A stage of the network that is trained: where its weights are, and the units of its inputs and outputs. */
interface Plan {
  layers: DenseLayer[];
  /** For each DAE: which of `layers` is its hidden layer, and which its output layer. */
  places: { hidden: number; output: number }[];
  /** Whether the inputs and outputs of each DAE are points. */
  inData: boolean[];
}

/**
 * Trains all layers of a composition or of a stack at once, end to end, to bring points corrupted by `noise` back: the
 * gradient of E|g(x̃) − x|² goes through the whole network. A stack is unrolled: all encoders, then all decoders. Weights
 * that were tied are so no longer. It is the noise of the whole map that `noise` is, not that of one layer.
 *
 * @param points n × d, n ≥ 2.
 * @throws As `trainDae`; INVALID_ARGUMENT for another map.
 *
 * O(epochs · n · parameters) time. Source: P. Vincent et al., JMLR 11 (2010), section 3.5; G. E. Hinton, R. R. Salakhutdinov,
 * Science 313 (2006).
 * @example const { dae } = await fineTune(await trainStackedDae(points, stack), points, { noise: 0.2, epochs: 100 });
 */
export async function fineTune<D extends TrainedComposition | StackedDae>(
  dae: D,
  points: NdArrayLike,
  options: FineTuneOptions,
): Promise<FineTuned<D>> {
  ({ points } = checkCall(SIGNATURES.fineTune, { dae, points, options }));
  if (!(dae instanceof ComposedLayers) && !(dae instanceof EncoderStack))
    throw invalidArgument('dae', 'what trainComposedDae or trainStackedDae made', dae);
  if (dae.layers.some(({ network }) => network.activation.name === 'step'))
    throw invalidArgument('dae', 'activations whose derivatives are not 0 everywhere', 'step');
  const { n: own, d } = checkPoints(points, 'points', { minimum: 0, dimension: dae.dimension });
  const dtype = options.dtype ?? dtypeOf(points);
  const kernels = await kernelsFor(options, dtype, 'spread');
  const { total } = await placeOf(kernels, own, 'points', 2);
  const settings = checkDescent(options, total);
  await kernels.doneByAll((async () => checkFinite(kernels, points, 'points'))());
  const unit = await unitOf(points, { keepOrigin: isMasking(options.noise), shares: kernels });
  const plan = dae instanceof EncoderStack ? unrolled(dae.layers) : inSequence(dae.layers);
  const problem = {
    kernels,
    layers: plan.layers,
    points: toUnit(points, unit, dtype),
    total,
    noise: inputNoise(options.noise, d, unit.scale, dtype),
    squareUnit: unit.scale ** 2,
  };
  const state = initialState(parametersOf(dae.layers, plan, unit, dtype));
  await kernels.checkSame({ map: checksum(state.parameters) });
  const run = { problem, settings, start: state.parameters.slice() };
  const save = options.checkpoint && (await checkpointer(run, options.checkpoint, options));
  if (options.resume !== undefined) await restore(options.resume, state, run, options);
  const { parameters, reason } = await descend(problem, state, settings, options, save);
  const layers = daesOf(parameters, dae.layers, plan, unit);
  const tuned = dae instanceof EncoderStack ? new EncoderStack(layers) : new ComposedLayers(layers);
  return { dae: tuned as TrainedComposition as D, history: state.history, reason };
}

function hiddenLayer({ network }: TrainedDae): DenseLayer {
  return { inputs: network.inputs, outputs: network.width, activation: network.activation.kernel };
}

/** g_0, then g_1, and so on. */
function inSequence(daes: readonly TrainedDae[]): Plan {
  const layers = daes.flatMap((dae, l): DenseLayer[] => [
    hiddenLayer(dae),
    {
      inputs: dae.network.width,
      outputs: dae.dimension,
      skipFrom: dae.residual ? 2 * l : undefined,
    },
  ]);
  const places = daes.map((_, l) => ({ hidden: 2 * l, output: 2 * l + 1 }));
  return { layers, places, inData: daes.map(() => true) };
}

/** φ_0, …, φ_{L−1}, then ψ_{L−1}, …, ψ_0. */
function unrolled(daes: readonly TrainedDae[]): Plan {
  const decoders = daes.map(({ network }) => ({ inputs: network.width, outputs: network.outputs })).reverse();
  return {
    layers: [...daes.map(hiddenLayer), ...decoders],
    places: daes.map((_, l) => ({ hidden: l, output: 2 * daes.length - 1 - l })),
    inData: daes.map((_, l) => l === 0),
  };
}

/** Where the parameters of each layer begin. */
function offsets(layers: readonly DenseLayer[]): number[] {
  return layers.map((_, l) => parameterCount(layers.slice(0, l)));
}

function parametersOf(
  daes: readonly TrainedDae[],
  { layers, places, inData }: Plan,
  unit: Unit,
  dtype: DType,
): FloatData {
  const parameters = allocate(dtype, parameterCount(layers), 'parameters');
  const starts = offsets(layers);
  for (const [l, { network: given, residual }] of daes.entries()) {
    const there = { inputs: inData[l], outputs: inData[l], residual };
    const { A, b, C, bias, width, outputs } = inUnit(given, unit, there, dtype);
    const [hidden, output] = [starts[places[l].hidden], starts[places[l].output]];
    parameters.set(A.data, hidden);
    for (let j = 0; j < width; j++) {
      parameters[hidden + A.data.length + j] = -b.data[j];
      for (let k = 0; k < outputs; k++) parameters[output + k * width + j] = C.data[j * outputs + k];
    }
    parameters.set(bias.data, output + C.data.length);
  }
  return parameters;
}

function daesOf(
  parameters: FloatData,
  daes: readonly TrainedDae[],
  { layers, places, inData }: Plan,
  unit: Unit,
): TrainedDae[] {
  const dtype = dtypeOf({ data: parameters });
  const starts = offsets(layers);
  return daes.map(({ network: given, residual, history, reason }, l) => {
    const { width: m, inputs: d, outputs: k } = given;
    const [hidden, output] = [starts[places[l].hidden], starts[places[l].output]];
    const C = allocate(dtype, m * k);
    for (let j = 0; j < m; j++) for (let c = 0; c < k; c++) C[j * k + c] = parameters[output + c * m + j];
    const network: ShallowNetwork = shallowNetwork({
      activation: given.activation.name,
      A: { data: parameters.slice(hidden, hidden + m * d), shape: [m, d] },
      b: { data: parameters.slice(hidden + m * d, hidden + m * d + m).map((value) => -value), shape: [m] },
      C: { data: C, shape: [m, k] },
      bias: { data: parameters.slice(output + m * k, output + m * k + k), shape: [k] },
    });
    const there = { inputs: inData[l], outputs: inData[l], residual };
    const back = inUnit(network, inverseUnit(unit), there, dtype);
    return new TwoLayerDae(back, { residual, history, reason });
  });
}
