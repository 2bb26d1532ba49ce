import { allocate, dtypeOf } from '../../core/array.js';
import type { LinearKernels } from '../contract/linear.js';
import type { Addon } from './addon.js';
import { withControl } from './control.js';

/** Linear algebra on the addon. */
export function linearKernels(addon: Addon): LinearKernels {
  return {
    async matmul({ a, b, transposeA = false, transposeB = false, into }, run) {
      const rows = transposeA ? a.columns : a.rows;
      const columns = transposeB ? b.rows : b.columns;
      const out = into ?? allocate(dtypeOf(a), rows * columns, 'a matrix product');
      await withControl(run, (control) =>
        addon.matmul({
          a: a.data,
          rowsA: a.rows,
          columnsA: a.columns,
          transposeA,
          b: b.data,
          rowsB: b.rows,
          columnsB: b.columns,
          transposeB,
          out,
          control,
        }),
      );
      return out;
    },
    async signedSums({ points, places, each, columns, scale }, run) {
      const { data, rows: n, columns: d } = points;
      const out = allocate(dtypeOf(points), n * columns, 'a projection');
      await withControl(run, (control) =>
        addon.signedSums({ points: data, n, d, places, each, columns, scale, out, control }),
      );
      return out;
    },
    async symmetricEigen(matrix, d) {
      const vectors = matrix.slice();
      const values = new Float64Array(d);
      await withControl(undefined, () => addon.symmetricEigen({ matrix: vectors, d, values }));
      return { values, vectors };
    },
    async solvePositiveDefinite(matrix, d, sides, run) {
      const solutions = sides.slice();
      const solved = new Int32Array(1);
      const problem = { matrix: matrix.slice(), d, sides: solutions, count: sides.length / d, solved };
      await withControl(run, (control) => addon.solvePositiveDefinite({ ...problem, control }));
      return solved[0] === 1 ? solutions : undefined;
    },
    async lowerTriangularProduct({ data, rows, columns: d }, factor, run) {
      await withControl(run, (control) => addon.lowerTriangularProduct({ data, rows, d, factor, control }));
    },
    linearCombination(out, terms) {
      const coefficients = Float64Array.from(terms, (term) => term.coefficient);
      addon.linearCombination({ out, coefficients, arrays: terms.map((term) => term.array) });
    },
    squaredRowLengths(data, columns, out) {
      addon.squaredRowLengths({ data, rows: out.length, columns, out });
    },
    async scaledError({ terms, a, b, columns, relative, absolute }) {
      const out = new Float64Array(2);
      const rows = a.length / columns;
      if (rows === 0) return { sum: 0, largest: 0, rows };
      addon.scaledError({
        coefficients: Float64Array.from(terms, (term) => term.coefficient),
        arrays: terms.map((term) => term.array),
        a,
        b,
        rows,
        columns,
        relative,
        absolute,
        out,
      });
      return { sum: out[0], largest: out[1], rows };
    },
    firstNonFinite: (data) => addon.firstNonFinite(data),
  };
}
