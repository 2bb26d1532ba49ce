import type { Tableau } from '../tableau.js';

const b = [2 / 9, 1 / 3, 4 / 9];

/**
 * Bogacki and Shampine's pair of orders 3 and 2: four stages, the last of which is the first of the next step. For loose
 * tolerances.
 *
 * Source: P. Bogacki, L. F. Shampine, A 3(2) pair of Runge–Kutta formulas, Appl. Math. Lett. 2 (1989), 321–325.
 */
export const bosh3: Tableau = {
  name: 'bosh3',
  order: 3,
  embeddedOrder: 2,
  stages: 4,
  a: [[], [1 / 2], [0, 3 / 4], b],
  b: [...b, 0],
  c: [0, 1 / 2, 3 / 4, 1],
  bError: [2 / 9 - 7 / 24, 1 / 3 - 1 / 4, 4 / 9 - 1 / 3, -1 / 8],
  fsal: true,
};
