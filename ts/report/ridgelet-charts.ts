import type { ChartSpec } from './charts.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** What {@link spectrumChart} draws. */
export interface SpectrumPicture {
  slopes: ArrayLike<number>;
  biases: ArrayLike<number>;
  /** slopes × biases, 0 to 1. */
  magnitude: ArrayLike<number>;
  units: readonly { slope: number; bias: number; weight: number }[];
}

/** Units that a picture shows. */
const MAXIMUM_UNITS = 1500;

const quantitative = 'quantitative' as const;
const round = (value: number, digits = 4) => Number(value.toPrecision(digits));

/** A heat map of |R[f]| with the units of a network on it, the larger the larger |c|. `width` in pixels or of its container. */
export function spectrumChart(
  picture: SpectrumPicture,
  options: { width?: number | 'container'; height?: number } = {},
): ChartSpec {
  checkCall(SIGNATURES.spectrumChart, { picture, options });
  const { slopes, biases, magnitude, units } = picture;
  const { width = 'container', height = 420 } = options;
  const [n, m] = [slopes.length, biases.length];
  const [wide, tall] = [slopes[1] - slopes[0], biases[1] - biases[0]];
  const cells = Array.from({ length: n * m }, (_, i) => {
    const [a, b] = [slopes[Math.floor(i / m)], biases[i % m]];
    // A little over the edge, or the background shows between cells.
    return {
      a: round(a - wide / 2),
      a2: round(a + 0.8 * wide),
      b: round(b - tall / 2),
      b2: round(b + 0.8 * tall),
      r: round(magnitude[i], 3),
    };
  });
  const [right, top] = [slopes[n - 1] + wide / 2, biases[m - 1] + tall / 2];
  const inside = units.filter(({ slope, bias }) => Math.abs(slope) < right && Math.abs(bias) < top);
  const step = Math.ceil(inside.length / MAXIMUM_UNITS) || 1;
  const largest = inside.reduce((most, { weight }) => Math.max(most, weight), 0) || 1;
  const points = inside
    .filter((_, j) => j % step === 0)
    .map(({ slope, bias, weight }) => ({
      a: round(slope),
      b: round(bias),
      c: round(weight / largest, 3),
      size: round(6 + (84 * weight) / largest, 3),
    }));
  const x = { type: quantitative, scale: { domain: [-right, right], nice: false } };
  const y = { type: quantitative, scale: { domain: [-top, top], nice: false } };
  return {
    description:
      'A heat map of the size of the ridgelet transform by slope and bias, with the units of the network',
    width,
    height,
    ...(width === 'container' && { autosize: { type: 'fit-x', contains: 'padding' } }),
    layer: [
      {
        data: { values: cells },
        mark: { type: 'rect', clip: true },
        encoding: {
          x: { field: 'a', ...x, axis: { title: 'slope a along the slice', grid: false } },
          x2: { field: 'a2' },
          y: { field: 'b', ...y, axis: { title: 'bias b', grid: false } },
          y2: { field: 'b2' },
          color: {
            field: 'r',
            type: quantitative,
            scale: { scheme: 'viridis', domain: [0, 1] },
            legend: {
              title: '|R[f]|, of its largest',
              titleLimit: 300,
              orient: 'top',
              gradientLength: 160,
              gradientThickness: 10,
              values: [0, 0.5, 1],
            },
          },
        },
      },
      {
        data: { values: points },
        mark: { type: 'point', filled: false, stroke: 'white', strokeWidth: 1.1, opacity: 0.8, clip: true },
        encoding: {
          x: { field: 'a', ...x },
          y: { field: 'b', ...y },
          size: { field: 'size', type: quantitative, scale: null },
          tooltip: [
            { field: 'a', title: 'slope' },
            { field: 'b', title: 'bias' },
            { field: 'c', title: '|c|, of the largest' },
          ],
        },
      },
    ],
  };
}

/** A function of one variable as a line over the data it was fitted to. */
export function fitChart(
  points: readonly { x: number; y: number }[],
  curve: readonly { x: number; y: number }[],
  options: { names: { x: string; y: string }; height?: number },
): ChartSpec {
  checkCall(SIGNATURES.fitChart, { points, curve, options });
  const { names, height = 320 } = options;
  const x = { field: 'x', type: quantitative, scale: { zero: false, nice: false }, axis: { title: names.x } };
  const y = { field: 'y', type: quantitative, scale: { zero: false }, axis: { title: names.y } };
  return {
    description: 'Points, and the network that was fitted to them as a line',
    width: 'container',
    height,
    autosize: { type: 'fit-x', contains: 'padding' },
    layer: [
      {
        data: { values: points.map(({ x, y }) => ({ x: round(x), y: round(y) })) },
        mark: { type: 'point', size: 26, opacity: 0.65, color: '#e76300' },
        encoding: { x, y },
      },
      {
        data: { values: curve.map(({ x, y }) => ({ x: round(x), y: round(y) })) },
        mark: 'line',
        encoding: { x, y },
      },
    ],
  };
}

