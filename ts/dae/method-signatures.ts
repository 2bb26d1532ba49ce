import { arrayOr, ARRAY, CALL, CALL_OPTIONS, NUMBER, number, options, type Argument } from '../core/rules.js';
import type { StackedDae } from './training/stack.js';
import type { UnitFlow } from './training/unit-flow.js';

const OF_LAYER = options<Argument<StackedDae['encode'], 1>>()({ ...CALL, layer: NUMBER }, true);

/** What the methods of the objects of this subject take, for {@link checkCall}: what takes nothing but numbers is not here. */
export const METHODS = {
  ComposedDae: { measureAfter: { options: CALL_OPTIONS } },
  ContinuousDae: { measureAt: { t: number() } },
  DaeMap: {
    divergence: { x: ARRAY, options: CALL_OPTIONS },
    potential: { x: ARRAY, options: CALL_OPTIONS },
  },
  NoiseDensity: { logDensity: { differences: ARRAY }, score: { differences: ARRAY } },
  StackedDae: {
    decode: { features: ARRAY, options: OF_LAYER },
    encode: { x: ARRAY, options: OF_LAYER },
    trajectory: { x: ARRAY, options: CALL_OPTIONS },
  },
  TrainedComposition: { trajectory: { x: ARRAY, options: CALL_OPTIONS } },
  TrainedDae: { divergence: { x: ARRAY, options: CALL_OPTIONS } },
  TransportMap: {
    apply: { x: ARRAY, options: CALL_OPTIONS },
    jacobianVector: { x: ARRAY, v: ARRAY, options: CALL_OPTIONS },
    pushforward: { cloud: arrayOr([]), options: CALL_OPTIONS },
  },
  UnitFlow: {
    dae: { units: ARRAY },
    initial: { options: options<Argument<UnitFlow['initial'], 1>>()({ dtype: 1, seed: 1 }, true) },
    loss: { units: ARRAY, options: CALL_OPTIONS },
  },
};
