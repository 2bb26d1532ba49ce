import { allocate, dtypeOf } from '../../core/array.js';
import type { PairProblem, TransportKernels } from '../contract/transport.js';
import type { Addon } from './addon.js';
import { withControl } from './control.js';

function pairsOf({ from, to, cost, epsilon, logWeights }: PairProblem) {
  return {
    from: from.data,
    n: from.rows,
    to: to.data,
    m: to.rows,
    d: from.columns,
    euclidean: cost === 'euclidean',
    epsilon,
    logWeights,
  };
}

/** The kernels of optimal transport on the addon. */
export function transportKernels(addon: Addon): TransportKernels {
  return {
    async softmin(problem, run) {
      const out = allocate('float64', problem.from.rows, 'potentials') as Float64Array;
      await withControl(run, (control) => addon.softmin({ ...pairsOf(problem), out, control }));
      return out;
    },
    async planRows({ rowLogWeights, overDistance = false, ...problem }, run) {
      const { from, to } = problem;
      const out = allocate(dtypeOf(from), from.rows * to.rows, 'rows of a transport plan');
      await withControl(run, (control) =>
        addon.planRows({ ...pairsOf(problem), rowLogWeights, overDistance, out, control }),
      );
      return out;
    },
    async planCosts({ rowLogWeights, ...problem }, run) {
      const out = allocate('float64', problem.from.rows, 'costs of points') as Float64Array;
      await withControl(run, (control) =>
        addon.planCosts({ ...pairsOf(problem), rowLogWeights, out, control }),
      );
      return out;
    },
    async matrixPlanCosts({ costs, epsilon, rowLogWeights, logWeights }, run) {
      const out = new Float64Array(costs.rows);
      const { data, rows, columns } = costs;
      await withControl(run, (control) =>
        addon.matrixPlanCosts({
          costs: data,
          rows,
          columns,
          epsilon,
          rowLogWeights,
          logWeights,
          out,
          control,
        }),
      );
      return out;
    },
    async matrixSoftmin({ costs, transposed, epsilon, logWeights }, run) {
      const out = new Float64Array(transposed ? costs.columns : costs.rows);
      const { data, rows, columns } = costs;
      await withControl(run, (control) =>
        addon.matrixSoftmin({ costs: data, rows, columns, transposed, epsilon, logWeights, out, control }),
      );
      return out;
    },
    async pairCosts({ from, to, cost }, run) {
      const out = allocate('float64', from.rows * to.rows, 'the costs of all pairs') as Float64Array;
      const [n, m, d] = [from.rows, to.rows, from.columns];
      const euclidean = cost === 'euclidean';
      await withControl(run, (control) =>
        addon.pairCosts({ from: from.data, to: to.data, n, m, d, euclidean, out, control }),
      );
      return out;
    },
    async assignment({ costs, n }, run) {
      const result = { columns: new Int32Array(n), u: new Float64Array(n), v: new Float64Array(n) };
      await withControl(run, (control) => addon.assignment({ costs, n, ...result, control }));
      return result.columns[0] < 0 ? undefined : result;
    },
    async networkSimplex({ costs, supplies, demands }, run) {
      const [n, m] = [supplies.length, demands.length];
      const count = new Int32Array(1);
      const [rows, columns] = [new Int32Array(n + m), new Int32Array(n + m)];
      const masses = new Float64Array(n + m);
      const duals = { u: new Float64Array(n), v: new Float64Array(m) };
      await withControl(run, (control) =>
        addon.networkSimplex({
          costs,
          n,
          m,
          supplies,
          demands,
          rows,
          columns,
          masses,
          count,
          ...duals,
          control,
        }),
      );
      if (count[0] < 0) return undefined;
      const cut = <A extends Int32Array | Float64Array>(values: A) => values.slice(0, count[0]) as A;
      return { rows: cut(rows), columns: cut(columns), masses: cut(masses), ...duals };
    },
    async slicedDistances({ a, b, directions, weightsA, weightsB, p, wantGradients }, run) {
      const { rows: count, columns: d } = directions;
      const distances = new Float64Array(count);
      const gradients = wantGradients
        ? (allocate('float64', count * d, 'gradients') as Float64Array)
        : undefined;
      await withControl(run, (control) =>
        addon.slicedDistances({
          a: a.data,
          n: a.rows,
          b: b.data,
          m: b.rows,
          d,
          directions: directions.data,
          count,
          weightsA,
          weightsB,
          p,
          distances,
          gradients,
          control,
        }),
      );
      return { distances, gradients };
    },
  };
}
