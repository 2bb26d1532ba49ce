import { type NdArray, ndarray } from '../core/array.js';
import { partOf, tell } from '../core/options.js';
import { composedDae } from '../dae/composed-dae.js';
import { continuousDae } from '../dae/continuous-dae.js';
import { defaultSmoothing } from '../dae/defaults.js';
import { transportCloud } from '../dae/transport-cloud.js';
import { gaussian } from '../measure/index.js';
import { slicedWasserstein } from '../transport/index.js';
import {
  type ClaimCheck,
  type ClaimExperiment,
  type ClaimOptions,
  type FigurePanel,
  atMost,
  equal,
} from './claim.js';
import { exampleMeasures } from './examples.js';
import { realData } from './data.js';
import { displaced } from './numerics.js';

interface Case {
  readonly name: string;
  readonly points: NdArray;
  readonly smoothing: number;
}

const DEPTHS = [1, 2, 4, 8, 16];
/** Total noises, as shares of the noise at which the measure collapses. */
const SHARES = [0.2, 0.4, 0.6, 0.8];

/** Claim 4: at equal total noise a deeper denoising autoencoder brings the measure closer to its limit. */
export const deeper: ClaimExperiment = {
  claim: 4,
  title: 'Deeper DAEs converge faster',
  statement:
    'At equal total noise T a deeper denoising autoencoder brings the measure closer to what the continuous one makes of ' +
    'it, and to the limit that the flow contracts it to.',
  async run(options) {
    const exact = await gaussianCase(options);
    const checks = [...exact.checks];
    const panels = [exact.panel];
    const cases = await clouds(options);
    for (const [i, subject] of cases.entries()) {
      const part = partOf(options, i / cases.length, (i + 1) / cases.length);
      const found = await cloudCase(subject, { ...options, onProgress: part.onProgress });
      checks.push(...found.checks);
      panels.push(found.panel);
    }
    return {
      checks,
      figures: [
        {
          title: 'Distance from the limit against total noise',
          caption:
            'Wasserstein distance between the measure that n layers make and the one that the continuous DAE makes at the ' +
            'same total noise T: exact for the Gaussian and on the line, sliced elsewhere. T is given as a share of the noise ' +
            'at which the measure collapses.',
          panels,
        },
      ],
    };
  },
};

/** N(0, 1): every map is affine, so that the distance of the measures is that of their standard deviations. */
async function gaussianCase({
  displacementFactor = 1,
  signal,
  backend,
}: ClaimOptions): Promise<{ checks: ClaimCheck[]; panel: FigurePanel }> {
  const measure = gaussian({ mean: [0], variance: 1 });
  const call = { signal, backend };
  const x = ndarray([[0], [1]]);
  const distances = new Map<number, [number, number][]>(DEPTHS.map((depth) => [depth, []]));
  const checks: ClaimCheck[] = [];
  for (const share of SHARES) {
    const T = 0.5 * share;
    const slope = async (y: NdArray) => {
      const { data } = displaced(x, y, displacementFactor);
      return data[1] - data[0];
    };
    const limit = continuousDae(measure, { to: T });
    const end = await limit.apply(x, call);
    const limitDeviation = end.data[1] - end.data[0];
    for (const depth of DEPTHS) {
      const map = await composedDae(measure, { layers: depth, T, ...call });
      const deviation = await slope(await map.apply(x, call));
      distances.get(depth)!.push([share, Math.abs(deviation - limitDeviation)]);
      if (depth > 1) continue;
      // One layer: σ²/(σ² + T), held against √(σ² − 2T).
      const predicted = 1 / (1 + T) - Math.sqrt(1 - 2 * T);
      checks.push(
        equal(
          `N(0, 1), T = ${T}: distance of one layer`,
          Math.abs(deviation - limitDeviation),
          predicted,
          1e-6,
        ),
      );
    }
  }
  checks.push(...falls('N(0, 1)', distances, 0.9));
  return { checks, panel: panelOf('N(0, 1)', distances) };
}

async function clouds(options: ClaimOptions): Promise<Case[]> {
  const { quick = false, seed, signal, backend } = options;
  const call = { seed, signal, backend };
  const { line, plane } = exampleMeasures();
  const n = quick ? 800 : 5000;
  const { name, points } = await realData(options, quick ? 600 : 1797);
  return [
    { name: 'mixture on the line', points: await line.sample(n, call), smoothing: 0.2 },
    { name: 'mixture in the plane', points: await plane.sample(n, call), smoothing: 0.2 },
    { name, points, smoothing: await defaultSmoothing(points, call) },
  ];
}

async function cloudCase(
  { name, points, smoothing }: Case,
  { displacementFactor = 1, seed, signal, backend, onProgress }: ClaimOptions,
): Promise<{ checks: ClaimCheck[]; panel: FigurePanel }> {
  const distances = new Map<number, [number, number][]>(DEPTHS.map((depth) => [depth, []]));
  for (const [i, share] of SHARES.entries()) {
    const call = { T: (smoothing / 2) * share, smoothing, snapshots: 1, signal, backend };
    const limit = await transportCloud(points, { ...call, depth: 'continuous' });
    for (const depth of DEPTHS) {
      const { positions } = await transportCloud(points, { ...call, depth });
      const moved = displaced(points, positions, displacementFactor);
      const { value } = await slicedWasserstein(moved, limit.positions, {
        directions: 64,
        seed,
        signal,
        backend,
      });
      distances.get(depth)!.push([share, value]);
    }
    await tell(onProgress, (i + 1) / SHARES.length);
  }
  return { checks: falls(name, distances, 0.95), panel: panelOf(name, distances) };
}

/** For each total noise: what doubling the depth leaves of the distance, at worst. */
function falls(name: string, distances: ReadonlyMap<number, [number, number][]>, most: number): ClaimCheck[] {
  return SHARES.map((share, i) => {
    const row = DEPTHS.map((depth) => distances.get(depth)![i][1]);
    const worst = Math.max(...row.slice(1).map((value, k) => value / row[k]));
    return atMost(
      `${name}, T = ${share} of the collapse: largest share of the distance that doubling the depth leaves`,
      worst,
      most,
    );
  });
}

function panelOf(title: string, distances: ReadonlyMap<number, [number, number][]>): FigurePanel {
  return {
    title,
    x: { title: 'T as a share of the collapse' },
    y: { title: 'distance from the limit', log: true },
    series: DEPTHS.map((depth) => ({
      name: `${depth} layer${depth > 1 ? 's' : ''}`,
      points: distances.get(depth)!,
      style: 'both' as const,
    })),
  };
}
