import { checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { checkCall } from '../core/call.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import {
  type CallOptions,
  checkInteger,
  checkPositive,
  partOf,
  throwIfAborted,
  tell,
} from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkSquarable } from '../kernel/checks.js';
import { type Labels, classesOf } from './classes.js';
import { type Accuracy, accuracyOf, rightByClass } from './neighbour-accuracy.js';
import { dualFolds } from './probe-dual.js';
import type { ProbeFolds, ProbeProblem } from './probe-folds.js';
import { primalFolds } from './probe-primal.js';
import { SIGNATURES } from './signatures.js';

export interface LinearProbeOptions extends CallOptions {
  /** Parts that the points are dealt into by `seed`, each classified by what the others teach: 2 to n. Default 5. */
  folds?: number;
  /**
   * The ridge penalty over the mean variance of a coordinate, above 0, or several to choose from. Default: chosen from 10⁻⁶ to
   * 10⁴. For every part the one is taken that classifies the other parts best.
   */
  ridge?: number | readonly number[];
}

/** How well a linear classifier tells the classes. */
export interface LinearProbe extends Accuracy {
  /** The penalty that was taken for each part. */
  readonly ridges: readonly number[];
}

/** The first penalties that are tried, and by what their neighbours differ. */
const COARSE = [1e-4, 1e-2, 1, 100];
const STEP = 10;

/**
 * How well a linear classifier tells the classes of points it has not seen: the cross-validated accuracy of ridge
 * regression on one indicator per class, the largest wins. The linear probe of G. Alain and Y. Bengio (2016), solved
 * exactly rather than trained. The penalty matters where there are about as many coordinates as points, so it is chosen by
 * cross-validation as well, for every part without looking at it.
 *
 * @param points n × d. @param labels one per point.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_ARGUMENT, DEGENERATE_CLOUD (one class, or points that all coincide),
 * NON_FINITE, UNSUPPORTED, ABORTED. With m = min(n, d), O(ndm + penalties·folds·m³) time (six penalties by default),
 * O(nd + folds·m²) memory.
 */
export async function linearProbe(
  points: NdArrayLike,
  labels: Labels,
  options: LinearProbeOptions = {},
): Promise<LinearProbe> {
  ({ points } = checkCall(SIGNATURES.linearProbe, { points, labels, options }));
  const { n, d } = checkPoints(points, 'points', { minimum: 2 });
  const classes = classesOf(labels, n);
  const folds = checkInteger(options.folds ?? Math.min(5, n), 'folds', 2, n);
  const asked = checkRidge(options.ridge);
  const cloud = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(cloud));
  checkSquarable(kernels, cloud, 'points');

  const order = new RandomStream(options.seed, 'shuffle').choose(n, n);
  const parts = Array.from({ length: folds }, (_, f) => {
    const part = new Int32Array(Math.ceil((n - f) / folds));
    for (let at = 0; at < part.length; at++) part[at] = order[f + at * folds];
    return part;
  });
  const problem: ProbeProblem = { kernels, points: asMatrix(cloud), classes, parts };
  const regressions = await (d > n ? dualFolds : primalFolds)(problem, partOf(options, 0, 0.3));
  const trials = new Trials(problem, regressions, options.signal);
  await trials.run(asked ?? COARSE, partOf(options, 0.3, asked ? 1 : 0.8));
  if (!asked) {
    const best = trials.best();
    await trials.run([best / STEP, best * STEP], partOf(options, 0.8, 1));
  }
  const right = new Uint8Array(n);
  const ridges = parts.map((part, f) => {
    const ridge = trials.best(f);
    part.forEach((row, at) => (right[row] = trials.rights(ridge)[f][at]));
    return ridge;
  });
  return { ...accuracyOf(rightByClass(right, classes), classes), ridges };
}

/** The penalties to choose from; undefined for the usual ones. */
function checkRidge(ridge: LinearProbeOptions['ridge']): number[] | undefined {
  if (ridge === undefined) return undefined;
  if (!Array.isArray(ridge)) return [checkPositive(ridge as number, 'ridge')];
  if (ridge.length === 0) throw invalidArgument('ridge', 'a number above 0, or some of them', ridge);
  return ridge.map((value: number, i) => checkPositive(value, `ridge[${i}]`));
}

/** What every penalty got right, part by part. */
class Trials {
  readonly #rights = new Map<number, Uint8Array[]>();

  constructor(
    readonly problem: ProbeProblem,
    readonly folds: ProbeFolds,
    readonly signal: AbortSignal | undefined,
  ) {}

  /** Tries these penalties on all parts. Throws DEGENERATE_CLOUD where none can be solved for. */
  async run(ridges: readonly number[], { onProgress }: CallOptions): Promise<void> {
    const { parts, classes } = this.problem;
    const solved = new Map(ridges.map((ridge) => [ridge, [] as Uint8Array[]]));
    for (const [f, part] of parts.entries()) {
      const fold = this.folds.fold(f);
      for (const [ridge, rights] of solved) {
        const answers = await fold.classify(ridge);
        throwIfAborted(this.signal);
        if (answers) rights.push(Uint8Array.from(part, (row, at) => Number(answers[at] === classes.of[row])));
        else solved.delete(ridge);
      }
      await tell(onProgress, (f + 1) / parts.length);
    }
    for (const [ridge, rights] of solved) this.#rights.set(ridge, rights);
    if (this.#rights.size > 0) return;
    throw new RidgeflowError(
      'DEGENERATE_CLOUD',
      'Expected points that differ and a ridge that rounding does not swallow: raise the option ridge',
    );
  }

  rights(ridge: number): readonly Uint8Array[] {
    return this.#rights.get(ridge)!;
  }

  /** The penalty that gets most right in all parts but one; the larger of two. */
  best(without?: number): number {
    let [best, most] = [0, -1];
    for (const [ridge, rights] of [...this.#rights].sort(([a], [b]) => b - a)) {
      let sum = 0;
      for (const [f, part] of rights.entries())
        if (f !== without) sum += part.reduce((total, one) => total + one, 0);
      if (sum > most) [best, most] = [ridge, sum];
    }
    return best;
  }
}
