export { transportReport, type TransportReportContext } from './transport.js';
export type { ClassLabels, PrincipalPlane } from './cloud.js';
export { chartFigure, renderPage, type Page, type PageSection } from './page.js';
export { compileChart, renderChart, type ChartSpec, type Theme, type ThemedSpec } from './charts.js';
export { planChart, trajectoryChart, type CloudChartOptions, type ShownPlan } from './cloud-charts.js';
export { depthChart, type DepthChart } from './depth-chart.js';
export { Html, facts, html, table, type HtmlValue, type TableColumn } from './html.js';
export { ridgeletReport } from './ridgelet.js';
export type { RidgeletFit, RidgeletReportContext } from './ridgelet-numbers.js';
export {
  type SpectrumPicture,
  agreementChart,
  confusionChart,
  fitChart,
  spectrumChart,
  widthChart,
} from './ridgelet-charts.js';
export { networkReport, type NetworkReportContext } from './network.js';
export {
  type LayerSummary,
  type LossSummary,
  type TrainNumbers,
  type TrainPlan,
  type TrainReportContext,
} from './train-numbers.js';
export { trainReport } from './train.js';
