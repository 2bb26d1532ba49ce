import { type NdArray, checkPoints } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkInteger, tell } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { takeRows } from '../../core/rows.js';
import type { Labels } from '../../representation/classes.js';
import { type Separability, separability } from '../../representation/separability.js';
import { type AnyTrainedDae, kindOf } from './kind.js';
import { EncoderStack } from './stack.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link layerSeparation}. */
export interface LayerSeparationOptions extends CallOptions {
  /** Points that are measured at most, chosen at random: the time grows as their square. Default 5000. */
  samples?: number;
}

/** What {@link layerSeparation} finds. */
export interface LayerSeparation {
  /** Of the points as they are (0), and where each layer brings them; those of a stack are decoded. */
  readonly points: readonly Separability[];
  /** Of a stack: of the points (0), and of the features of each layer. */
  readonly features?: readonly Separability[];
  /** How many points were measured. */
  readonly measured: number;
}

/**
 * How well classes are separated before the first layer of an autoencoder and after each: in the moved points, and in the
 * features of a stack.
 *
 * @param points n × d. @param labels one per point, of at least two classes.
 * @throws INVALID_ARGUMENT for another object; as the map and as `separability`.
 *
 * O(k²(d + m)) time for each layer, k points being measured.
 * @example const { points: after } = await layerSeparation(dae, digits, labels); after.map((layer) => layer.silhouette);
 */
export async function layerSeparation(
  dae: AnyTrainedDae,
  points: NdArrayLike,
  labels: Labels,
  options: LayerSeparationOptions = {},
): Promise<LayerSeparation> {
  ({ points } = checkCall(SIGNATURES.layerSeparation, { dae, points, labels, options }));
  const { samples = 5000, ...rest } = options;
  kindOf(dae);
  const { n } = checkPoints(points, 'points', { dimension: dae.dimension });
  if (labels?.length !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${n} values for labels but received ${labels?.length}`,
      {
        details: { parameter: 'labels' },
      },
    );
  }
  checkInteger(samples, 'samples', 2);
  const { x, of } = chosen(points, labels, samples, options.seed);
  const call = { ...rest, onProgress: undefined };
  const moved = 'trajectory' in dae ? await dae.trajectory(x, call) : [x, await dae.apply(x, call)];
  const features: NdArray[] = [];
  if (dae instanceof EncoderStack) {
    for (let layer = 1; layer < moved.length; layer++) features.push(await dae.encode(x, { ...call, layer }));
  }
  const found: Separability[] = [];
  for (const [i, cloud] of [...moved, ...features].entries()) {
    found.push(await separability(cloud, of, call));
    await tell(options.onProgress, (i + 1) / (moved.length + features.length));
  }
  return {
    points: found.slice(0, moved.length),
    ...(features.length > 0 && { features: [found[0], ...found.slice(moved.length)] }),
    measured: of.length,
  };
}

/** At most `count` of the points, with their labels. */
function chosen(
  points: NdArray,
  labels: Labels,
  count: number,
  seed: number | undefined,
): { x: NdArray; of: Labels } {
  const [n] = points.shape;
  if (n <= count) return { x: points, of: labels };
  const rows = new RandomStream(seed, 'subsample').choose(n, count).sort();
  return {
    x: takeRows(points, rows, 'the points that are measured'),
    of: Array.from(rows, (row) => labels[row]),
  };
}
