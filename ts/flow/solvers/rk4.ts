import type { Tableau } from '../tableau.js';

/**
 * The classical Runge–Kutta method: order 4, four stages, fixed steps only.
 *
 * Source: W. Kutta, Beitrag zur näherungsweisen Integration totaler Differentialgleichungen, Z. Math. Phys. 46 (1901),
 * 435–453.
 */
export const rk4: Tableau = {
  name: 'rk4',
  order: 4,
  stages: 4,
  a: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]],
  b: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
  c: [0, 1 / 2, 1 / 2, 1],
  fsal: false,
};
