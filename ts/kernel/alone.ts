import { hostname } from 'node:os';
import type { ShareKernels } from './contract/shares.js';

/** The shares of a process that holds every row itself. */
export const ALONE: ShareKernels = {
  ranks: { rank: 0, size: 1, host: hostname() },
  shareOf: (rows) => Promise.resolve({ first: 0, total: rows }),
  sumOverRanks: (values) => Promise.resolve(Float64Array.from(values)),
  largestOverRanks: (values) => Promise.resolve(Float64Array.from(values)),
  takeFromRanks: (values, rows) => Promise.resolve(rows.map((row) => values[row])),
  everyPart: (values) => Promise.resolve([values]),
  passRound: async (values, visit) => visit(values, 0),
  checkSame: () => Promise.resolve(),
  doneByAll: (work) => work,
};
