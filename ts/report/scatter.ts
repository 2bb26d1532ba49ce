import type { NdArray } from '../core/array.js';
import type { ChartSpec } from './charts.js';
import type { ClassLabels, PrincipalPlane } from './cloud.js';
import { formatPercent } from './format.js';

/** A point in the picture. */
export interface ShownPoint {
  x: number;
  y: number;
  /** What colours tell apart. */
  group: string;
}

/** Coordinates of some rows in a plane; for one dimension the second is 0. */
export function inPlane(
  { data, shape: [, d] }: NdArray,
  { mean, axes }: PrincipalPlane,
  rows: readonly number[],
): { x: number; y: number }[] {
  const along = (row: number, axis: number) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += (data[row * d + k] - mean[k]) * axes[axis * d + k];
    return sum;
  };
  return rows.map((row) => ({ x: along(row, 0), y: d > 1 ? along(row, 1) : 0 }));
}

/**
 * Points in their principal plane, or another whose axes have these titles, coloured by group, over lines from one point to another.
 *
 * @param names All groups in the order of their colours, so that one has the same in every picture of a page. Default: those that
 *   occur, as they do.
 */
export function scatterChart(
  points: readonly ShownPoint[],
  { explained }: Pick<PrincipalPlane, 'explained'>,
  lines: readonly { x: number; y: number; x2: number; y2: number }[] = [],
  titles?: readonly [string, string],
  names?: readonly string[],
): ChartSpec {
  const groups = [...(names ?? new Set(points.map(({ group }) => group)))];
  const share = (k: number) =>
    explained[k] === undefined ? '' : `, ${formatPercent(explained[k])} of the variance`;
  const axis = (field: 'x' | 'y', title: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { zero: false },
    axis: { title, grid: true, tickCount: 5 },
  });
  const x = axis('x', titles?.[0] ?? `First component${share(0)}`);
  const y = axis('y', titles?.[1] ?? `Second component${share(1)}`);
  return {
    description:
      `Scatter plot of ${points.length} points ${titles ? 'in the plane' : 'in their first two principal components'}` +
      (lines.length > 0 ? `, with ${lines.length} lines of the plan between them` : ''),
    width: 'container',
    height: 420,
    autosize: { type: 'fit-x', contains: 'padding' },
    layer: [
      ...(lines.length > 0
        ? [
            {
              data: { values: [...lines] },
              mark: { type: 'rule' as const, strokeDash: [1, 0], strokeWidth: 0.75, opacity: 0.45 },
              encoding: { x, y, x2: { field: 'x2' }, y2: { field: 'y2' } },
            },
          ]
        : []),
      {
        data: { values: [...points] },
        mark: { type: 'point' as const, filled: true, size: points.length > 1500 ? 14 : 30, opacity: 0.75 },
        encoding: {
          x,
          y,
          ...(groups.length > 1 && {
            color: {
              field: 'group',
              type: 'nominal' as const,
              scale: { domain: groups },
              legend: { title: null, orient: 'top' as const, columns: 4, symbolLimit: 20 },
            },
          }),
          tooltip: [{ field: 'group', title: 'of' }],
        },
      },
    ],
  };
}

/** Places of a {@link NeighbourMap}, coloured by class. */
export function neighbourChart(
  places: readonly (readonly [x: number, y: number])[],
  { rows }: { rows: readonly number[] },
  labels: ClassLabels | undefined,
): ChartSpec {
  const shown = places.map(([x, y], i) => ({
    ...{ x: Math.round(1000 * x) / 1000, y: Math.round(1000 * y) / 1000 },
    group: labels ? (labels.names[labels.values[rows[i]]] ?? '') : 'all points',
  }));
  return scatterChart(shown, { explained: [] }, [], ['no unit', 'no unit'], labels?.names);
}
