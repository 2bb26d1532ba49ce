import type { Tableau } from '../tableau.js';
import { bosh3 } from './bosh3.js';
import { dop853 } from './dop853.js';
import { dopri5 } from './dopri5.js';
import { euler } from './euler.js';
import { heun } from './heun.js';
import { kencarp4 } from './kencarp4.js';
import { midpoint } from './midpoint.js';
import { rk4 } from './rk4.js';
import { tsit5 } from './tsit5.js';

export { bosh3, dop853, dopri5, euler, heun, kencarp4, midpoint, rk4, tsit5 };

/** Every solver by its name. */
export const SOLVERS = {
  ...{ euler, midpoint, heun, rk4, bosh3, dopri5, tsit5, dop853 },
  kencarp4,
} as const satisfies Record<string, Tableau>;

/** Names of the solvers. */
export type SolverName = keyof typeof SOLVERS;
