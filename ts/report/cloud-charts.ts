import { type NdArray, checkPoints } from '../core/array.js';
import { checkCall } from '../core/call.js';
import { invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { checkInteger } from '../core/options.js';
import type { ChartSpec } from './charts.js';
import type { PrincipalPlane } from './cloud.js';
import { sampleRows } from './sampling.js';
import { inPlane, scatterChart } from './scatter.js';
import { SIGNATURES } from './signatures.js';

/** Entries of a plan between two clouds: masses[k] goes from source rows[k] to target columns[k]. */
export interface ShownPlan {
  rows: ArrayLike<number>;
  columns: ArrayLike<number>;
  masses: ArrayLike<number>;
}

/** Options of charts of clouds. */
export interface CloudChartOptions {
  /** The plane that the points are seen in: what `principalComponents` returns. Default: the first two coordinates. */
  plane?: PrincipalPlane;
  /** In pixels, or of what it stands in. Default 640. */
  width?: number | 'container';
  /** In pixels. Default 420. */
  height?: number;
  /** Picks what is shown of much. Default 0. */
  seed?: number;
}

/** Points of a cloud, and lines, that a chart shows unless asked otherwise. */
const SHOWN_POINTS = 2000;
const SHOWN_LINES = 500;
const SHOWN_PATHS = 300;

/** The lines of some entries of a plan, which carry mass, in a plane. */
export function planLines(
  source: NdArray,
  target: NdArray,
  { rows, columns, masses }: ShownPlan,
  plane: PrincipalPlane,
  { lines = SHOWN_LINES, seed = 0 }: { lines?: number; seed?: number } = {},
): { x: number; y: number; x2: number; y2: number }[] {
  const used = Array.from({ length: rows.length }, (_, k) => k).filter((k) => masses[k] > 0);
  const chosen = sampleRows(used.length, lines, seed).map((k) => used[k]);
  const from = inPlane(source, plane, chosen.map((k) => rows[k])); // prettier-ignore
  const to = inPlane(target, plane, chosen.map((k) => columns[k])); // prettier-ignore
  return from.map(({ x, y }, i) => ({ x, y, x2: to[i].x, y2: to[i].y }));
}

/**
 * A chart for `renderChart` or `compileChart` of two clouds and a plan between them, such as that of `exactTransport`: up to
 * 2000 points of each, and `lines` of the plan's entries (default 500), picked at random where there are more. O(n + m + entries).
 *
 * @param source n × d, `target` m × d.
 * @throws INVALID_SHAPE, EMPTY_CLOUD, NON_FINITE, INVALID_ARGUMENT where the plan names other points than there are.
 */
export function planChart(
  source: NdArrayLike,
  target: NdArrayLike,
  plan: ShownPlan,
  options: CloudChartOptions & {
    /** What the clouds are called. Default source and target. */
    names?: { source: string; target: string };
    lines?: number;
  } = {},
): ChartSpec {
  ({ source, target } = checkCall(SIGNATURES.planChart, { source, target, plan, options }));
  const { n, d } = checkPoints(source, 'source');
  const { n: m } = checkPoints(target, 'target', { dimension: d });
  const { names = { source: 'source', target: 'target' }, seed = 0 } = options;
  const lines = checkInteger(options.lines ?? SHOWN_LINES, 'lines', 0);
  const { rows, columns, masses } = plan;
  if (columns.length !== rows.length || masses.length !== rows.length)
    throw invalidArgument('plan', 'as many columns and masses as rows', [columns.length, masses.length]);
  for (let k = 0; k < rows.length; k++)
    if (!(rows[k] >= 0 && rows[k] < n && columns[k] >= 0 && columns[k] < m))
      throw invalidArgument('plan', `rows below ${n} and columns below ${m}`, [rows[k], columns[k]]);
  const { plane, titles } = planeOf(options.plane, d);
  const shown = (points: NdArray, group: string) =>
    inPlane(points, plane, sampleRows(points.shape[0], SHOWN_POINTS, seed)).map((at) => ({ ...at, group }));
  const chart = scatterChart(
    [...shown(source, names.source), ...shown(target, names.target)],
    plane,
    lines === 0 ? [] : planLines(source, target, plan, plane, { lines, seed }),
    titles,
  );
  return sized(chart, options);
}

/**
 * A chart for `renderChart` or `compileChart` of the ways of particles, such as `integrate` returns them: a line from the
 * start of each to its end through all states, of up to `particles` of them (default 300), picked at random where there are
 * more. O(particles · states · d).
 *
 * @param trajectory States in the order of time, n × d each.
 * @throws INVALID_SHAPE, EMPTY_CLOUD, NON_FINITE, INVALID_ARGUMENT for no states or labels that do not fit.
 */
export function trajectoryChart(
  trajectory: { readonly states: readonly { readonly time: number; readonly positions: NdArray }[] },
  options: CloudChartOptions & {
    /** Class of every particle, which colours its way: a number into `names`. */
    labels?: { values: ArrayLike<number>; names: readonly string[] };
    particles?: number;
  } = {},
): ChartSpec {
  checkCall(SIGNATURES.trajectoryChart, { trajectory, options });
  const { states } = trajectory;
  if (states.length === 0) throw invalidArgument('trajectory.states', 'at least one state', states);
  const { n, d } = checkPoints(states[0].positions, 'trajectory.states[0].positions');
  for (const [k, { positions }] of states.entries())
    checkPoints(positions, `trajectory.states[${k}].positions`, { minimum: n, dimension: d });
  const { labels, seed = 0 } = options;
  if (labels && labels.values.length !== n)
    throw invalidArgument('labels', `${n} values, one for each particle`, labels.values.length);
  const count = checkInteger(options.particles ?? SHOWN_PATHS, 'particles', 1);
  const rows = sampleRows(n, count, seed);
  const { plane, titles } = planeOf(options.plane, d);
  const group = (row: number) => labels?.names[labels.values[row]] ?? '';
  const ways = states.flatMap(({ time, positions }, order) =>
    inPlane(positions, plane, rows).map((at, i) => ({
      ...at,
      ...{ particle: rows[i], order, time, group: group(rows[i]) },
    })),
  );
  const last = states.length - 1;
  const ends = ways.filter(({ order }) => order === last);
  const points = scatterChart(ends, plane, [], titles, labels?.names);
  const { layer } = points as { layer: { encoding: Record<string, unknown> }[] };
  const { x, y, color } = layer[0].encoding;
  return sized(
    {
      ...points,
      description: `The ways of ${rows.length} particles through ${states.length} states, a point at the end of each`,
      layer: [
        {
          data: { values: ways },
          mark: { type: 'line', strokeWidth: 1, opacity: 0.5 },
          encoding: {
            ...{ x, y, ...(color !== undefined && { color }) },
            detail: { field: 'particle', type: 'nominal' },
            order: { field: 'order', type: 'quantitative' },
          },
        },
        ...layer,
      ],
    } as ChartSpec,
    options,
  );
}

/** The plane that was given, or that of the first two coordinates, with the titles of its axes. */
function planeOf(
  given: PrincipalPlane | undefined,
  d: number,
): { plane: PrincipalPlane; titles?: [string, string] } {
  if (given) {
    const axes = Math.min(2, d) * d;
    if (given.mean?.length !== d || !(given.axes?.length >= axes))
      throw invalidArgument('plane', `a mean of ${d} values and ${Math.min(2, d)} axes of as many`, given);
    return { plane: given };
  }
  const axes = new Float64Array(2 * d);
  axes[0] = 1;
  if (d > 1) axes[d + 1] = 1;
  return {
    plane: { mean: new Float64Array(d), axes, explained: [] },
    titles: ['first coordinate', d > 1 ? 'second coordinate' : ''],
  };
}

function sized(chart: ChartSpec, { width = 640, height = 420 }: CloudChartOptions): ChartSpec {
  const { autosize, ...rest } = chart;
  return { ...rest, width, height, ...(width === 'container' && { autosize }) };
}
