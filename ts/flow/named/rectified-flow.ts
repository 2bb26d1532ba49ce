import type { NdArray } from '../../core/array.js';
import { type CallOptions, checkInteger, checkPositive, partOf } from '../../core/options.js';
import type { Measure } from '../../measure/measure.js';
import { straightness } from '../integrate.js';
import type { Flow, TransportOptions } from './flow.js';
import { pairedFlowMatching, shufflePairs } from './paired-flow-matching.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link rectifiedFlow}. */
export interface RectifiedFlowOptions
  extends CallOptions, Pick<TransportOptions, 'solver' | 'step' | 'tolerance'> {
  /** σ² > 0, the variance of the Gaussian about each path. */
  variance: number;
  /** Number of pairs, at least 1. Default 1000. */
  pairs?: number;
  /** How often the pairs are drawn again along the flow, at least 0. Default 2. */
  rounds?: number;
}

/** What {@link rectifiedFlow} returns. */
export interface RectifiedFlow {
  /** The flow of the last round, from time 0 to 1. */
  flow: Flow;
  /** All flows: of independent pairs, and of each round. */
  flows: Flow[];
  /** |x₁ − x₀|² over what the action makes of it, for each flow: from 0 to 1, and 1 for straight paths at constant speed. */
  straightness: number[];
  /** Where the flow takes the points that it was made from. */
  pairs: { from: NdArray; to: NdArray };
}

/**
 * Rectified flow between two measures. The first flow is that of {@link pairedFlowMatching} for points of both, paired
 * independently; where its paths would cross it bends. In each round the points are paired anew with where the flow takes
 * them, and the next flow is made of these pairs: the transport cost does not grow, and paths become straight, so that few
 * steps follow them.
 *
 * @param source Anything that can be sampled, `empirical({ points })` too. @param target Likewise, of the same dimension.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, ABORTED, and all that `integrate` throws.
 *
 * rounds + 1 integrations, each evaluation of which takes O(pairs² d) time. Source: X. Liu, C. Gong, Q. Liu, Flow straight
 * and fast: learning to generate and transfer data with rectified flow, ICLR 2023.
 */
export async function rectifiedFlow(
  source: Measure,
  target: Measure,
  options: RectifiedFlowOptions,
): Promise<RectifiedFlow> {
  checkCall(SIGNATURES.rectifiedFlow, { source, target, options });
  const variance = checkPositive(options?.variance, 'variance');
  const count = checkInteger(options.pairs ?? 1000, 'pairs', 1);
  const rounds = checkInteger(options.rounds ?? 2, 'rounds', 0);
  const { solver, step, tolerance, signal, seed, dtype, backend } = options;
  const run = { signal, seed, dtype, backend };
  const from = await source.sample(count, run);
  // Measures that draw the same numbers for the same seed would make pairs that depend on each other.
  let to = shufflePairs(await target.sample(count, run), { seed });
  const result = { flows: [] as Flow[], straightness: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const flow = pairedFlowMatching({ from, to, variance });
    const { onProgress } = partOf(options, round / (rounds + 1), (round + 1) / (rounds + 1));
    const trajectory = await flow.transport(from, {
      solver,
      step,
      tolerance,
      ...run,
      onProgress,
      track: { action: true },
    });
    result.flows.push(flow);
    result.straightness.push(straightness(trajectory));
    to = trajectory.end.positions;
  }
  return { flow: result.flows[rounds], ...result, pairs: { from, to } };
}
