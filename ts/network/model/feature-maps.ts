import { type NdArray, elementCount } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import { RandomStream } from '../../core/random.js';
import type { PositionMask } from './position-mask.js';
import type { TokenRows } from './token-rows.js';

/** What becomes of feature maps and sequences: one row of each channel's mean, of all values, or one row per position. */
export type FeatureMaps = 'flatten' | 'mean' | 'positions';

/** What stands for a sequence: its mean, its first token (as [CLS] of encoders), or its last (as of decoders). */
export type SequencePooling = 'mean' | 'cls' | 'last';

const POOLINGS: readonly SequencePooling[] = ['mean', 'cls', 'last'];

/** Throws INVALID_ARGUMENT for anything else, and where sequences are not pooled. */
export function checkPooling(pool: SequencePooling | undefined, featureMaps: FeatureMaps): SequencePooling {
  if (pool === undefined) return 'mean';
  if (!POOLINGS.includes(pool))
    throw invalidArgument('pool', POOLINGS.map((way) => `'${way}'`).join(', '), pool);
  if (featureMaps !== 'mean')
    throw invalidArgument('pool', `nothing with featureMaps: '${featureMaps}', which does not pool`, pool);
  return pool;
}

const WAYS: readonly FeatureMaps[] = ['mean', 'flatten', 'positions'];

/** Throws INVALID_ARGUMENT for anything else. */
export function checkFeatureMaps(featureMaps: FeatureMaps | undefined): FeatureMaps {
  if (featureMaps !== undefined && !WAYS.includes(featureMaps))
    throw invalidArgument('featureMaps', WAYS.map((way) => `'${way}'`).join(', '), featureMaps);
  return featureMaps ?? 'mean';
}

/** How one layer's activations become rows. */
export interface RowLayout {
  /** Values of a row. */
  readonly width: number;
  /** The positions of the map that are rows of each example; [0] where the whole example is one. */
  readonly positions: Int32Array;
  /** Whether each row stands for all positions: their mean, or of a sequence one of them. */
  readonly pooled: boolean;
  readonly pooling?: SequencePooling;
  /** Where padding is left out: which positions of which examples are rows, in place of `positions`. */
  readonly tokens?: TokenRows;
  /** Values between those of two channels: the positions after the channels' axis. */
  readonly channelStep: number;
  readonly positionCount: number;
}

/**
 * The layout for activations of `shape`, that of one example. `channelAxis` is that of its channels. At most `most` positions are taken, drawn by the seed.
 */
export function rowLayout(
  shape: readonly number[],
  featureMaps: FeatureMaps,
  options: {
    channelAxis: number;
    most: number;
    seed?: number;
    pool?: SequencePooling;
    /** The tokens of sequences that are `length` long. */
    tokens?: { rows: TokenRows; length: number };
  },
): RowLayout {
  const size = elementCount(shape);
  if (shape.length < 2 || featureMaps === 'flatten') {
    const whole = { positions: Int32Array.of(0), pooled: false, positionCount: 1 };
    return { width: size, ...whole, channelStep: 1 };
  }
  const channels = shape[options.channelAxis];
  const positionCount = size / channels;
  const channelStep = elementCount(shape.slice(options.channelAxis + 1));
  const common = { width: channels, channelStep, positionCount };
  const isSequence = shape.length === 2 && channelStep === 1;
  if (featureMaps === 'mean') {
    const pooling = isSequence ? options.pool : 'mean';
    return { ...common, positions: Int32Array.of(0), pooled: true, pooling };
  }
  if (isSequence && options.tokens?.length === positionCount)
    return { ...common, positions: Int32Array.of(), pooled: false, tokens: options.tokens.rows };
  const chosen = new RandomStream(options.seed, 'subsample').choose(
    positionCount,
    Math.min(options.most, positionCount),
  );
  return { ...common, positions: chosen.sort(), pooled: false };
}

/** Whether a mask says which positions of these activations count: of sequences of that length, the channels last. */
function isMasked(layout: RowLayout, mask: PositionMask | undefined): mask is PositionMask {
  return layout.pooled && layout.channelStep === 1 && layout.positionCount === mask?.positions;
}

/**
 * The rows of some examples, the first of which has the number `first`: [examples · positions, width]. Means are over the
 * positions that the mask has, or all where it has none; first and last are those of them.
 */
export function rowsOf(
  activations: NdArray,
  examples: number,
  layout: RowLayout,
  { mask, first = 0 }: { mask?: PositionMask; first?: number } = {},
): NdArray {
  const { width, positions, pooled, pooling, channelStep, positionCount, tokens } = layout;
  const { data } = activations;
  if (tokens) return tokensOf(data, width, { first, examples, positionCount, tokens });
  if (positionCount === 1) return { data: data.subarray(0, examples * width), shape: [examples, width] };
  const out = new Float32Array(examples * positions.length * width);
  const size = width * positionCount;
  const offset = (p: number) => Math.floor(p / channelStep) * width * channelStep + (p % channelStep);
  let at = 0;
  const masked = isMasked(layout, mask) ? mask.data : undefined;
  const all = Int32Array.from({ length: pooled ? positionCount : 0 }, (_, p) => p);
  for (let i = 0; i < examples; i++) {
    const unmasked = masked && all.filter((p) => masked[i * positionCount + p] !== 0);
    const kept = unmasked?.length ? unmasked : all;
    const taken = pooling === 'cls' ? kept.slice(0, 1) : pooling === 'last' ? kept.slice(-1) : kept;
    for (const position of positions) {
      for (let c = 0; c < width; c++) {
        const from = i * size + c * channelStep;
        let value = 0;
        if (pooled) for (const p of taken) value += data[from + offset(p)];
        out[at++] = pooled ? value / taken.length : data[from + offset(position)];
      }
    }
  }
  return { data: out, shape: [examples * positions.length, width] };
}

function tokensOf(
  data: NdArray['data'],
  width: number,
  batch: { first: number; examples: number; positionCount: number; tokens: TokenRows },
): NdArray {
  const { first, examples, positionCount, tokens } = batch;
  const [start, end] = [tokens.starts[first], tokens.starts[first + examples]];
  const out = new Float32Array((end - start) * width);
  for (let row = start; row < end; row++) {
    const from = ((tokens.examples[row] - first) * positionCount + tokens.positions[row]) * width;
    out.set(data.subarray(from, from + width), (row - start) * width);
  }
  return { data: out, shape: [end - start, width] };
}
