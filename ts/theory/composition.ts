import { type NdArray, ndarray } from '../core/array.js';
import { partOf, tell } from '../core/options.js';
import { composedDae } from '../dae/composed-dae.js';
import type { Depth } from '../dae/depth-comparison.js';
import { continuousDae } from '../dae/continuous-dae.js';
import { transportCloud } from '../dae/transport-cloud.js';
import { gaussian, swissRoll } from '../measure/index.js';
import {
  type ClaimCheck,
  type ClaimExperiment,
  type ClaimFigure,
  type ClaimOptions,
  type FigurePanel,
  type FigureSeries,
  equal,
} from './claim.js';
import { exampleMeasures } from './examples.js';
import { displaced, evenly, powerLaw, rootMeanSquareDistance } from './numerics.js';

/** Variance of N(0, 1) after n composed layers of total noise 0.3: s² ← s²/(1 + τ/s²)², to six digits. */
const VARIANCES: readonly (readonly [layers: number, variance: number])[] = [
  [1, 0.591716],
  [2, 0.526525],
  [4, 0.477015],
  [8, 0.443744],
  [16, 0.423597],
  [64, 0.406293],
  [256, 0.401601],
];
const LIMIT = 0.4;
const TOTAL = 0.3;

/** A cloud whose distance between composed and continuous transport is measured, with its noise and smoothing. */
interface Case {
  readonly name: string;
  readonly points: NdArray;
  readonly smoothing: number;
  readonly T: number;
}

const DEPTHS = [1, 2, 4, 8, 16, 32, 64];

/** Claim 2: composed denoising autoencoders tend to the continuous one, at first order in 1/n. */
export const composition: ClaimExperiment = {
  claim: 2,
  title: 'Composition converges to the continuous DAE',
  statement:
    'n denoising autoencoders, each removing noise of variance T/n and each trained on what the one before made, tend to ' +
    'the flow ẋ = ∇log μ_t(x) at first order in 1/n.',
  async run(options) {
    const gaussianPart = await gaussianRows(options);
    const checks = [...gaussianPart.checks];
    const errors: { name: string; points: [number, number][] }[] = [gaussianPart.errors];
    const cases = await clouds(options);
    for (const [i, subject] of cases.entries()) {
      const part = partOf(options, i / cases.length, (i + 1) / cases.length);
      const points = await cloudErrors(subject, { ...options, onProgress: part.onProgress });
      errors.push({ name: subject.name, points });
      // The first layers are too coarse for the asymptotic rate to show.
      const { exponent } = powerLaw(points.filter(([layers]) => layers >= 8));
      checks.push(equal(`${subject.name}: order in 1/n`, -exponent, 1, 0.15));
    }
    return { checks, figures: [errorFigure(errors), await trajectoryFigure(options)] };
  },
};

/** The exact row of one dimension, measured on the library's own composed map. */
async function gaussianRows({
  displacementFactor = 1,
  signal,
  backend,
}: ClaimOptions): Promise<{ checks: ClaimCheck[]; errors: { name: string; points: [number, number][] } }> {
  const measure = gaussian({ mean: [0], variance: 1 });
  const dtype = backend === undefined || backend === 'native' ? 'float64' : 'float32';
  const x = ndarray([[0], [1]], undefined, dtype);
  // An affine map: the variance of the image of N(0, 1) is the square of the slope.
  const varianceOf = (y: NdArray) => {
    const { data } = displaced(x, y, displacementFactor);
    return (data[1] - data[0]) ** 2;
  };
  const digits = dtype === 'float64' ? 5e-7 : 5e-6;
  const checks: ClaimCheck[] = [];
  const points: [number, number][] = [];
  for (const [layers, variance] of VARIANCES) {
    const map = await composedDae(measure, { layers, T: TOTAL, signal, backend });
    const measured = varianceOf(await map.apply(x, { signal, backend }));
    checks.push(
      equal(
        `N(0, 1), T = 0.3: variance after ${layers} layer${layers > 1 ? 's' : ''}`,
        measured,
        variance,
        digits,
      ),
    );
    points.push([layers, Math.abs(Math.sqrt(measured) - Math.sqrt(LIMIT))]);
  }
  const limit = varianceOf(await continuousDae(measure, { to: TOTAL }).apply(x, { signal, backend }));
  checks.push(equal('N(0, 1), T = 0.3: variance of the continuous limit', limit, LIMIT, digits));
  const { exponent } = powerLaw(points.filter(([layers]) => layers >= 16));
  checks.push(equal('N(0, 1): order in 1/n', -exponent, 1, 0.1));
  return { checks, errors: { name: 'N(0, 1)', points } };
}

