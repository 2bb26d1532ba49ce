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
    async matrixSoftmin({ costs, transposed, epsilon, logWeights }, run) {
      const out = new Float64Array(transposed ? costs.columns : costs.rows);
      const { data, rows, columns } = costs;
      await withControl(run, (control) =>
        addon.matrixSoftmin({ costs: data, rows, columns, transposed, epsilon, logWeights, out, control }),
      );
      return out;
    },
  };
}
