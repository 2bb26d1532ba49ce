import type { Tableau } from '../tableau.js';

const b = [
  0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774,
];

/**
 * Tsitouras' pair of orders 5 and 4: seven stages, the last of which is the first of the next step, with an interpolant
 * of order 4. Somewhat more accurate than {@link dopri5} at the same cost.
 *
 * Source: Ch. Tsitouras, Runge–Kutta pairs of order 5(4) satisfying only the first column simplifying assumption,
 * Comput. Math. Appl. 62 (2011), 770–775.
 */
export const tsit5: Tableau = {
  name: 'tsit5',
  order: 5,
  embeddedOrder: 4,
  stages: 7,
  a: [
    [],
    [0.161],
    [-0.008480655492356989, 0.335480655492357],
    [2.8971530571054935, -6.359448489975075, 4.3622954328695815],
    [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
    [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
    b,
  ],
  b: [...b, 0],
  c: [0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1],
  bError: [
    0.0017800110522257714,
    0.0008164344596567469,
    -0.007880878010261995,
    0.1447110071732629,
    -0.5823571654525552,
    0.45808210592918697,
    -1 / 66,
  ],
  fsal: true,
  interpolant: {
    order: 4,
    d: [
      [
        -1.0530884977290216, 0.1017, 2.490627285651253, -16.548102889244902, 47.37952196281928,
        -34.87065786149661, 2.5,
      ],
    ],
  },
};
