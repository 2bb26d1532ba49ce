import { invalidArgument } from '../core/errors.js';
import type { DepthRun } from '../dae/depth-comparison.js';
import type { ChartSpec } from './charts.js';
import { depthPhrase, depthTick } from './format.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** One measurement of every run against depth. */
export interface DepthChart {
  /** Says in words what is drawn, for those who cannot see it. */
  description: string;
  /** The measurement; what is not finite is left out of the chart. */
  value: (run: DepthRun) => number | null;
  /** The measurement in words, with its unit. */
  format: (value: number) => string;
  /** The level before anything moved, drawn as a rule. */
  start?: number | null;
  /** Format of the value axis in d3-format's notation. Default: Vega-Lite's own. */
  axisFormat?: string;
  /** Least extent of the value axis, so that differences too small to matter look small. Default 0. */
  minimumSpan?: number;
  /** The largest value that there can be, which the axis does not exceed to reach its least extent. */
  maximum?: number;
  /** Marks the runs whose value is a lower bound: their points are hollow, and no line joins them to the others. */
  bound?: (run: DepthRun) => boolean;
  /** Height of the plot in pixels. Default 240. */
  height?: number;
}

/**
 * The chart of a measurement against depth: evenly spaced depths, the continuous limit as the last tick, dashed to it.
 * Throws INVALID_ARGUMENT where the measurement is finite for none of the runs.
 */
export function depthChart(runs: readonly DepthRun[], chart: DepthChart): ChartSpec {
  checkCall(SIGNATURES.depthChart, { runs, chart });
  const { description, value, format, start, axisFormat, bound, height = 240 } = chart;
  const values = runs.flatMap((run) => {
    const y = value(run);
    if (y === null || !Number.isFinite(y)) return [];
    const bounded = bound?.(run) ?? false;
    return {
      depth: depthTick(run.depth),
      name: depthPhrase(run.depth),
      y,
      label: format(y),
      reading: bounded ? `at least ${format(y)}` : format(y),
      bounded,
      continuous: run.depth === 'continuous',
    };
  });
  if (values.length === 0) throw invalidArgument('runs', 'a run with a finite value', runs);
  const finite = values.filter((row) => !row.continuous);
  const [last, limit] = [finite.at(-1), values.find((row) => row.continuous)];
  const bridge = last && limit && last.bounded === limit.bounded ? [last, limit] : [];
  const level = typeof start === 'number' && Number.isFinite(start) ? start : NaN;
  const hasStart = !Number.isNaN(level);
  const domain = valueDomain([...values.map((row) => row.y), ...(hasStart ? [level] : [])], chart);
  const x = {
    field: 'depth',
    type: 'ordinal' as const,
    sort: null,
    scale: { type: 'point' as const, domain: runs.map((run) => depthTick(run.depth)), padding: 0.55 },
    axis: { title: null, labelAngle: 0, labelOverlap: true, labelSeparation: 3 },
  };
  const y = {
    field: 'y',
    type: 'quantitative' as const,
    scale: { zero: false, nice: false, padding: 26, domain },
    axis: {
      title: null,
      tickCount: Math.max(3, Math.round(height / 55)),
      ...(axisFormat === undefined ? {} : { format: axisFormat }),
    },
  };
  // Labels stand on the side that the curve leaves free; that of the start, where the curve is farther from it.
  const [first, end] = [values[0], values[values.length - 1]];
  const endBelow = end.y < (hasStart ? level : (values.at(-2)?.y ?? end.y));
  const firstBelow = values.length > 1 && first.y < values[1].y;
  const toFirst = Math.abs(first.y - level);
  const toEnd = Math.abs(end.y - level);
  const crowded = toFirst < 0.3 * toEnd;
  const startLeft = toFirst > toEnd;
  const startAbove = (startLeft ? first : end).y < level;
  const label = (row: object, below: boolean, align: 'left' | 'right'): ChartLayers => [
    {
      data: { values: [row] },
      mark: {
        type: 'text',
        fontWeight: 600,
        align,
        dx: align === 'left' ? -8 : 8,
        baseline: below ? 'top' : 'bottom',
        dy: below ? 9 : -9,
      },
      encoding: { x, y, text: { field: 'label' } },
    },
  ];
  const rule: ChartLayers = [
    { data: { values: [{ y: start }] }, mark: 'rule', encoding: { y } },
    {
      data: { values: [{ y: start }] },
      mark: {
        type: 'text',
        align: startLeft ? 'left' : 'right',
        baseline: startAbove ? 'bottom' : 'top',
        dy: startAbove ? -5 : 6,
      },
      encoding: {
        x: { value: startLeft ? 2 : 'width' },
        y,
        text: { value: `start ${format(level)}` },
      },
    },
  ];
  const curve: ChartLayers = [
    { data: { values: finite }, mark: 'line', encoding: { x, y, detail: { field: 'bounded' } } },
    { data: { values: bridge }, mark: { type: 'line', strokeDash: [2, 5] }, encoding: { x, y } },
    {
      transform: [{ filter: '!datum.bounded' }],
      mark: 'point',
      encoding: { x, y, shape, size },
    },
    {
      transform: [{ filter: 'datum.bounded' }],
      mark: { type: 'point', filled: false, fill: { expr: 'paper' }, strokeWidth: 2 },
      encoding: { x, y, shape, size },
    },
  ];
  // A wide invisible target, so that a finger finds the point.
  const target: ChartLayers = [
    {
      mark: { type: 'point', size: 900, opacity: 0, aria: false },
      encoding: {
        x,
        y,
        tooltip: [
          { field: 'name', title: 'Depth' },
          { field: 'reading', title: 'Value' },
        ],
      },
    },
  ];
  return {
    description,
    width: 'container',
    height,
    autosize: { type: 'fit-x', contains: 'padding' },
    data: { values },
    layer: [
      ...(hasStart ? rule : []),
      ...curve,
      ...(crowded ? [] : label(first, firstBelow, 'left')),
      ...(values.length > 1 ? label(end, endBelow, 'right') : []),
      ...target,
    ],
  };
}

/** The values from the lowest to the highest, or more around them where that is too little to see or to mean something. */
function valueDomain(
  values: readonly number[],
  { minimumSpan = 0, maximum = Infinity }: DepthChart,
): [number, number] {
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const least = minimumSpan || (highest > lowest ? 0 : Math.abs(highest) || 1);
  const span = Math.max(highest - lowest, least);
  const top = Math.max(highest, Math.min((lowest + highest + span) / 2, maximum));
  return [top - span, top];
}

type ChartLayers = Extract<ChartSpec, { layer: unknown }>['layer'];

const shape = { condition: { test: 'datum.continuous', value: 'diamond' }, value: 'circle' };
const size = { condition: { test: 'datum.continuous', value: 100 }, value: 56 };
