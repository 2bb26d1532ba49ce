import type { LayerAnalysis, NetworkAnalysis, StepMeasures } from '../network/analysis/index.js';
import type { ChartSpec } from './charts.js';

/** A line over the layers; null where there is no number. */
interface Curve {
  name: string;
  values: readonly (number | null)[];
}

/** A chart over depth, with its words. */
export interface DepthCurves {
  name: string;
  title: string;
  subtitle: string;
  curves: readonly Curve[];
  /** Fixed ends of the axis. */
  domain?: readonly [number, number];
  format?: string;
  log?: boolean;
}

/** The charts of an analysis: those that matter most, and the small ones; those without a number are left out. */
export function networkCharts(analysis: NetworkAnalysis): { main: DepthCurves[]; small: DepthCurves[] } {
  const { layers, steps } = analysis;
  const of = (value: (layer: LayerAnalysis) => number | null | undefined) =>
    layers.map((layer) => value(layer) ?? null);
  const arrivals = new Map(steps.map((step) => [step.to, step]));
  const at = (value: (step: StepMeasures) => number | null) =>
    layers.map(({ name }) => {
      const step = arrivals.get(name);
      return step ? value(step) : null;
    });
  const one = (
    name: string,
    title: string,
    subtitle: string,
    values: (number | null)[],
    more: Partial<DepthCurves> = {},
  ): DepthCurves => ({ name, title, subtitle, curves: [{ name: title, values }], ...more });
  const main: DepthCurves[] = [
    {
      name: 'separation',
      title: 'Label accuracy',
      subtitle: 'of the nearest other point, and of a linear probe on unseen points',
      curves: [
        { name: 'nearest neighbour', values: of(({ separation }) => separation?.neighbourAccuracy) },
        { name: 'linear probe', values: of(({ separation }) => separation?.probeAccuracy) },
      ],
      format: '.1~%',
    },
    {
      name: 'dimension',
      title: 'Dimension',
      subtitle: 'in how many directions the cloud extends, from afar (ranks) and close up (intrinsic)',
      curves: [
        { name: 'effective rank', values: of(({ entropyRank }) => entropyRank) },
        { name: 'participation ratio', values: of(({ participationRatio }) => participationRatio) },
        { name: 'intrinsic dimension', values: of(({ intrinsicDimension }) => intrinsicDimension) },
      ],
      log: true,
    },
  ];
  const small = [
    one(
      'alignment',
      'Alignment',
      'linear CKA with the last layer',
      of((layer) => layer.alignmentWithLast),
    ),
    one(
      'fisher',
      'Fisher ratio',
      'variance between over within classes, on a logarithmic axis',
      of((l) => l.separation?.fisherRatio),
      { log: true },
    ),
    one(
      'silhouette',
      'Silhouette',
      'of the classes, −1 to 1',
      of((layer) => layer.separation?.silhouette),
    ),
    one(
      'entropy',
      'Entropy',
      'nats per dimension',
      of((layer) => layer.entropyPerDimension),
    ),
    one(
      'spread',
      'Spread',
      'rms distance from the mean',
      of((layer) => layer.spread),
    ),
    one(
      'move',
      'Displacement',
      'rms, over the spread before',
      at((step) => step.relativeDisplacement),
    ),
    one(
      'turn',
      'Continuation',
      'cosine with the step before',
      at((step) => step.continuation),
    ),
    one(
      'straight',
      'Straightness',
      'd · SW₂² / action of the step',
      at((step) => step.straightness),
    ),
    one(
      'divergence',
      'Divergence',
      'of the step’s displacement',
      at((step) => step.divergence),
    ),
    one(
      'stretch',
      'Stretch',
      'of small displacements',
      at((step) => step.stretch),
    ),
  ];
  return { main: main.filter(measuredCurves), small: small.filter(measuredCurves) };
}

/** Whether there is a number in them. */
export function measuredCurves({ curves }: DepthCurves): boolean {
  return curves.some(({ values }) => values.some((value) => value !== null));
}

/** One chart over the layers; the layer that the signal `chosen` names is marked, and points carry their `layer`. */
export function depthCurvesChart(
  { title, subtitle, curves, domain, format, log }: DepthCurves,
  names: readonly string[],
  height: number,
): ChartSpec {
  const values = curves.flatMap((curve) =>
    curve.values.flatMap((value, layer) =>
      value === null || (log && value <= 0) ? [] : [{ curve: curve.name, layer, name: names[layer], value }],
    ),
  );
  const several = curves.length > 1;
  // A curve without a number keeps its colour, and has no place in the legend.
  const drawn = new Set(values.map(({ curve }) => curve));
  const shown = curves.flatMap(({ name }) => (drawn.has(name) ? [name] : []));
  const x = {
    field: 'layer',
    type: 'quantitative' as const,
    scale: { domain: [0, Math.max(1, names.length - 1)], nice: false },
    axis: {
      title: several ? 'layer' : null,
      labelFlush: false,
      tickMinStep: 1,
      tickCount: several ? 8 : 4,
      format: 'd',
    },
  };
  const y = {
    field: 'value',
    type: 'quantitative' as const,
    scale: log
      ? { type: 'log' as const, nice: false }
      : { zero: false, ...(domain ? { domain: [...domain] } : { nice: true }) },
    axis: { title: null, tickCount: several ? 5 : 4, format: format ?? (log ? '~g' : '~r') },
  };
  const color = several
    ? {
        field: 'curve',
        type: 'nominal' as const,
        scale: { domain: curves.map(({ name }) => name) },
        legend: {
          ...{ title: null, orient: 'bottom' as const, columns: 2, labelLimit: 160 },
          values: shown,
        },
      }
    : undefined;
  const tooltip = [
    { field: 'layer', title: 'layer' },
    { field: 'name', title: 'name' },
    { field: 'value', title, format: '.4~g' },
  ];
  return {
    description: `${title} over the layers of the network: ${subtitle}`,
    width: 'container',
    height,
    autosize: { type: 'fit-x', contains: 'padding' },
    params: [{ name: 'chosen', value: -1 }],
    data: { values },
    layer: [
      {
        transform: [{ filter: 'datum.layer === chosen' }],
        mark: { type: 'rule', strokeDash: [2, 2] },
        encoding: { x },
      },
      { mark: { type: 'line', strokeWidth: 1.75 }, encoding: { x, y, ...(color ? { color } : {}) } },
      {
        mark: { type: 'point', size: several ? 48 : 30, cursor: 'pointer' },
        encoding: { x, y, tooltip, ...(color ? { color } : {}) },
      },
    ],
  };
}