async function clouds({ quick = false, seed, signal, backend }: ClaimOptions): Promise<Case[]> {
  const n = quick ? 800 : 4000;
  const { line, plane } = exampleMeasures();
  const call = { seed, signal, backend };
  return [
    { name: 'mixture on the line', points: await line.sample(n, call), smoothing: 0.2, T: 0.07 },
    { name: 'mixture in the plane', points: await plane.sample(n, call), smoothing: 0.2, T: 0.07 },
    { name: 'swiss roll', points: swissRoll(n, { seed }).points, smoothing: 1, T: 0.35 },
  ];
}

/** Distance of the composed from the continuous transport of the same cloud, for every depth. */
async function cloudErrors(
  { points, smoothing, T }: Case,
  { displacementFactor = 1, signal, backend, onProgress }: ClaimOptions,
): Promise<[number, number][]> {
  const call = { T, smoothing, snapshots: 1, signal, backend };
  const limit = await transportCloud(points, { ...call, depth: 'continuous' });
  const errors: [number, number][] = [];
  for (const [i, depth] of DEPTHS.entries()) {
    const { positions } = await transportCloud(points, { ...call, depth });
    const moved = displaced(points, positions, displacementFactor);
    errors.push([depth, rootMeanSquareDistance(moved, limit.positions)]);
    await tell(onProgress, (i + 1) / DEPTHS.length);
  }
  return errors;
}

function errorFigure(errors: readonly { name: string; points: [number, number][] }[]): ClaimFigure {
  const [, ...rest] = errors;
  const [first] = rest[0].points;
  return {
    title: 'Distance from the continuous limit',
    caption:
      'Root mean squared distance between where n layers and where the continuous flow bring the same points; the dashed ' +
      'line falls as 1/n.',
    panels: [
      {
        title: 'Error against depth',
        x: { title: 'layers n', log: true },
        y: { title: 'distance', log: true },
        series: [
          ...errors.map(({ name, points }) => ({ name, points, style: 'both' as const })),
          {
            name: 'first order',
            points: [1, 256].map((n) => [n, (0.5 * first[1]) / n] as const),
            style: 'dashed',
          },
        ],
      },
    ],
  };
}

/** Paths of a few points of a cloud on the line, layer by layer, over those of the flow. */
async function trajectoryFigure(options: ClaimOptions): Promise<ClaimFigure> {
  const { seed, signal, backend, displacementFactor = 1 } = options;
  const points = await exampleMeasures().line.sample(800, { seed, signal, backend });
  const order = Array.from(points.data, (_, i) => i).sort((i, j) => points.data[i] - points.data[j]);
  const shown = evenly(10, 789, 14).map((rank) => order[Math.round(rank)]);
  const paths = async (depth: Depth, name: string, style: FigureSeries['style'], factor: number) => {
    const { snapshots } = await transportCloud(points, {
      depth,
      T: 0.38,
      smoothing: 0.8,
      snapshots: 24,
      signal,
      backend,
    });
    const clouds = snapshots.positions.map((cloud) => displaced(points, cloud, factor));
    return shown.map((i): FigureSeries => {
      return { name, style, points: snapshots.times.map((t, k) => [t, clouds[k].data[i]] as const) };
    });
  };
  const flow = await paths('continuous', 'continuous', 'dashed', 1);
  const panels: FigurePanel[] = [];
  for (const layers of [1, 2, 4, 16]) {
    panels.push({
      title: `${layers} layer${layers > 1 ? 's' : ''}`,
      x: { title: 'noise removed' },
      y: { title: 'x' },
      series: [...flow, ...(await paths(layers, 'composed', 'line', displacementFactor))],
    });
  }
  return {
    title: 'Trajectories',
    caption:
      'Points of a mixture on the line: where the layers bring them, over the dashed paths of the flow.',
    panels,
  };
}
