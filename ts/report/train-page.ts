import { type ThemedSpec, compileChart } from './charts.js';
import { cloudData } from './cloud.js';
import { cloudChart } from './cloud-chart.js';
import { formatCount, formatNumber } from './format.js';
import { type Html, facts, findingList, html } from './html.js';
import { imageExamples } from './images.js';
import { depthCurvesChart } from './network-charts.js';
import { type PageSection, renderPage } from './page.js';
import { reproduceSection } from './reproduce.js';
import { lossChart, separationCharts } from './train-charts.js';
import { trainFindings } from './train-findings.js';
import type { TrainNumbers, TrainPlan, TrainReportContext } from './train-numbers.js';
import {
  cloudSection,
  denoisingSection,
  layersSection,
  lossSection,
  separationSection,
} from './train-sections.js';
import type { TransportPageData } from './transport-page.js';

/** The page that trainReport gives, of arguments that have been checked. */
export async function trainPage(numbers: TrainNumbers, context: TrainReportContext): Promise<string> {
  const { depth, T, seed, separation } = numbers;
  const { points, trajectory, histories, fineTuning, principal, labels, imageShape } = context;
  const times = trajectory.map((_, l) => l / depth);
  const runs = [{ depth, snapshots: { times, positions: [...trajectory] } }];
  const cloud = cloudData(runs, points, principal, labels, seed);
  const images = imageShape ? imageExamples(runs, points, imageShape, labels) : null;
  const charts: Record<string, ThemedSpec> = { cloud: cloudChart(cloud, principal) };
  const curved = histories.some((history) => history.length > 1);
  if (curved) {
    for (const [l, history] of histories.entries())
      charts[`loss-${l}`] = await compileChart(lossChart(history, { height: depth > 2 ? 150 : 240 }));
  }
  if (fineTuning)
    charts['loss-tuning'] = await compileChart(lossChart(fineTuning, { height: depth > 2 ? 150 : 240 }));
  const separations = separation ? separationCharts(separation) : [];
  const names = trajectory.map((_, l) => (l === 0 ? 'the data' : `layer ${l}`));
  for (const chart of separations)
    charts[chart.name] = await compileChart(depthCurvesChart(chart, names, 200));
  const sections: (PageSection | null)[] = [
    curved || fineTuning ? lossSection(numbers, curved ? histories : [], fineTuning) : null,
    await denoisingSection(numbers, context),
    cloudSection(numbers, cloud, images),
    separation && separationSection(separation, numbers.n, separations),
    layersSection(numbers),
    reproduceSection(context.command, context.versions),
  ];
  const data: TransportPageData = { T, cloud, images };
  return renderPage({
    title: `${TITLES[numbers.kind]} for ${fileName(numbers.input)}`,
    kicker: 'Training report',
    header: header(numbers),
    sections: sections.filter((section) => section !== null),
    charts,
    data,
    script: 'transport',
  });
}

const TITLES: Readonly<Record<TrainPlan['kind'], string>> = {
  single: 'A denoising autoencoder',
  composed: 'Composed autoencoders',
  stacked: 'Stacked autoencoders',
};

const fileName = (path: string) => path.split(/[\\/]/).at(-1) || path;

function header(numbers: TrainNumbers): Html {
  const { n, d, depth, widths, activation, T, noiseChosen, method, notes } = numbers;
  const how =
    method === 'ridge'
      ? 'fitted, by ridge regression on units that were drawn,'
      : 'trained, by gradient descent,';
  const layers = depth === 1 ? 'One layer was' : `${formatCount(depth)} layers were`;
  const units = [...new Set(widths)].map(formatCount).join(', ');
  return html`<p class="standfirst">
      ${layers} ${how} to bring the ${formatCount(n)} points of ${fileName(numbers.input)}, in
      ${formatCount(d)} ${d === 1 ? 'dimension' : 'dimensions'}, back from noise of variance
      T&nbsp;=&nbsp;${formatNumber(T)}${depth > 1 && ' in equal parts'}.
    </p>
    ${findingList(trainFindings(numbers))}
    ${facts([
      ['Points n', formatCount(n)],
      ['Dimensions d', formatCount(d)],
      ['Layers', formatCount(depth)],
      ['Hidden units', units],
      ['Activation', activation],
      ['Residual', numbers.residual ? 'yes' : 'no'],
      ...(numbers.tied ? ([['Weights', 'tied']] as const) : []),
      [
        'Noise T',
        [
          formatNumber(T),
          html` <span class="tag">${noiseChosen === 'given' ? 'as given' : 'from the data'}</span>`,
        ],
      ],
      ['Backend', numbers.backend],
      ['Precision', numbers.dtype],
      ['Seed', String(numbers.seed)],
    ])}
    ${notes.map((note) => html`<p class="remark">${note}.</p>`)}`;
}
