import { ACTIVATION_NAMES, activation } from '../../ts/core/activation.js';
import type { FloatData } from '../../ts/core/array.js';
import type { Matrix, Nonlinearity, RidgeSumProblem } from '../../ts/kernel/contract.js';
import { dot, toRows } from './kernels.js';

/** A nonlinearity from its definition. */
export function referenceNonlinearity(nonlinearity: Nonlinearity): (z: number) => number {
  if ('code' in nonlinearity) {
    const { code, order } = nonlinearity;
    const name = ACTIVATION_NAMES.find((candidate) => {
      const { kernel } = activation(candidate);
      return kernel.code === code && kernel.order === order;
    });
    return activation(name!).value;
  }
  const { from, to, parity, cells, degree, coefficients } = nonlinearity;
  return (z) => {
    const x = parity === 'none' ? z : Math.abs(z);
    const cell = Math.floor(((x - from) / (to - from)) * cells);
    if (cell < 0 || cell >= cells) return 0;
    const middle = from + ((cell + 0.5) / cells) * (to - from);
    const t = (2 * cells * (x - middle)) / (to - from);
    let sum = 0;
    for (let k = 0; k <= degree; k++) sum += coefficients[k * cells + cell] * t ** k;
    return parity === 'odd' && z < 0 ? -sum : sum;
  };
}

/** The arguments x_i·c_j + α_i + β_j, n × m. */
export function ridgeArguments({ queries, centres, queryBias, centreBias }: RidgeSumProblem): number[][] {
  const rows = toRows(centres);
  return toRows(queries).map((x, i) =>
    rows.map((c, j) => dot(x, c) + (queryBias?.[i] ?? 0) + (centreBias?.[j] ?? 0)),
  );
}

/** Every sum, and the sum of the sizes of its terms. */
export function referenceRidgeSum(problem: RidgeSumProblem): { sums: number[]; sizes: number[] } {
  const f = referenceNonlinearity(problem.nonlinearity);
  const values = toRows(problem.values);
  const { weights, scale = 1 } = problem;
  const sums: number[] = [];
  const sizes: number[] = [];
  for (const row of ridgeArguments(problem)) {
    const activations = row.map((z, j) => scale * f(z) * (weights?.[j] ?? 1));
    for (let c = 0; c < problem.values.columns; c++) {
      sums.push(activations.reduce((sum, value, j) => sum + value * values[j][c], 0));
      sizes.push(activations.reduce((sum, value, j) => sum + Math.abs(value * values[j][c]), 0));
    }
  }
  return { sums, sizes };
}

/** f(values + biases). */
export function referenceActivate(
  values: Matrix,
  nonlinearity: Nonlinearity,
  rowBias?: FloatData,
  columnBias?: FloatData,
): number[] {
  const f = referenceNonlinearity(nonlinearity);
  return toRows(values).flatMap((row, i) =>
    row.map((value, j) => f(value + (rowBias?.[i] ?? 0) + (columnBias?.[j] ?? 0))),
  );
}
