import type { ActivationName } from '../../core/activation.js';
import { type DType, type FloatData, type NdArray, allocate } from '../../core/array.js';
import { RandomStream } from '../../core/random.js';
import { ALONE } from '../../kernel/alone.js';
import type { ShareKernels } from '../../kernel/contract/shares.js';
import { type DenseLayer, parameterCount } from '../../kernel/contract/training.js';

/** The layers of a two-layer autoencoder x ↦ [x +] C η(Ax − b) + c, as kernels take them. */
export function autoencoderLayers(
  d: number,
  width: number,
  activation: DenseLayer['activation'],
  { tied, residual }: { tied: boolean; residual: boolean },
): DenseLayer[] {
  return [
    { inputs: d, outputs: width, activation },
    { inputs: width, outputs: d, tiedTo: tied ? 0 : undefined, skipFrom: residual ? 0 : undefined },
  ];
}

/**
 * Parameters to start from, for points of unit size: hidden weights N(0, g/d) with g = 2 for relu, else 1 (K. He et al.,
 * ICCV 2015; X. Glorot, Y. Bengio, AISTATS 2010), each unit's bias such that its argument is 0 at a point of the cloud, so
 * that kinks and steps lie where the data are; output weights N(0, 1/m), or 0 in a residual network, which is then the
 * identity. The points may be those of one rank, some rows of a cloud: parameters are the same on all.
 */
export async function initialParameters(
  layers: readonly DenseLayer[],
  points: NdArray,
  {
    activation,
    residual,
    seed,
    dtype,
    shares = ALONE,
  }: { activation: ActivationName; residual: boolean; seed?: number; dtype: DType; shares?: ShareKernels },
): Promise<FloatData> {
  const [rows, d] = points.shape;
  const { first, total: n } = await shares.shareOf(rows);
  const [hidden, output] = layers;
  const width = hidden.outputs;
  const parameters = allocate(dtype, parameterCount(layers), 'parameters');
  const weights = parameters.subarray(0, width * d);
  new RandomStream(seed, 'initial').fillNormal(weights);
  const size = Math.sqrt((activation === 'relu' ? 2 : 1) / d);
  for (let at = 0; at < weights.length; at++) weights[at] *= size;
  const choice = new RandomStream(seed, 'initial', 1);
  // Of a point that another rank holds the argument comes from there.
  const own = Float64Array.from({ length: width }, (_, j) => {
    const row = Math.min(n - 1, Math.floor(choice.uniform(j) * n)) - first;
    if (row < 0 || row >= rows) return 0;
    let argument = 0;
    for (let k = 0; k < d; k++) argument += weights[j * d + k] * points.data[row * d + k];
    return argument;
  });
  (await shares.sumOverRanks(own)).forEach((argument, j) => (parameters[width * d + j] = -argument));
  if (output.tiedTo === undefined && !residual) {
    const last = parameters.subarray(width * d + width, width * d + width + width * d);
    new RandomStream(seed, 'initial', 2).fillNormal(last);
    for (let at = 0; at < last.length; at++) last[at] /= Math.sqrt(width);
  }
  return parameters;
}
