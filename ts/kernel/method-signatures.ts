import { list, number, text } from '../core/rules.js';

/** What the methods of the objects of this subject take, for {@link checkCall}. */
export const METHODS = {
  Distributed: {
    exchange: { text: text() },
    largest: { values: list() },
    range: { n: number() },
    sum: { values: list() },
  },
};
