import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Flow, type NdArray, ndarray } from 'ridgeflow';
import { type ChartSpec, renderChart } from 'ridgeflow/report';

/** Letters that can be read on a telephone too, where a picture is as wide as the page. */
const letters = { labelFontSize: 14, titleFontSize: 14 };
const LETTERS = {
  axis: { ...letters, labelSeparation: 4 },
  legend: { ...letters, labelLimit: 240 },
  header: { labelFontSize: 14 },
};

/**
 * Draws a chart as SVG into the file named on the command line, by default the example's own name. A second name takes
 * the same in colours for dark pages.
 */
export async function writePicture(spec: ChartSpec): Promise<void> {
  const file = pictureFile('svg');
  const legible = { ...spec, config: { ...LETTERS, ...spec.config } };
  await writeFile(file, compact(await renderChart(legible)));
  const dark = process.argv[3];
  if (dark !== undefined) await writeFile(dark, compact(await renderChart(legible, 'svg', 'dark')));
  console.log(`The picture is in ${file}`);
}

/** The file named on the command line, by default the example's own name. */
export function pictureFile(format: 'svg' | 'png'): string {
  const file = process.argv[2] ?? `${basename(process.argv[1], '.ts')}.${format}`;
  if (!file.endsWith(`.${format}`)) throw new Error(`This picture is a .${format}, not ${file}`);
  return file;
}

/** The same picture in a fraction of the bytes: without what is not seen, and with hundredths of a pixel. */
function compact(svg: string): string {
  const [font = ''] = / font-family="[^"]*"/.exec(svg) ?? [];
  return svg
    .replace(/<path[^>]* (?:d=""|d="M0,0h0v0h0Z"|display="none")[^>]*\/>/g, '')
    .replace(/ (?:class|role|aria-[\w-]+|pointer-events)="[^"]*"| opacity="1"/g, '')
    .replace(/ (?:d|x|y|x2|y2|width|height)="[^"]*"|translate\([^)]*\)/g, (places) =>
      places.replace(/(\.\d\d)\d+/g, '$1'),
    )
    .replaceAll(font, '')
    .replace('<svg', `<svg${font}`);
}

/** One row for each point of the plane, with what else is to be said of it. */
export function rows<T extends object>(points: NdArray, say: (i: number) => T) {
  return Array.from({ length: points.shape[0] }, (_, i) => ({
    x: points.data[2 * i],
    y: points.data[2 * i + 1],
    ...say(i),
  }));
}

type Row = ReturnType<typeof rows>[number];

/** Points of the plane in panels side by side: field `panel` says which, `group` the colour, `path` joins points to lines. */
export function panels(
  values: (Row & { panel: string; group?: string; path?: number; order?: number })[],
  { title, half, size }: { title: string; half: number; size?: number },
): ChartSpec {
  const names = [...new Set(values.map(({ panel }) => panel))];
  // Few side by side: then they can be read on a telephone too.
  const columns = names.length === 3 || names.length > 4 ? 3 : 2;
  const side = size ?? (columns === 3 ? 165 : 240);
  // A name wider than its panel would push the panels apart.
  const most = Math.max(8, Math.floor(side / 7.5));
  const data = values.map((row) => ({ ...row, panel: linesOf(row.panel, most).join('\n') }));
  const sort = names.map((name) => linesOf(name, most).join('\n'));
  const scale = { domain: [-half, half] };
  const x = { field: 'x', type: 'quantitative' as const, scale, axis: { title: null, tickCount: 4 } };
  const y = { field: 'y', type: 'quantitative' as const, scale, axis: { title: null, tickCount: 4 } };
  const color = { field: 'group', type: 'nominal' as const, legend: null };
  return {
    title: { text: linesOf(title, 48), anchor: 'start', fontSize: 16, offset: 12 },
    data: { values: data },
    facet: {
      field: 'panel',
      type: 'nominal',
      sort,
      header: { title: null, labelExpr: "split(datum.label, '\\n')" },
    },
    columns,
    spec: {
      width: side,
      height: side,
      layer: [
        {
          transform: [{ filter: 'isValid(datum.path)' }],
          mark: { type: 'line', strokeWidth: 0.8, opacity: 0.6, clip: true },
          encoding: { x, y, color, detail: { field: 'path' }, order: { field: 'order' } },
        },
        {
          transform: [{ filter: '!isValid(datum.path)' }],
          mark: { type: 'point', size: 10, opacity: 0.75, clip: true },
          encoding: { x, y, color },
        },
      ],
    },
  };
}

