import { invalidArgument } from '../core/errors.js';
import { type CallOptions, partOf, throwIfAborted, tell } from '../core/options.js';
import { fisherInformation, nearestNeighbourEntropy } from '../entropy/index.js';
import { meanWithError } from '../entropy/estimate.js';
import type { Estimate, Measure } from '../measure/measure.js';
import type { TrajectoryState } from './particles.js';
import { checkCall } from '../core/call.js';
import { kernelsFor } from '../kernel/backend.js';
import { MEASURE } from '../measure/signatures.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link trajectoryInformation}. */
export interface TrajectoryInformationOptions extends CallOptions {
  /** The law of the particles at a time, where it is known: `(t) => flow.law(t)`. */
  law?: (t: number) => Measure;
}

/** What {@link trajectoryInformation} finds at one time. */
export interface StateInformation {
  time: number;
  /** H = −∫ μ log μ, nats. */
  entropy: Estimate;
  /** I = ∫ |∇log μ|² μ, 1/length². */
  fisherInformation: Estimate;
}

/**
 * Entropy and Fisher information of the particles at each state of a trajectory, by the best means there are: those of the
 * law, where it is given (`exact` in closed form, else `monte-carlo`); entropy as the mean of −log μ over the particles where
 * the log-density was tracked (`monte-carlo`; if it was not given at the start, this is the change since then); else from the
 * positions alone (`nearest-neighbours`, and `kernel-density` for the Fisher information).
 *
 * Along the flow of ∇log μ_t they obey dH/dt = −I, along that of −∇log μ_t dH/dt = I.
 *
 * @param trajectory What `integrate` or `transport` returned, or any list of states.
 * @throws INVALID_ARGUMENT; where positions alone are there, all that `nearestNeighbourEntropy` and `fisherInformation` throw,
 *   such as DEGENERATE_CLOUD for particles that coincide; ABORTED.
 *
 * O(n²d) time for each state from positions, O(n) for the entropy of a tracked log-density.
 */
export async function trajectoryInformation(
  trajectory: { readonly states: readonly TrajectoryState[] },
  options: TrajectoryInformationOptions = {},
): Promise<StateInformation[]> {
  checkCall(SIGNATURES.trajectoryInformation, { trajectory, options });
  // What it asks of no backend is of the rows that are here: over ranks it does not run.
  await kernelsFor(options);
  const { law } = options;
  const given: unknown = trajectory?.states;
  if (!Array.isArray(given)) throw invalidArgument('trajectory', 'an object { states }', trajectory);
  if (law !== undefined && typeof law !== 'function') throw invalidArgument('law', 'a function of time', law);
  const { states } = trajectory;
  const result: StateInformation[] = [];
  for (const [i, state] of states.entries()) {
    throwIfAborted(options.signal);
    const [from, to] = [i / states.length, (i + 1) / states.length];
    const { signal, seed, backend } = options;
    const run = (a: number, b: number): CallOptions => ({
      signal,
      seed,
      backend,
      onProgress: partOf(options, from + a * (to - from), from + b * (to - from)).onProgress,
    });
    const measure = law?.(state.time);
    if (measure !== undefined) checkCall({ 'law(t)': MEASURE }, { 'law(t)': measure });
    result.push({
      time: state.time,
      entropy: measure ? await measure.entropy(run(0, 0.3)) : await entropyOf(state, run(0, 0.3)),
      fisherInformation: measure
        ? await measure.fisherInformation(run(0.3, 1))
        : await fisherInformationOf(state, run(0.3, 1)),
    });
  }
  await tell(options.onProgress, 1);
  return result;
}

async function entropyOf({ positions, logDensity }: TrajectoryState, run: CallOptions): Promise<Estimate> {
  if (logDensity)
    return { ...meanWithError(logDensity.length, (i) => -logDensity[i]), method: 'monte-carlo' };
  return { ...(await nearestNeighbourEntropy(positions, run)), method: 'nearest-neighbours' };
}

async function fisherInformationOf({ positions }: TrajectoryState, run: CallOptions): Promise<Estimate> {
  const { value, standardError } = await fisherInformation(positions, run);
  return { value, standardError, method: 'kernel-density' };
}
