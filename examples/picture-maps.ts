import type { NdArray } from 'ridgeflow';
import type { ChartSpec } from 'ridgeflow/report';
import { linesOf, rows } from './picture.js';

/** One panel of {@link displacements}: curves, where a map takes them, and single points with where they are taken. */
export interface Displacements {
  panel: string;
  outlines: readonly NdArray[];
  images: readonly NdArray[];
  arrows: readonly { from: NdArray; to: NdArray }[];
}

/** Maps of the plane: arrows of what is computed, over the images of curves that are known. */
export function displacements(
  panels: readonly Displacements[],
  { title, half, size = 290 }: { title: string; half: number; size?: number },
): ChartSpec {
  const names = ['before', 'after, closed form', 'computed from points'];
  const curves = panels.flatMap(({ panel, outlines, images }) =>
    [outlines, images].flatMap((clouds, kind) =>
      clouds.flatMap((cloud, path) =>
        rows(cloud, (order) => ({ panel, group: names[kind], path: `${kind} ${path}`, order })),
      ),
    ),
  );
  const moved = panels.flatMap(({ panel, arrows }) =>
    arrows.flatMap(({ from, to }) =>
      rows(from, (i) => {
        const [toX, toY] = [to.data[2 * i], to.data[2 * i + 1]];
        const [dx, dy] = [toX - from.data[2 * i], toY - from.data[2 * i + 1]];
        return { panel, group: names[2], toX, toY, angle: (180 / Math.PI) * Math.atan2(dx, dy) };
      }),
    ),
  );
  const scale = { domain: [-half, half] };
  const axis = { title: null, tickCount: 4, grid: false };
  const x = { field: 'x', type: 'quantitative' as const, scale, axis };
  const y = { field: 'y', type: 'quantitative' as const, scale, axis };
  const color = {
    field: 'group',
    type: 'nominal' as const,
    sort: names,
    scale: { domain: names },
    legend: {
      title: null,
      orient: 'bottom' as const,
      symbolType: 'circle',

      labelLimit: 240,
      columns: 2,
    },
  };
  const curve = (name: string, strokeDash: number[]) => ({
    transform: [{ filter: `datum.group == '${name}'` }],
    mark: { type: 'line' as const, strokeWidth: 1.6, strokeDash, clip: true },
    encoding: { x, y, color, detail: { field: 'path' }, order: { field: 'order' } },
  });
  const isArrow = [{ filter: `datum.group == '${names[2]}'` }];
  return {
    title: { text: linesOf(title, 48), anchor: 'start', fontSize: 16, offset: 12 },
    data: { values: [...curves, ...moved] },
    facet: {
      field: 'panel',
      type: 'nominal',
      sort: panels.map(({ panel }) => panel),
      header: { title: null },
    },
    columns: 2,
    spec: {
      width: size,
      height: size,
      layer: [
        curve(names[0], [4, 3]),
        curve(names[1], []),
        {
          transform: isArrow,
          mark: { type: 'rule', strokeWidth: 1.4, strokeDash: [] },
          encoding: { x, y, x2: { field: 'toX' }, y2: { field: 'toY' }, color },
        },
        {
          transform: isArrow,
          mark: { type: 'point', shape: 'triangle-up', filled: true, size: 34, opacity: 1 },
          encoding: {
            x: { ...x, field: 'toX' },
            y: { ...y, field: 'toY' },
            angle: { field: 'angle', type: 'quantitative', scale: null },
            color,
          },
        },
      ],
    },
  };
}