/** Trajectories of a flow on the line, with the density of its law at a few times drawn along them. */
export async function trajectoriesOnTheLine(
  flow: Flow,
  { title, half, count = 40 }: { title: string; half: number; count?: number },
): Promise<ChartSpec> {
  const times = (steps: number) =>
    Array.from({ length: steps + 1 }, (_, i) => flow.from + ((flow.to - flow.from) * i) / steps);
  const { states } = await flow.sample(count, { saveAt: times(60), seed: 1 });
  const paths = states.flatMap(({ time, positions }) =>
    Array.from(positions.data, (x, path) => ({
      time,
      x,
      path,
      group: Math.sign(states[0].positions.data[path]),
    })),
  );
  const grid = Array.from({ length: 161 }, (_, i) => half * (i / 80 - 1));
  const shown = times(4);
  const profiles = await Promise.all(
    shown.map(async (time) => {
      const law = flow.law(time);
      const { logDensity } = await law.evaluate(ndarray(grid, [grid.length, 1]), { logDensity: true });
      const densities = Array.from(logDensity!, Math.exp);
      const width = (0.2 * (flow.to - flow.from)) / Math.max(...densities);
      return grid.map((x, i) => ({ x, from: time, to: time + width * densities[i], profile: time }));
    }),
  );
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    scale: { domain: [-half, half] },
    axis: { title: 'position' },
  };
  return {
    title: { text: title, anchor: 'start', fontSize: 15, offset: 12 },
    width: 480,
    height: 300,
    layer: [
      {
        data: { values: paths },
        mark: { type: 'line', strokeWidth: 1, opacity: 0.7, clip: true },
        encoding: {
          x: {
            field: 'time',
            type: 'quantitative',
            axis: { title: 'time', values: times(4), format: '.2~f' },
          },
          y: x,
          detail: { field: 'path' },
          order: { field: 'time' },
          color: { field: 'group', type: 'nominal', legend: null },
        },
      },
      {
        data: { values: profiles.flat() },
        mark: { type: 'area', orient: 'horizontal', color: '#5b6066', opacity: 0.35, clip: true },
        encoding: {
          y: x,
          x: { field: 'from', type: 'quantitative' },
          x2: { field: 'to' },
          detail: { field: 'profile' },
        },
      },
    ],
  };
}

/** One chart of {@link curves}: lines by series, the dashed ones being predictions, and marks alone where points are data. */
export interface Curves {
  title: string;
  x: { title: string; log?: boolean };
  y: { title: string; log?: boolean };
  series: {
    name: string;
    points: (readonly [x: number, y: number])[];
    style?: 'line' | 'dashed' | 'marks';
    /** Series of one group share their colour and their place in the legend. */
    group?: string;
  }[];
}

/** Charts of curves, two side by side at most: then they can be read on a telephone too. */
export function curves(
  charts: readonly Curves[],
  { title, width = 240, height = 200 }: { title: string; width?: number; height?: number },
): ChartSpec {
  return {
    title: { text: linesOf(title, 48), anchor: 'start', fontSize: 16, offset: 12 },
    columns: 2,
    concat: charts.map(({ title, x, y, series }) => {
      const rows = series.flatMap(({ name, group = name, points, style = 'line' }, path) =>
        points.map(([x, y], order) => ({
          x: Number(x.toPrecision(5)),
          y: Number(y.toPrecision(5)),
          order,
          path,
          group,
          style,
        })),
      );
      const axis = (field: 'x' | 'y', { title, log }: { title: string; log?: boolean }) => ({
        field,
        type: 'quantitative' as const,
        scale: log ? { type: 'log' as const, nice: false } : { zero: false },
        axis: {
          title,
          tickCount: 5,
          ...(log && { format: '~g' }),
          // No half layers.
          ...(rows.every((row) => Number.isInteger(row[field])) && { tickMinStep: 1 }),
        },
      });
      const groups = [...new Set(rows.map(({ group }) => group))];
      const places = {
        x: axis('x', x),
        y: axis('y', y),
        color: {
          field: 'group',
          type: 'nominal' as const,
          sort: groups,
          legend: {
            title: null,
            orient: 'bottom' as const,
            columns: groups.every((group) => group.length <= 14) ? 2 : 1,
            labelLimit: 240,
          },
        },
      };
      const lines = (style: string, strokeDash: number[]) => ({
        transform: [{ filter: `datum.style == '${style}'` }],
        mark: { type: 'line' as const, strokeWidth: 1.6, strokeDash, clip: true },
        encoding: { ...places, detail: { field: 'path' }, order: { field: 'order' } },
      });
      return {
        title: { text: linesOf(title, Math.floor(width / 8)), fontSize: 14, frame: 'group' },
        width,
        height,
        data: { values: rows },
        layer: [
          lines('line', []),
          lines('dashed', [5, 3]),
          {
            transform: [{ filter: "datum.style == 'marks'" }],
            mark: { type: 'point' as const, size: 22, filled: true },
            encoding: places,
          },
        ],
      };
    }),
    resolve: { scale: { color: 'independent' } },
  };
}

/** A text broken into lines of at most so many letters. */
export function linesOf(text: string, most: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = `${lines[lines.length - 1]} ${word}`.trim();
    if (longer.length <= most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Root of the mean squared distance between the rows of two clouds. */
export function distanceOf(a: NdArray, b: NdArray): number {
  return differenceOf(a, b) * Math.sqrt(a.shape[1]);
}

/** `count` numbers from `from` to `to`, evenly spaced. */
export function evenly(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
}

/** Root of the mean squared difference of two arrays. */
export function differenceOf(a: NdArray, b: NdArray): number {
  const square = Array.from(a.data, (value, i) => (value - b.data[i]) ** 2).reduce(
    (sum, value) => sum + value,
    0,
  );
  return Math.sqrt(square / a.data.length);
}
