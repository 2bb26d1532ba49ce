import { checkCall } from '../core/call.js';
import { invalidArgument } from '../core/errors.js';
import { checkPositive } from '../core/options.js';
import { NUMBER, TEXT, object, options } from '../core/rules.js';
import type { Optimiser } from './contract/training.js';

/** How parameters follow the gradient: Adam (D. P. Kingma, J. Ba, ICLR 2015), or plain steps with momentum. */
export type OptimiserOptions =
  | { kind: 'adam'; rate?: number; beta1?: number; beta2?: number; epsilon?: number }
  | { kind: 'sgd'; rate: number; momentum?: number };

/** The rule of an optimiser of either kind. */
export const OPTIMISER = object(['kind'], true);

type Of<K> = Extract<OptimiserOptions, { kind: K }>;

/** What an optimiser takes, by its kind. */
const OPTIMISERS = {
  adam: {
    optimiser: options<Of<'adam'>>()({
      beta1: NUMBER,
      beta2: NUMBER,
      epsilon: NUMBER,
      kind: TEXT,
      rate: NUMBER,
    }),
  },
  sgd: { optimiser: options<Of<'sgd'>>()({ kind: TEXT, momentum: NUMBER, rate: NUMBER }) },
};

/** The optimiser with all defaults; `adamRate` is Adam's own. Throws INVALID_ARGUMENT. */
export function checkOptimiser(given: OptimiserOptions = { kind: 'adam' }, adamRate: number): Optimiser {
  if (given.kind !== 'adam' && given.kind !== 'sgd')
    throw invalidArgument('optimiser.kind', '"adam" or "sgd"', (given as Optimiser).kind);
  checkCall(OPTIMISERS[given.kind], { optimiser: given });
  if (given.kind === 'sgd') {
    const momentum = given.momentum ?? 0.9;
    if (!(momentum >= 0 && momentum < 1))
      throw invalidArgument('optimiser.momentum', 'a number from 0 and below 1', momentum);
    return { kind: 'sgd', rate: checkPositive(given.rate, 'optimiser.rate'), momentum };
  }
  const { rate = adamRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = given;
  for (const [key, value] of Object.entries({ beta1, beta2 })) {
    if (!(value >= 0 && value < 1))
      throw invalidArgument(`optimiser.${key}`, 'a number from 0 and below 1', value);
  }
  checkPositive(rate, 'optimiser.rate');
  checkPositive(epsilon, 'optimiser.epsilon');
  return { kind: 'adam', rate, beta1, beta2, epsilon };
}
