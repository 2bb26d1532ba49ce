import { allocate, dtypeOf } from '../../core/array.js';
import type { RunControl } from '../contract.js';
import type { PairProblem, TransportKernels } from '../contract/transport.js';
import type { Addon } from '../native/addon.js';
import { withControl } from '../native/control.js';
import { addPart } from './add-part.js';
import { type Tile, visitAll } from './ring.js';
import type { World } from './world.js';

/** Sums over the targets of the entropic kernel, whose rows are spread over ranks as those of the points are. */
export function transportKernels(
  world: World,
  addon: Addon,
  native: TransportKernels,
): Pick<TransportKernels, 'softmin' | 'planCosts'> {
  return {
    softmin: (problem, run) =>
      overTiles(world, 'softmin', problem, run, async (out, tile, part) => {
        const more = await native.softmin({ ...problem, ...tile }, part);
        const { epsilon } = problem;
        const parts = { minima: out, part: more, n: out.length, epsilon };
        await withControl({ signal: part.signal }, (control) => addon.addSoftminPart({ ...parts, control }));
      }),

    planCosts: ({ rowLogWeights, ...problem }, run) =>
      overTiles(world, 'planCosts', problem, run, async (out, tile, part) => {
        addPart(addon, out, await native.planCosts({ ...problem, ...tile, rowLogWeights }, part));
      }),
  };
}

/** A value for each point, to which every tile of targets adds. */
function overTiles(
  world: World,
  call: 'softmin' | 'planCosts',
  problem: PairProblem,
  run: RunControl | undefined,
  add: (
    out: Float64Array,
    targets: Pick<PairProblem, 'to' | 'logWeights'>,
    part: RunControl,
  ) => Promise<void>,
): Promise<Float64Array> {
  const { from, to, cost, epsilon, logWeights } = problem;
  const same = { columns: from.columns, dtype: dtypeOf(from), cost, epsilon };
  return world.together({ call, same, own: [to.rows] }, async (own) => {
    const out = await world.allDone(
      (async () => allocate('float64', from.rows, 'sums over targets') as Float64Array)(),
    );
    if (call === 'softmin') out.fill(Infinity);
    const shares = own.map(([rows]) => rows);
    const visit = async ({ points, values }: Tile, part: RunControl) => {
      if (from.rows > 0) await add(out, { to: points, logWeights: values as Float64Array }, part);
    };
    await visitAll(world, { points: to, values: logWeights }, shares, false, visit, run);
    return out;
  });
}
