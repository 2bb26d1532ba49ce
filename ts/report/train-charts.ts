import type { EpochLoss, LayerSeparation } from '../dae/index.js';
import type { Separability } from '../representation/index.js';
import type { ChartSpec } from './charts.js';
import type { DepthCurves } from './network-charts.js';

/** Points of a curve that can be told apart. */
const MAXIMUM_EPOCHS = 400;

/** A loss over the epochs; where points were held out, with theirs, the least marked by a rule. */
export function lossChart(history: readonly EpochLoss[], { height }: { height: number }): ChartSpec {
  const step = Math.ceil(history.length / MAXIMUM_EPOCHS);
  const best = history.reduce<EpochLoss | undefined>(
    (least, loss) =>
      loss.heldOut !== undefined && loss.heldOut < (least?.heldOut ?? Infinity) ? loss : least,
    undefined,
  );
  const shown = history.filter(
    ({ epoch }) => (epoch - 1) % step === 0 || epoch === history.length || epoch === best?.epoch,
  );
  const values = shown.flatMap(({ epoch, training, heldOut }) => [
    { epoch, loss: training, points: 'training' },
    ...(heldOut === undefined ? [] : [{ epoch, loss: heldOut, points: 'held out' }]),
  ]);
  const positive = values.every(({ loss }) => loss > 0);
  const x = {
    field: 'epoch',
    type: 'quantitative' as const,
    scale: { domain: [0, history.length], nice: false },
    axis: { title: 'epoch', tickMinStep: 1, tickCount: 5, grid: false, labelFlush: false },
  };
  return {
    description: `Loss over ${history.length} epochs`,
    width: 'container',
    height,
    autosize: { type: 'fit-x', contains: 'padding' },
    layer: [
      ...(best
        ? [
            {
              data: { values: [best] },
              mark: { type: 'rule' as const, strokeDash: [2, 2], tooltip: true },
              encoding: {
                x,
                tooltip: [
                  { field: 'epoch', title: 'kept epoch' },
                  { field: 'heldOut', title: 'held out', format: '.4~g' },
                ],
              },
            },
          ]
        : []),
      {
        data: { values },
        mark: { type: 'line' as const, strokeWidth: 1.75, point: history.length <= 12 },
        encoding: {
          x,
          y: {
            field: 'loss',
            type: 'quantitative' as const,
            scale: { type: positive ? ('log' as const) : ('linear' as const), nice: false },
            axis: { title: null, tickCount: 5, format: '~g' },
          },
          color: {
            field: 'points',
            type: 'nominal' as const,
            scale: { domain: best ? ['training', 'held out'] : ['training'] },
            legend: best ? { title: null, orient: 'bottom' as const } : null,
          },
          tooltip: [
            { field: 'epoch', title: 'epoch' },
            { field: 'points', title: 'points' },
            { field: 'loss', title: 'loss', format: '.4~g' },
          ],
        },
      },
    ],
  };
}

const MEASURES: readonly [keyof Separability, string, string, string | undefined][] = [
  ['silhouette', 'Silhouette', '−1 to 1; 1 where classes are tight and far apart', undefined],
  ['fisherRatio', 'Fisher ratio', 'variance between the classes over that within', undefined],
  ['probeAccuracy', 'Linear probe', 'accuracy on points that it has not seen', '.1%'],
  ['neighbourAccuracy', 'Nearest neighbour', 'points whose nearest other point has their label', '.1%'],
];

/** The measures of separability over the layers; of a stack, of its features as well. */
export function separationCharts({ points, features }: LayerSeparation): DepthCurves[] {
  return MEASURES.map(([key, title, subtitle, format]) => ({
    name: `separation-${key}`,
    title,
    subtitle,
    format,
    curves: [
      { name: features ? 'decoded points' : 'points', values: points.map((layer) => layer[key]) },
      ...(features ? [{ name: 'features', values: features.map((layer) => layer[key]) }] : []),
    ],
  }));
}
