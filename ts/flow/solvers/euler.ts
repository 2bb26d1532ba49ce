import type { Tableau } from '../tableau.js';

/**
 * Euler's method: order 1, one stage, fixed steps only. Its steps are the layers of a plain residual network.
 *
 * Source: L. Euler, Institutionum calculi integralis, vol. 1, 1768, section 650.
 */
export const euler: Tableau = {
  name: 'euler',
  order: 1,
  stages: 1,
  a: [[]],
  b: [1],
  c: [0],
  fsal: false,
};
