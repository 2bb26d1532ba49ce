import { allocate, dtypeOf, type DType } from '../../core/array.js';
import type { Nonlinearity, RidgeletKernels } from '../contract/ridgelet.js';
import type { Addon } from './addon.js';
import { withControl } from './control.js';

const PARITIES = { none: 0, even: 1, odd: -1 } as const;

/** The fields that bindings/ridgelet.cpp reads of a nonlinearity. */
function fieldsOf(nonlinearity: Nonlinearity, dtype: DType) {
  if ('code' in nonlinearity) return { nonlinearity: nonlinearity.code, order: nonlinearity.order };
  const { from, to, parity, cells, degree, coefficients } = nonlinearity;
  return {
    nonlinearity: 0,
    ...{ from, to, cells, degree },
    parity: PARITIES[parity],
    coefficients: dtype === 'float64' ? coefficients : Float32Array.from(coefficients),
  };
}

/** The kernels of subject ridgelet on the addon. */
export function ridgeletKernels(addon: Addon): RidgeletKernels {
  return {
    async ridgeSum(problem, run) {
      const { queries, centres, queryBias, centreBias, values, weights, nonlinearity, scale } = problem;
      const dtype = dtypeOf(queries);
      const out = allocate(dtype, queries.rows * values.columns, 'sums of ridge functions');
      await withControl(run, (control) =>
        addon.ridgeSum({
          queries: queries.data,
          centres: centres.data,
          n: queries.rows,
          m: centres.rows,
          d: queries.columns,
          k: values.columns,
          values: values.data,
          ...{ queryBias, centreBias, weights, scale, out, control },
          ...fieldsOf(nonlinearity, dtype),
        }),
      );
      return out;
    },
    async convolveProjections(problem, run) {
      const { points, values, weights, directions, grid, spread, response, read, scale } = problem;
      const dtype = dtypeOf(points);
      const out = allocate(dtype, directions.rows * read.count * values.columns, 'a transform');
      const coefficients = dtype === 'float64' ? spread.coefficients : Float32Array.from(spread.coefficients);
      await withControl(run, (control) =>
        addon.convolveProjections({
          points: points.data,
          n: points.rows,
          d: points.columns,
          values: values.data,
          k: values.columns,
          directions: directions.data,
          m: directions.rows,
          ...grid,
          ...spread,
          coefficients,
          responseReal: response.re,
          responseImaginary: response.im,
          ...read,
          ...{ weights, scale, out, control },
        }),
      );
      return out;
    },
    async activate({ values: { data: values, rows, columns }, rowBias, columnBias, nonlinearity }, run) {
      const fields = fieldsOf(nonlinearity, dtypeOf({ data: values }));
      await withControl(run, (control) =>
        addon.activate({ values, rows, columns, rowBias, columnBias, control, ...fields }),
      );
    },
  };
}
