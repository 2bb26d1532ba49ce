import { type NdArray, elementCount } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import { RandomStream } from '../../core/random.js';
import type { PositionMask } from './position-mask.js';

/** What becomes of feature maps and sequences: one row of each channel's mean, of all values, or one row per position. */
export type FeatureMaps = 'flatten' | 'mean' | 'positions';

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
  /** Whether each row is the mean over the positions. */
  readonly pooled: boolean;
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
  options: { channelAxis: number; most: number; seed?: number },
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
  if (featureMaps === 'mean') return { ...common, positions: Int32Array.of(0), pooled: true };
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
 * The rows of some examples: [examples · positions, width]. Means are over the positions that the mask has, or all where it
 * has none.
 */
export function rowsOf(
  activations: NdArray,
  examples: number,
  layout: RowLayout,
  mask?: PositionMask,
): NdArray {
  const { width, positions, pooled, channelStep, positionCount } = layout;
  const { data } = activations;
  if (positionCount === 1) return { data: data.subarray(0, examples * width), shape: [examples, width] };
  const out = new Float32Array(examples * positions.length * width);
  const size = width * positionCount;
  const offset = (p: number) => Math.floor(p / channelStep) * width * channelStep + (p % channelStep);
  let at = 0;
  const masked = isMasked(layout, mask) ? mask.data : undefined;
  const all = Int32Array.from({ length: pooled ? positionCount : 0 }, (_, p) => p);
  for (let i = 0; i < examples; i++) {
    const unmasked = masked && all.filter((p) => masked[i * positionCount + p] !== 0);
    const taken = unmasked?.length ? unmasked : all;
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
