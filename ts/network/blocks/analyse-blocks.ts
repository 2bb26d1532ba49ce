import { type NdArray, checkPoints } from '../../core/array.js';
import { checkCall } from '../../core/call.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, partOf, tell } from '../../core/options.js';
import { continuationOf } from '../analysis/steps.js';
import { SIGNATURES } from '../signatures.js';
import type { BlockMap } from './block-map.js';
import { type CloudChange, cloudChange } from './cloud-change.js';
import { type LocalGeometry, localGeometry } from './local-geometry.js';
import { type LyapunovExponents, lyapunovExponents } from './lyapunov.js';
import { type PotentialFit, fitPotential } from './potential.js';
import { type BlockNumbers, type StreamVerdict, streamVerdict } from './verdict.js';

/** One block in the three aspects of transport: a dynamical system, a continuity equation, a gradient flow. */
export interface BlockTransport
  extends BlockNumbers, Omit<CloudChange, 'relativeDisplacement' | 'entropyChange' | 'optimality'> {
  /** Its Jacobian at points of the data; null where the block cannot be run alone, or its points coincide. */
  readonly local: LocalGeometry | null;
  /** How well a potential explains its displacements; null in over 256 dimensions, or of fewer than 20 points. */
  readonly potential: PotentialFit | null;
  /**
   * The change of entropy by neighbours less that by log|det J|, over the standard error of both: within about ±3 they agree.
   * Null where one is not known.
   */
  readonly disagreement: number | null;
}

/** What {@link analyseBlocks} finds. */
export interface BlockAnalysis {
  readonly blocks: readonly BlockTransport[];
  /** Null where the derivative of some block is not known. */
  readonly lyapunov: LyapunovExponents | null;
  readonly verdict: StreamVerdict;
}

/** A block with the points before and after it. */
export interface BlockStep {
  readonly map: BlockMap | undefined;
  readonly before: NdArray;
  readonly after: NdArray;
}

/**
 * Transport analysis of blocks that follow one another, each x ↦ x + b(x): how far and where to it moves the points; the
 * singular values of its Jacobian and finite-time Lyapunov exponents; the change of log-density along the points, log|det J|,
 * beside that of the entropy of the cloud; the share of the displacement that is a gradient, and whether it transports
 * optimally; and what all this makes of the blocks, in a sentence.
 *
 * @param blocks maps ℝ^d → ℝ^d, such as the layers of a residual network, each a `residualNetwork({ layers: [layer] })`.
 * @param x n × d, n ≥ 4 points that enter the first.
 * @throws INVALID_ARGUMENT, EMPTY_CLOUD, INVALID_SHAPE, NON_FINITE, ABORTED, and as the blocks. For each block O(n²d) time, the
 * exact plan of up to 1000 points, and some 4000 products with its Jacobian.
 */
export async function analyseBlocks(
  blocks: readonly BlockMap[],
  x: NdArrayLike,
  options: CallOptions = {},
): Promise<BlockAnalysis> {
  ({ x } = checkCall(SIGNATURES.analyseBlocks, { blocks, x, options }));
  if (blocks.length === 0) throw invalidArgument('blocks', 'at least one block', blocks);
  checkPoints(x, 'x', { minimum: 4, dimension: blocks[0].dimension });
  const { seed, signal, backend, dtype } = options;
  const steps: BlockStep[] = [];
  let before = x;
  for (const map of blocks) {
    const after = await map.evaluate(before, { seed, signal, backend, dtype });
    if (after.shape[1] !== x.shape[1] || map.dimension !== x.shape[1]) {
      throw new RidgeflowError(
        'INVALID_SHAPE',
        `Expected blocks from ℝ^${x.shape[1]} to itself but received one of ${map.dimension} that gives ${after.shape[1]}: ` +
          'give the blocks of one width at a time',
        { details: { parameter: 'blocks' } },
      );
    }
    steps.push({ map, before, after });
    before = after;
  }
  return analyseSteps(steps, options);
}

/** {@link analyseBlocks} with the points known, where some blocks cannot be run alone. */
export async function analyseSteps(
  steps: readonly BlockStep[],
  options: CallOptions,
): Promise<BlockAnalysis> {
  const blocks: BlockTransport[] = [];
  for (const [s, { map, before, after }] of steps.entries()) {
    const [from, to] = [(0.9 * s) / steps.length, (0.9 * (s + 1)) / steps.length];
    const call = { ...partOf(options, from, to), seed: options.seed, onProgress: undefined };
    const change = await cloudChange(before, after, call);
    const moves = change.relativeDisplacement !== null;
    const local = map && moves ? await localGeometry(map, before, call) : null;
    const potential = await fitPotential(before, after, call);
    const earlier = steps[s - 1]?.before;
    const logDeterminant = local && local.logDeterminant;
    blocks.push({
      ...change,
      continuation: earlier ? continuationOf(earlier, before, after) : null,
      gradientShare: local && local.gradientShare,
      logDeterminant,
      local,
      potential,
      disagreement: disagreementOf(change.entropyChange, logDeterminant),
    });
    await tell(options.onProgress, to);
  }
  const maps = steps.flatMap(({ map }) => map ?? []);
  const known =
    maps.length === steps.length && blocks.every(({ relativeDisplacement }) => relativeDisplacement !== null);
  const call = { ...partOf(options, 0.9, 1), seed: options.seed };
  const lyapunov = known ? await lyapunovExponents(maps, steps[0].before, call) : null;
  await tell(options.onProgress, 1);
  return { blocks, lyapunov, verdict: streamVerdict(blocks) };
}

function disagreementOf(
  neighbours: BlockNumbers['entropyChange'],
  volume: BlockNumbers['logDeterminant'],
): number | null {
  if (!neighbours || !volume) return null;
  const error = Math.hypot(neighbours.standardError, volume.standardError);
  return error > 0 ? (neighbours.value - volume.value) / error : null;
}
