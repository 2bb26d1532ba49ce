import type { Tableau } from '../tableau.js';

/**
 * Heun's method (the explicit trapezoidal rule): order 2, two stages; the error estimate compares with Euler's method.
 *
 * Source: K. Heun, Neue Methoden zur approximativen Integration der Differentialgleichungen einer unabhängigen
 * Veränderlichen, Z. Math. Phys. 45 (1900), 23–38.
 */
export const heun: Tableau = {
  name: 'heun',
  order: 2,
  embeddedOrder: 1,
  stages: 2,
  a: [[], [1]],
  b: [1 / 2, 1 / 2],
  c: [0, 1],
  bError: [-1 / 2, 1 / 2],
  fsal: false,
};
