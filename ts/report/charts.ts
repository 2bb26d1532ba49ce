import type { Spec } from 'vega';
import type { TopLevelSpec } from 'vega-lite';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** A Vega-Lite specification. */
export type ChartSpec = TopLevelSpec;

/** The two looks of every chart; a page follows the reader's setting. */
export type Theme = 'light' | 'dark';

/** One Vega specification for each look, which is what a page carries. */
export type ThemedSpec = Readonly<Record<Theme, Spec>>;

/** Colours of one look. `classes` is Petroff's ten-colour sequence, made to be told apart by colour-blind readers. */
export interface Colours {
  ink: string;
  muted: string;
  /** Background of the page, of boxes on it, and of what heads a box. */
  paper: string;
  surface: string;
  wash: string;
  /** Lines between things, and the fainter ones behind charts. */
  rule: string;
  grid: string;
  accent: string;
  classes: readonly string[];
}

/** Type face of every chart and page: the reader's own system's. */
export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

/** Colours of both looks, shared by the charts and the style sheet. Source of `classes`: M. A. Petroff, arXiv:2107.02270. */
export const COLOURS: Readonly<Record<Theme, Colours>> = {
  light: {
    ink: '#1c1e21',
    muted: '#5b6066',
    paper: '#faf9f6',
    surface: '#ffffff',
    wash: '#f0eee8',
    rule: '#dcdad3',
    grid: '#e7e5df',
    accent: '#1f6fb8',
    classes: [
      '#3f90da',
      '#ffa90e',
      '#bd1f01',
      '#94a4a2',
      '#832db6',
      '#a96b59',
      '#e76300',
      '#b9ac70',
      '#717581',
      '#92dadd',
    ],
  },
  dark: {
    ink: '#ece9e2',
    muted: '#a3a8ae',
    paper: '#131519',
    surface: '#1b1e23',
    wash: '#24282e',
    rule: '#353a41',
    grid: '#2a2e34',
    accent: '#6cb2ee',
    // The darkest of the sequence are lightened, or they would sink into the background.
    classes: [
      '#4f9de4',
      '#ffb52e',
      '#e4492b',
      '#a9b8b6',
      '#b072dd',
      '#c08a79',
      '#f28130',
      '#cfc38a',
      '#8b90a0',
      '#a5e4e6',
    ],
  },
};

/** Shapes that go with the colours: class c has colour c mod 10 and shape ⌊c / 10⌋, which tells 50 classes apart. */
export const CLASS_SHAPES = ['circle', 'triangle-up', 'square', 'diamond', 'cross'] as const;

/** What Vega-Lite draws everything with, in one look. */
export function chartConfig(theme: Theme): NonNullable<ChartSpec['config']> {
  const { ink, muted, paper, grid, accent, classes } = COLOURS[theme];
  return {
    background: 'transparent',
    // Specifications name this colour where something has to hide what is behind it.
    params: [{ name: 'paper', value: paper }],
    font: FONT,
    padding: { left: 2, right: 12, top: 8, bottom: 2 },
    view: { stroke: null },
    axis: {
      domain: false,
      ticks: false,
      gridColor: grid,
      labelColor: muted,
      labelFontSize: 12,
      labelPadding: 8,
      titleColor: muted,
      titleFontSize: 12,
      titleFontWeight: 'normal',
      titlePadding: 10,
    },
    legend: {
      labelColor: muted,
      titleColor: muted,
      labelFontSize: 12,
      titleFontSize: 12,
      titleFontWeight: 'normal',
    },
    axisX: { grid: false, domain: true, domainColor: muted },
    line: { color: accent, strokeWidth: 2.25, strokeJoin: 'round', strokeCap: 'round' },
    point: { color: accent, filled: true, size: 56, opacity: 1 },
    rule: { color: muted, strokeDash: [3, 3] },
    text: { color: ink, fontSize: 12 },
    title: { color: ink, subtitleColor: muted },
    header: { titleColor: muted, labelColor: ink },
    range: { category: [...classes] },
  };
}

/**
 * Compiles a Vega-Lite specification in both looks. Needs vega-lite, which is loaded at the first call. About 10 ms a
 * chart.
 */
export async function compileChart(spec: ChartSpec): Promise<ThemedSpec> {
  checkCall(SIGNATURES.compileChart, { spec });
  const { compile } = await import('vega-lite');
  const inTheme = (theme: Theme): Spec => compiled(compile, spec, theme);
  return { light: inTheme('light'), dark: inTheme('dark') };
}

/**
 * Draws a Vega-Lite chart without a browser, as the text of an SVG file. A width of `container` is meant for a page:
 * give one in pixels. Needs vega and vega-lite, which are loaded at the first call. Throws INVALID_ARGUMENT for any other
 * format or theme.
 */
export async function renderChart(
  spec: ChartSpec,
  format: 'svg' = 'svg',
  theme: Theme = 'light',
): Promise<string> {
  checkCall(SIGNATURES.renderChart, { spec });
  if (format !== 'svg') throw invalidArgument('format', "'svg'", format);
  if (theme !== 'light' && theme !== 'dark') throw invalidArgument('theme', "'light' or 'dark'", theme);
  const [{ View, parse, Error: ErrorLevel }, { compile }] = await Promise.all([
    import('vega'),
    import('vega-lite'),
  ]);
  const view = new View(parse(compiled(compile, spec, theme)), {
    renderer: 'none',
    logLevel: ErrorLevel,
  });
  try {
    return await view.background(COLOURS[theme].paper).toSVG();
  } finally {
    view.finalize();
  }
}

function compiled(compile: typeof import('vega-lite').compile, spec: ChartSpec, theme: Theme): Spec {
  try {
    return compile(spec, { config: chartConfig(theme) }).spec;
  } catch (cause) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected a Vega-Lite chart for spec: ${(cause as Error).message}`,
      {
        cause,
        details: { parameter: 'spec' },
      },
    );
  }
}