/** Outputs against the values they should be, for points that were held out. */
export function agreementChart(
  pairs: readonly { truth: number; output: number }[],
  options: { height?: number } = {},
): ChartSpec {
  checkCall(SIGNATURES.agreementChart, { pairs, options });
  const { height = 320 } = options;
  const all = pairs.flatMap(({ truth, output }) => [truth, output]);
  const domain =
    all.length === 0 ? [0, 1] : [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  const scale = { domain, nice: true, zero: false };
  return {
    description: 'Outputs of the network against the true values of points that were held out',
    width: 'container',
    height,
    autosize: { type: 'fit-x', contains: 'padding' },
    layer: [
      {
        data: { values: [{ from: domain[0], to: domain[1] }] },
        mark: 'rule',
        encoding: {
          x: { field: 'from', type: quantitative, scale },
          y: { field: 'from', type: quantitative, scale },
          x2: { field: 'to' },
          y2: { field: 'to' },
        },
      },
      {
        data: { values: pairs.map(({ truth, output }) => ({ truth: round(truth), output: round(output) })) },
        mark: { type: 'point', size: 18, opacity: 0.5 },
        encoding: {
          x: { field: 'truth', type: quantitative, scale, axis: { title: 'true value' } },
          y: { field: 'output', type: quantitative, scale, axis: { title: 'output' } },
          tooltip: [
            { field: 'truth', title: 'true value' },
            { field: 'output', title: 'output' },
          ],
        },
      },
    ],
  };
}

/** Which class the network gave to the points of each, of those held out. */
export function confusionChart(
  names: readonly string[],
  counts: readonly (readonly number[])[],
  options: { height?: number } = {},
): ChartSpec {
  checkCall(SIGNATURES.confusionChart, { names, counts, options });
  const { height = 340 } = options;
  const values = counts.flatMap((row, truth) => {
    const total = row.reduce((a, b) => a + b, 0) || 1;
    return row.map((count, output) => ({
      truth: names[truth],
      output: names[output],
      count,
      share: count / total,
      text: count > 0 ? String(count) : '',
    }));
  });
  const x = {
    field: 'output',
    type: 'nominal' as const,
    sort: null,
    axis: { title: 'class by the network', labelAngle: 0 },
  };
  const y = { field: 'truth', type: 'nominal' as const, sort: null, axis: { title: 'class' } };
  return {
    description: 'How many of the points of each class the network gave to each class',
    width: 'container',
    height,
    autosize: { type: 'fit-x', contains: 'padding' },
    data: { values },
    layer: [
      {
        mark: 'rect',
        encoding: {
          x,
          y,
          color: {
            field: 'share',
            type: quantitative,
            scale: { scheme: 'blues', domain: [0, 1] },
            legend: null,
          },
        },
      },
      {
        mark: { type: 'text', fontSize: names.length > 12 ? 9 : 12 },
        encoding: {
          x,
          y,
          text: { field: 'text' },
          color: { condition: { test: 'datum.share > 0.5', value: 'white' }, value: '#1c1e21' },
        },
      },
    ],
  };
}

/** Errors against width, both on logarithmic axes. */
export function widthChart(
  rows: readonly { width: number; training: { relative: number }; heldOut: { relative: number } }[],
  options: { width?: number | 'container'; height?: number } = {},
): ChartSpec {
  checkCall(SIGNATURES.widthChart, { rows, options });
  const { width = 'container', height = 280 } = options;
  const values = rows.flatMap(({ width, training, heldOut }) => [
    { width, set: 'held out', error: round(heldOut.relative) },
    { width, set: 'fitted', error: round(training.relative) },
  ]);
  const ticks = rows.map((row) => row.width);
  return {
    description:
      'The relative error of networks of growing width, on the points fitted and on those held out',
    width,
    height,
    ...(width === 'container' && { autosize: { type: 'fit-x', contains: 'padding' } }),
    data: { values: values.filter(({ error }) => error > 0) },
    mark: { type: 'line', point: true },
    encoding: {
      x: {
        field: 'width',
        type: quantitative,
        scale: { type: 'log', nice: false },
        axis: { title: 'width', values: ticks, format: 'd', labelOverlap: true },
      },
      y: {
        field: 'error',
        type: quantitative,
        scale: { type: 'log' },
        axis: { title: 'error, of the values’ own spread', format: '~g', tickCount: 4 },
      },
      color: { field: 'set', type: 'nominal', sort: null, legend: { title: null, orient: 'top' } },
      tooltip: [
        { field: 'width', title: 'width' },
        { field: 'set', title: 'points' },
        { field: 'error', title: 'relative error' },
      ],
    },
  };
}
