import type { DepthComparison, DepthRun } from '../dae/depth-comparison.js';
import type { DepthChart } from './depth-chart.js';
import { formatNumber, formatPercent } from './format.js';

/** A chart of the report: its name in the page, its words, and what it draws. */
export interface ReportChart {
  name: string;
  title: string;
  subtitle: string;
  chart: DepthChart;
}

/** The two charts that matter most, and the small ones; those without a finite value are left out. */
export function reportCharts({ start, runs }: DepthComparison): {
  main: ReportChart[];
  small: ReportChart[];
} {
  const sliced = (run: DepthRun) => run.w2Method === 'sliced';
  const layers = runs.some(({ depth }) => depth === 'continuous')
    ? 'number of layers (∞: the continuous limit)'
    : 'number of layers';
  const main: ReportChart[] = [
    {
      name: 'entropy',
      title: 'Entropy of the moved cloud',
      subtitle: `nats, by ${layers}`,
      chart: {
        description: 'Entropy of the moved cloud against depth, in nats',
        value: (run) => run.entropy,
        format: (value) => formatNumber(value, 4),
        start: start.entropy,
      },
    },
    {
      name: 'accuracy',
      title: 'Label accuracy of the moved cloud',
      subtitle: `points whose nearest neighbour has their label, by ${layers}`,
      chart: {
        description: 'Leave-one-out nearest-neighbour label accuracy of the moved cloud against depth',
        value: (run) => run.accuracy,
        format: formatPercent,
        start: start.accuracy,
        axisFormat: '.1%',
        minimumSpan: 0.02,
        maximum: 1,
      },
    },
  ];
  const small = [
    smallChart('displacement', 'Displacement', 'mean distance moved', (run) => run.displacement),
    smallChart('sliced', 'Wasserstein distance', 'sliced W₂ from the start', (run) => run.slicedW2),
    smallChart('action', 'Action', '∫ mean |v|² dt', (run) => run.action),
    smallChart('straightness', 'Straightness', 'W₂² / (T · action)', (run) => run.straightness, sliced),
  ];
  const measured = ({ chart }: ReportChart) => runs.some((run) => Number.isFinite(chart.value(run)));
  return { main: main.filter(measured), small: small.filter(measured) };
}

function smallChart(
  name: string,
  title: string,
  subtitle: string,
  value: DepthChart['value'],
  bound?: DepthChart['bound'],
): ReportChart {
  const format = (y: number) => formatNumber(y, 3);
  return {
    name,
    title,
    subtitle,
    chart: { description: `${title} against depth`, value, bound, format, height: 130 },
  };
}
