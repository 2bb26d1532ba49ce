import type { EncodeEntry, Mark, Spec } from 'vega';
import { CLASS_SHAPES, COLOURS, FONT, type Theme, type ThemedSpec } from './charts.js';
import type { CloudData, PrincipalPlane } from './cloud.js';
import { formatPercent } from './format.js';

/** Classes whose names are written at their centres; of more, the names would cover the points. */
const MAXIMUM_CENTRES = 20;

/**
 * The picture of a moving cloud; its axes say the variance that the plane explains, where it does. In Vega rather than Vega-Lite because its points move in place. The page's script
 * fills `points` and `centres`, moves their x and y, and says so by the signal `shown`; `focus` is the class that
 * stands out, or −1.
 */
export function cloudChart(cloud: CloudData, plane: Pick<PrincipalPlane, 'explained'>): ThemedSpec {
  return { light: cloudSpec(cloud, plane, 'light'), dark: cloudSpec(cloud, plane, 'dark') };
}

function cloudSpec(cloud: CloudData, { explained }: Pick<PrincipalPlane, 'explained'>, theme: Theme): Spec {
  const { muted, grid, paper, ink } = COLOURS[theme];
  const { flat, classNames, classes, rows, x, y } = cloud;
  // Room for the longest number of the axis beside its title: a unit is as long on both, so either range may say it.
  const longest = Math.round(Math.max(...[...x, ...y].map(Math.abs))).toLocaleString('en-US').length;
  const padding = { left: flat ? 8 : Math.max(64, 41 + 7 * longest), right: 8, top: 8, bottom: 44 };
  const width = `max(120, containerSize()[0] - ${padding.left + padding.right})`;
  const share = (k: number) =>
    flat || !Number.isFinite(explained[k]) ? '' : `, ${formatPercent(explained[k])}`;
  const aspect = Math.min(1, Math.max(0.55, (y[1] - y[0]) / (x[1] - x[0]) || 0));
  const axis = {
    domain: false,
    ticks: false,
    grid: true,
    gridColor: grid,
    labelColor: muted,
    labelPadding: 6,
    labelFontSize: 11,
    tickCount: 5,
    titleColor: muted,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 8,
  } as const;
  const named = classes !== null && classNames.length <= MAXIMUM_CENTRES;
  return {
    description:
      `Scatter plot of ${rows.length} points ` +
      (flat ? 'on a line' : 'in their first two principal components') +
      ', at the chosen depth and time',
    background: 'transparent',
    autosize: 'none',
    padding,
    config: { style: { 'guide-label': { font: FONT }, 'guide-title': { font: FONT } } },
    signals: [
      { name: 'width', init: width, on: [{ events: 'window:resize', update: width }] },
      { name: 'height', update: flat ? '180' : `min(${aspect} * width, 640)` },
      { name: 'shown', value: 0 },
      { name: 'focus', value: -1 },
      // Names of classes are smaller in a small picture, as on a phone.
      { name: 'font', update: 'width < 420 ? 12 : 15' },
      { name: 'limit', update: '7.4 * font' },
      // A unit is as long on both axes, or distances in the picture would mislead.
      {
        name: 'unit',
        update: `1.06 * max(${x[1] - x[0]} / width, ${flat ? 0 : y[1] - y[0]} / height, 1e-300)`,
      },
    ],
    data: [{ name: 'points' }, { name: 'centres' }],
    scales: [
      { name: 'x', domain: { signal: around(x, 'width') }, range: 'width', zero: false },
      {
        name: 'y',
        domain: flat ? [-1.2, 1.2] : { signal: around(y, 'height') },
        range: 'height',
        zero: false,
      },
    ],
    axes: [
      {
        ...axis,
        scale: 'x',
        orient: 'bottom',
        title: `${flat ? 'Position' : 'Component 1'}${share(0)}`,
      },
      ...(flat ? [] : [{ ...axis, scale: 'y', orient: 'left' as const, title: `Component 2${share(1)}` }]),
    ],
    marks: [
      pointMarks(cloud, theme),
      ...(named
        ? [
            centreMarks({
              stroke: { value: paper },
              strokeWidth: { value: 4 },
              strokeJoin: { value: 'round' },
            }),
            centreMarks({ fill: { value: ink } }),
          ]
        : []),
    ],
  };
}

function pointMarks({ rows, classes }: CloudData, theme: Theme): Mark {
  const { accent, classes: colours } = COLOURS[theme];
  const shapes = CLASS_SHAPES.length;
  return {
    // The page's script draws and moves the marks of this name itself.
    name: 'cloud-points',
    type: 'symbol',
    clip: true,
    from: { data: 'points' },
    encode: {
      enter: {
        fill:
          classes === null
            ? { value: accent }
            : { signal: `${JSON.stringify(colours)}[datum.class % ${colours.length}]` },
        shape:
          classes === null
            ? { value: 'circle' }
            : {
                signal: `${JSON.stringify(CLASS_SHAPES)}[floor(datum.class / ${colours.length}) % ${shapes}]`,
              },
        size: { value: Math.min(70, Math.max(16, 60_000 / rows.length)) },
        tooltip: {
          signal: "datum.label === '' ? {Row: datum.row} : {Row: datum.row, Label: datum.label}",
        },
      },
      update: {
        x: { signal: "scale('x', datum.x)" },
        y: { signal: "scale('y', datum.y)" },
        fillOpacity: { signal: 'focus < 0 ? 0.72 : datum.class === focus ? 0.9 : 0.07' },
      },
    },
  };
}

function centreMarks(look: EncodeEntry): Mark {
  return {
    type: 'text',
    interactive: false,
    from: { data: 'centres' },
    encode: {
      enter: {
        text: { field: 'label' },
        align: { value: 'center' },
        baseline: { value: 'middle' },
        font: { value: FONT },
        fontWeight: { value: 700 },
        ...look,
      },
      update: {
        // The positions change inside the data, which Vega does not see; the signal makes it place the marks again.
        x: { signal: "scale('x', datum.x) + 0 * shown" },
        y: { signal: "scale('y', datum.y)" },
        fontSize: { signal: 'font' },
        limit: { signal: 'limit' },
        opacity: { signal: 'datum.class === focus || (focus < 0 && !datum.hidden) ? 1 : 0' },
      },
    },
  };
}

/** The part of an axis that a plot of `size` pixels shows around the middle of a range. */
function around([low, high]: [number, number], size: string): string {
  const middle = (low + high) / 2;
  return `[${middle} - unit * ${size} / 2, ${middle} + unit * ${size} / 2]`;
}
