import { number, object, record } from '../core/rules.js';

/** What the methods of the objects of this subject take, for {@link checkCall}: what takes nothing but numbers is not here. */
export const METHODS = {
  RidgeletPair: {
    new: {
      dimension: number(),
      ofActivation: object([]),
      profile: object(['parity', 'value()', 'polar()', 'smoothed()', 'reach()', 'bandwidth()']),
      constant: record({ log: number(), sign: number() }),
    },
  },
};
