import type { NdArray } from '../../core/array.js';
import type { NdArrayLike } from '../../core/foreign.js';
import type { CallOptions } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { kernelsFor } from '../../kernel/backend.js';
import { slicedWasserstein } from '../../transport/index.js';
import { BatchSize, runBlock } from '../model/batch-size.js';
import type { Block } from '../model/index.js';
import { finite } from './layer-measures.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Points and probes of the estimates of divergence and stretch. */
const POINTS = 64;
const PROBES = 4;

/** How one layer moves the points from where an earlier one of the same width had them. */
export interface StepMeasures {
  readonly from: string;
  readonly to: string;
  /** Mean distance moved. */
  readonly displacement: number;
  /** Root mean squared distance moved over the spread before: a step of a flow is far below 1. */
  readonly relativeDisplacement: number | null;
  /** Mean squared distance moved: the action of the step, taken in unit time. */
  readonly action: number;
  /** Sliced W₂ between the clouds before and after. */
  readonly slicedW2: number;
  /** d · SW₂² over the action, a lower bound on W₂² over it: 1 where no cheaper way leads to the same cloud. */
  readonly straightness: number | null;
  /** Mean cosine of the angle between a point's displacement here and in the step before: near 1 along a flow. */
  readonly continuation: number | null;
  /** Mean divergence of the displacement field, by finite differences through the model; null where that cannot be run alone. */
  readonly divergence: number | null;
  readonly divergenceError: number | null;
  /** Root mean squared factor by which the step stretches small displacements of its input: 1 leaves lengths alone. */
  readonly stretch: number | null;
}

/** A run of steps, each from where the one before ended. Time runs from 0 to 1, a step taking an equal part. */
export interface StreamMeasures {
  readonly layers: readonly string[];
  /** ∫ mean |v|² dt = steps · Σ mean |Δ|². */
  readonly action: number;
  /** Sliced W₂ between the clouds at both ends. */
  readonly slicedW2: number;
  /** d · SW₂² over the action, a lower bound on W₂²/action: 1 for transport in straight lines at constant speed. */
  readonly straightness: number | null;
  /** Mean over the points of the distance between both ends over the length of the path: 1 for straight paths. */
  readonly pathStraightness: number | null;
}

/** Sums over the displacement of every point. */
export interface Displacement {
  readonly mean: number;
  readonly meanSquare: number;
  readonly lengths: Float64Array;
}

/** How far each point is moved. O(nd). */
export function displacementOf(before: NdArray, after: NdArray): Displacement {
  const [n, d] = before.shape;
  const lengths = new Float64Array(n);
  let [sum, squares] = [0, 0];
  for (let i = 0; i < n; i++) {
    let square = 0;
    for (let at = i * d; at < (i + 1) * d; at++) square += (after.data[at] - before.data[at]) ** 2;
    lengths[i] = Math.sqrt(square);
    sum += lengths[i];
    squares += square;
  }
  return { mean: sum / n, meanSquare: squares / n, lengths };
}

/** Mean cosine between the moves a → b and b → c over points that move in both; null where none does. O(nd). */
export function continuationOf(a: NdArray, b: NdArray, c: NdArray): number | null {
  const [n, d] = a.shape;
  let [sum, count] = [0, 0];
  for (let i = 0; i < n; i++) {
    let [product, first, second] = [0, 0, 0];
    for (let at = i * d; at < (i + 1) * d; at++) {
      const u = b.data[at] - a.data[at];
      const v = c.data[at] - b.data[at];
      product += u * v;
      first += u * u;
      second += v * v;
    }
    if (first === 0 || second === 0) continue;
    sum += product / Math.sqrt(first * second);
    count++;
  }
  return count > 0 ? sum / count : null;
}

/** d · SW₂²/action, at most 1, with the distance along `directions`. */
export async function straightnessOf(
  before: NdArray,
  after: NdArray,
  action: number,
  options: CallOptions & { directions: NdArray },
): Promise<{ slicedW2: number; straightness: number | null }> {
  const { value } = await slicedWasserstein(before, after, { ...options, onProgress: undefined });
  return { slicedW2: value, straightness: finite(Math.min(1, (before.shape[1] * value ** 2) / action)) };
}

/** What {@link blockDerivatives} finds. */
export interface BlockDerivatives {
  readonly divergence: number;
  readonly divergenceError: number;
  readonly stretch: number;
}

/**
 * Mean divergence of x ↦ f(x) − x, and the root mean square of |Jz|/|z|, by Hutchinson's estimator (M. F. Hutchinson,
 * Communications in Statistics 19, 1990) with central differences through the block, over at most 64 points drawn by the
 * seed and 4 random signs each.
 *
 * @param measured `shape`: extents of one example as the block takes it; `spread`: the scale of the points.
 * @throws what the model throws, ABORTED. Eight runs of the block over those points.
 */
export async function blockDerivatives(
  block: Block,
  points: NdArrayLike,
  measured: { shape: readonly number[]; spread: number },
  options: CallOptions,
): Promise<BlockDerivatives> {
  ({ points } = checkCall(SIGNATURES.blockDerivatives, { block, points, measured, options }));
  // What it asks of no backend is of the rows that are here: over ranks it does not run.
  await kernelsFor(options);
  const { shape, spread } = measured;
  const [n, d] = points.shape;
  const rows = new RandomStream(options.seed, 'subsample').choose(n, Math.min(n, POINTS));
  // Truncation and rounding of float32 are about equal here.
  const step = (5e-3 * spread) / Math.sqrt(d);
  const size = new BatchSize(POINTS);
  const signs = new Float64Array(rows.length * d);
  const estimates: number[] = [];
  let squares = 0;
  for (let probe = 0; probe < PROBES; probe++) {
    new RandomStream(options.seed, 'probe', probe).fillUniform(signs);
    const [above, below] = [new Float32Array(signs.length), new Float32Array(signs.length)];
    for (let i = 0; i < rows.length; i++) {
      for (let k = 0; k < d; k++) {
        const at = i * d + k;
        signs[at] = signs[at] < 0.5 ? -1 : 1;
        // Far from 0 beside the spread, the step must still change the number.
        const x = points.data[rows[i] * d + k];
        const length = Math.max(step, Math.abs(x) * 2 ** -20);
        above[at] = x + length * signs[at];
        below[at] = x - length * signs[at];
      }
    }
    const inputs = [above, below].map((data): NdArray => ({ data, shape: [rows.length, ...shape] }));
    const high = await runBlock(block, inputs[0], size, options);
    const low = await runBlock(block, inputs[1], size, options);
    for (let i = 0; i < rows.length; i++) {
      let along = 0;
      for (let at = i * d; at < (i + 1) * d; at++) {
        // Over the difference that float32 made of the step.
        const slope = (high.data[at] - low.data[at]) / Math.abs(above[at] - below[at]);
        along += slope * signs[at] - 1;
        squares += slope ** 2;
      }
      estimates.push(along);
    }
  }
  const divergence = estimates.reduce((sum, value) => sum + value, 0) / estimates.length;
  const variance = estimates.reduce((sum, value) => sum + (value - divergence) ** 2, 0);
  return {
    divergence,
    divergenceError: Math.sqrt(variance / Math.max(1, estimates.length - 1) / estimates.length),
    stretch: Math.sqrt(squares / estimates.length / d),
  };
}
