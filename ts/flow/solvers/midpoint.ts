import type { Tableau } from '../tableau.js';

/**
 * The explicit midpoint method: order 2, two stages; the error estimate compares with Euler's method.
 *
 * Source: C. Runge, Ueber die numerische Auflösung von Differentialgleichungen, Math. Annalen 46 (1895), 167–178.
 */
export const midpoint: Tableau = {
  name: 'midpoint',
  order: 2,
  embeddedOrder: 1,
  stages: 2,
  a: [[], [1 / 2]],
  b: [0, 1],
  c: [0, 1 / 2],
  bError: [-1, 1],
  fsal: false,
};
