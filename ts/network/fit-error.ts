import type { NdArrayLike } from '../core/foreign.js';
import type { CallOptions } from '../core/options.js';
import type { ShallowNetwork } from './shallow-network.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** How far a network is from values. */
export interface FitError {
  /** Root of the mean over points of the squared distance between outputs and values. */
  rms: number;
  /** rms over that of the best constant. */
  relative: number;
  /** Largest difference of an output. */
  max: number;
}

/** The errors of a network at points. */
export async function fitError(
  network: Pick<ShallowNetwork, 'evaluate'>,
  data: { points: NdArrayLike; values: NdArrayLike },
  options: CallOptions,
): Promise<FitError> {
  const { data: own } = checkCall(SIGNATURES.fitError, { network, data, options });
  const { points, values } = own;
  const [n, k] = values.shape;
  const output = await network.evaluate(points, options);
  const means = new Float64Array(k);
  for (let i = 0; i < output.data.length; i++) means[i % k] += values.data[i] / n;
  let [square, spread, max] = [0, 0, 0];
  for (let i = 0; i < output.data.length; i++) {
    const difference = output.data[i] - values.data[i];
    square += difference * difference;
    spread += (values.data[i] - means[i % k]) ** 2;
    max = Math.max(max, Math.abs(difference));
  }
  return { rms: Math.sqrt(square / n), relative: spread > 0 ? Math.sqrt(square / spread) : NaN, max };
}
