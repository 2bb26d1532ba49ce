import { RidgeflowError } from '../../core/errors.js';

/** Newton's iteration did not converge: a shorter step may. */
export class NewtonFailure extends RidgeflowError {}
