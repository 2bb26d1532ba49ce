import type { FitError } from '../network/index.js';
import { type ChartSpec, type ThemedSpec, compileChart } from './charts.js';
import { formatCount, formatNumber, formatPercent } from './format.js';
import { facts, html, table, type Html, findingList } from './html.js';
import { chartFigure, renderPage, type PageSection } from './page.js';
import { reproduceSection } from './reproduce.js';
import { ridgeletFindings, unitBrightness, whereUnits } from './ridgelet-findings.js';
import type { RidgeletFit, RidgeletReportContext } from './ridgelet-numbers.js';
import { agreementChart, confusionChart, fitChart, spectrumChart, widthChart } from './ridgelet-charts.js';

/** The page that ridgeletReport gives, of arguments that have been checked. */
export async function ridgeletPage(context: RidgeletReportContext): Promise<string> {
  const { slice, fit, widths, command, versions } = context;
  const specs: Record<string, ChartSpec> = {
    spectrum: spectrumChart(slice),
    fit: chartOfFit(fit),
    widths: widthChart(widths.rows),
  };
  const charts: Record<string, ThemedSpec> = {};
  for (const [name, spec] of Object.entries(specs)) charts[name] = await compileChart(spec);
  return renderPage({
    title: `A network for ${fileName(context.input)}, without training`,
    kicker: 'Ridgelet report',
    header: header(context),
    sections: [
      spectrumSection(context),
      fitSection(context),
      widthSection(context),
      reproduceSection(command, versions),
    ],
    charts,
  });
}

function header(context: RidgeletReportContext): Html {
  const { input, n, d, activation, sampling, width, ridge, fit, notes } = context;
  return html`<p class="standfirst">
      The ${formatCount(n)} points of ${fileName(input)}, in ${formatCount(d)}
      ${d === 1 ? 'dimension' : 'dimensions'}, and a shallow network of ${formatCount(width)} ${activation}
      units that was built for them in closed form.
    </p>
    ${findingList(ridgeletFindings({ ...context, accuracy: fit.kind === 'classes' ? fit.accuracy : null }))}
    ${facts([
      ['Points n', formatCount(n)],
      ['Dimensions d', formatCount(d)],
      ['Activation', activation],
      ['Units', sampling],
      ['Ridge', formatNumber(ridge, 2)],
      ['Backend', context.backend],
      ['Precision', context.dtype],
      ['Seed', String(context.seed)],
    ])}
    ${notes.map((note) => html`<p class="remark">${note}.</p>`)}`;
}

function spectrumSection({ d, slice, n, sampling }: RidgeletReportContext): PageSection {
  const plane =
    d === 1
      ? 'Every place in this plane is a unit η(ax − b).'
      : 'Every place in this plane is a unit η(αu·x − b), u being the direction in which the network’s slopes have most of their size.';
  return {
    id: 'spectrum',
    title: 'The spectrum and the units',
    lead: `${plane} Colour says how much the data ask for it: the size of their ridgelet transform. Circles are the network’s units, the larger the more they add. ${whereUnits(sampling, unitBrightness(slice))}`,
    body: chartFigure({
      name: 'spectrum',
      title: 'Size of the ridgelet transform, and the units on it',
      subtitle: `From ${formatCount(n)} points; biases are counted from the points’ mean. ${
        d === 1 ? '' : 'Units are shown by the component of their slopes along the direction.'
      }`,
      renderer: 'canvas',
      caption: `${formatCount(slice.units.length)} units. A unit and its mirror image through the centre do the same up to sign and a linear function, so the spectrum is symmetric.`,
    }),
  };
}

function fitSection({ fit, training, heldOut }: RidgeletReportContext): PageSection {
  const title = {
    curve: 'The network and the data',
    values: 'Outputs against true values, points held out',
    classes: 'Classes by the network, points held out',
  }[fit.kind];
  const row = (name: string, error: FitError & { points: number }) => [
    name,
    formatCount(error.points),
    formatNumber(error.rms),
    formatPercent(error.relative),
    formatNumber(error.max),
  ];
  return {
    id: 'fit',
    title: 'The fit',
    lead: 'Points that were held out had no part in building the network.',
    body: html`${chartFigure({ name: 'fit', title })}
    ${table({
      id: 'errors',
      caption: 'Errors of the network',
      columns: [
        { title: 'Points', align: 'start' },
        { title: 'Number' },
        { title: 'rms error' },
        { title: 'Relative', note: 'Of the root mean square distance of the values from their mean.' },
        { title: 'Largest' },
      ],
      rows: [row('fitted', training), row('held out', heldOut)],
    })}`,
  };
}

function widthSection({ widths }: RidgeletReportContext): PageSection {
  return {
    id: 'widths',
    title: 'Error and width',
    lead: 'Networks made of the first units of the same draw.',
    body: html`${chartFigure({ name: 'widths', title: 'Relative error by width' })}
    ${table({
      id: 'width-table',
      caption: 'Relative error by width',
      columns: [{ title: 'Width' }, { title: 'Fitted' }, { title: 'Held out' }],
      rows: widths.rows.map(({ width, training, heldOut }) => [
        formatCount(width),
        formatPercent(training.relative),
        formatPercent(heldOut.relative),
      ]),
    })}`,
  };
}

function chartOfFit(fit: RidgeletFit): ChartSpec {
  if (fit.kind === 'curve') return fitChart(fit.points, fit.curve, { names: fit.names });
  if (fit.kind === 'values') return agreementChart(fit.pairs);
  return confusionChart(fit.names, fit.confusion);
}

function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) || path;
}
