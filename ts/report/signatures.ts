import {
  ANY,
  ARRAY,
  NUMBER,
  TEXT,
  list,
  listOf,
  number,
  object,
  options,
  record,
  text,
  type Argument,
} from '../core/rules.js';
import type { planChart, trajectoryChart } from './cloud-charts.js';
import type { table } from './html.js';
import type { chartFigure } from './page.js';
import type {
  agreementChart,
  confusionChart,
  fitChart,
  spectrumChart,
  widthChart,
} from './ridgelet-charts.js';

const ERROR = record({ relative: number() });

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  agreementChart: {
    pairs: listOf(record({ output: number(), truth: number() })),
    options: options<Argument<typeof agreementChart, 1>>()({ height: NUMBER }, true),
  },
  chartFigure: {
    options: options<Argument<typeof chartFigure, 0>>()({
      caption: ANY,
      legend: ANY,
      name: TEXT,
      renderer: TEXT,
      subtitle: ANY,
      title: TEXT,
    }),
  },
  compileChart: { spec: object([]) },
  confusionChart: {
    names: list(),
    counts: list(),
    options: options<Argument<typeof confusionChart, 2>>()({ height: NUMBER }, true),
  },
  depthChart: { runs: list(), chart: object(['description', 'value()', 'format()']) },
  facts: { entries: list() },
  fitChart: {
    points: listOf(record({ x: number(), y: number() })),
    curve: listOf(record({ x: number(), y: number() })),
    options: options<Argument<typeof fitChart, 2>>()({ height: NUMBER, names: 1 }),
  },
  html: { strings: list(), values: list() },
  networkReport: {
    analysis: object([
      'source',
      'format',
      'engine',
      'backend',
      'examples',
      'featureMaps',
      'seed',
      'debiased',
      'classes',
      'layers',
      'steps',
      'streams',
      'drawn',
    ]),
    context: object(['input', 'notes', 'command', 'versions']),
  },
  planChart: {
    source: ARRAY,
    target: ARRAY,
    plan: object(['rows', 'columns', 'masses']),
    options: options<Argument<typeof planChart, 3>>()(
      {
        height: NUMBER,
        lines: NUMBER,
        names: 1,
        plane: 1,
        seed: 1,
        width: 1,
      },
      true,
    ),
  },
  renderChart: { spec: object([]) },
  renderPage: { page: object(['title', 'kicker', 'header', 'sections']) },
  ridgeletReport: {
    context: object([
      'input',
      'n',
      'd',
      'activation',
      'sampling',
      'width',
      'ridge',
      'backend',
      'dtype',
      'seed',
      'training',
      'heldOut',
      'widths',
      'slice',
      'fit',
      'notes',
      'command',
      'versions',
    ]),
  },
  spectrumChart: {
    picture: object(['slopes', 'biases', 'magnitude']),
    options: options<Argument<typeof spectrumChart, 1>>()({ height: NUMBER, width: 1 }, true),
  },
  table: {
    options: options<Argument<typeof table, 0>>()({
      caption: TEXT,
      columns: list(),
      id: text(),
      rows: list(),
      sort: list(true),
    }),
  },
  trainReport: {
    numbers: object([
      'layers',
      'fineTuning',
      'denoisingErrors',
      'displacements',
      'separation',
      'input',
      'notes',
      'n',
      'd',
      'kind',
      'depth',
      'widths',
      'activation',
      'residual',
      'tied',
      'method',
      'T',
      'noiseChosen',
      'backend',
      'dtype',
      'seed',
    ]),
    context: object(['points', 'trajectory', 'histories', 'denoising', 'principal', 'command', 'versions']),
  },
  trajectoryChart: {
    trajectory: object(['states']),
    options: options<Argument<typeof trajectoryChart, 1>>()(
      {
        height: NUMBER,
        labels: 1,
        particles: NUMBER,
        plane: 1,
        seed: 1,
        width: 1,
      },
      true,
    ),
  },
  transportReport: {
    comparison: object(['n', 'd', 'T', 'smoothing', 'chosen', 'backend', 'dtype', 'seed', 'start', 'runs']),
    context: object(['input', 'points', 'principal', 'command', 'versions']),
  },
  widthChart: {
    rows: listOf(record({ heldOut: ERROR, training: ERROR, width: number() })),
    options: options<Argument<typeof widthChart, 1>>()({ height: NUMBER, width: 1 }, true),
  },
};
