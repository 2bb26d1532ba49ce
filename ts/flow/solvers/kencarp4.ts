import type { Tableau } from '../tableau.js';

const diagonal = 1 / 4;
const b = [82889 / 524892, 0, 15625 / 83664, 69875 / 102672, -2260 / 8211];

/**
 * Kennedy and Carpenter's implicit pair of orders 4 and 3, for stiff fields: six stages, the first of them explicit, all
 * others with 1/4 on the diagonal. L-stable and stiffly accurate (the last stage is the end of the step, and the first
 * stage of the next); its embedded solution is bounded for ever stiffer fields too. No stage looks beyond the step.
 *
 * Source: C. A. Kennedy, M. H. Carpenter, Additive Runge–Kutta schemes for convection–diffusion–reaction equations, Appl.
 * Numer. Math. 44 (2003), 139–181: the implicit part of ARK4(3)6L[2]SA.
 */
export const kencarp4: Tableau = {
  name: 'kencarp4',
  order: 4,
  embeddedOrder: 3,
  stages: 6,
  diagonal,
  a: [
    [],
    [1 / 4],
    [8611 / 62500, -1743 / 31250],
    [5012029 / 34652500, -654441 / 2922500, 174375 / 388108],
    [15267082809 / 155376265600, -71443401 / 120774400, 730878875 / 902184768, 2285395 / 8070912],
    b,
  ],
  b: [...b, diagonal],
  c: [0, 1 / 2, 83 / 250, 31 / 50, 17 / 20, 1],
  bError: [
    82889 / 524892 - 4586570599 / 29645900160,
    0,
    15625 / 83664 - 178811875 / 945068544,
    69875 / 102672 - 814220225 / 1159782912,
    -2260 / 8211 + 3700637 / 11593932,
    1 / 4 - 61727 / 225920,
  ],
  fsal: true,
};
