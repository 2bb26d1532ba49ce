import { type NdArray, checkPoints } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import { type CallOptions, checkInteger, partOf } from '../core/options.js';
import type { ActivationName } from '../core/activation.js';
import { vectorLength } from '../core/rows.js';
import type { Flow } from '../flow/named/flow.js';
import { type RidgeletPair, ridgeletPair } from '../ridgelet/pair.js';
import { ridgeletTransform } from '../ridgelet/transform.js';
import type { Units } from './units.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link flowSpectra}. */
export interface FlowSpectraOptions extends CallOptions {
  /** Times of the flow. */
  times: readonly number[];
  /** Points (a, b) at which the spectra are evaluated. */
  positions: Units;
  /** The network's activation, or a pair. Default 'tanh'. */
  activation?: ActivationName | RidgeletPair;
  /** Points of the law at each time. Default 4096. */
  samples?: number;
}

/** The spectrum of a velocity field at one time. */
export interface FlowSpectrum {
  time: number;
  /** γ_t(a, b), m × d: one column for each coordinate of the velocity. */
  spectrum: NdArray;
  /** Its Euclidean size, m values. */
  magnitude: Float64Array;
}

/**
 * The spectra γ_t = R_μt[v_t] of a flow's velocity field at several times, over points of its own law there: how the
 * weights of the infinitely wide, infinitely deep network change along its depth. For the continuous denoising autoencoder
 * v_t = ∇log μ_t.
 *
 * @returns One spectrum for each time. The factor of ψ is left out: see `normalisation: 'profile'` of ridgeletTransform.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, UNSUPPORTED where the law of the flow is not known, COLLAPSED, ABORTED.
 *   O(samples · positions · d) time for each.
 *
 * Source: S. Sonoda, N. Murata, Transport analysis of infinitely deep neural network, JMLR 20 (2019), section 5.
 */
export async function flowSpectra(flow: Flow, options: FlowSpectraOptions): Promise<FlowSpectrum[]> {
  checkCall(SIGNATURES.flowSpectra, { flow, options });
  const { times, positions, activation = 'tanh', samples = 4096, signal, backend, dtype, seed } = options;
  if (!(times?.length > 0)) throw invalidArgument('times', 'a list of times', times);
  checkInteger(samples, 'samples', 2);
  const { d } = checkPoints(positions?.a, 'positions.a', { dimension: flow.field.dimension });
  const pair = typeof activation === 'object' ? activation : ridgeletPair(activation, d);
  const call = { signal, backend, dtype, seed };
  const spectra: FlowSpectrum[] = [];
  for (const [i, time] of times.entries()) {
    const points = await flow.law(time).sample(samples, call);
    const { velocity } = await flow.field.evaluate(points, time, {}, call);
    const part = partOf(options, i / times.length, (i + 1) / times.length);
    const spectrum = await ridgeletTransform({ points, values: velocity }, positions, {
      ...{ ...call, onProgress: part.onProgress, pair },
      normalisation: 'profile',
    });
    const magnitude = Float64Array.from({ length: spectrum.shape[0] }, (_, j) =>
      vectorLength(spectrum.data, j * d, d),
    );
    spectra.push({ time, spectrum, magnitude });
  }
  return spectra;
}
