import type { NdArray } from '../core/array.js';
import { partOf, tell } from '../core/options.js';
import { defaultSmoothing } from '../dae/defaults.js';
import type { Depth } from '../dae/depth-comparison.js';
import { transportCloud } from '../dae/transport-cloud.js';
import { gaussianGrid, swissRoll, twoMoons } from '../measure/index.js';
import { type Separability, separability, silhouette } from '../representation/index.js';
import {
  type ClaimCheck,
  type ClaimExperiment,
  type ClaimFigure,
  type ClaimOptions,
  type FigurePanel,
  type FigureSeries,
  atLeast,
} from './claim.js';
import { realData } from './data.js';
import { displaced, mean, standardError } from './numerics.js';
import { SAME_SILHOUETTE, type Sweep, turnSentence, turnsCaption } from './sentences.js';

/** A labelled cloud for each seed. */
interface Case {
  readonly name: string;
  readonly cloud: (seed: number) => Promise<{ points: NdArray; labels: Int32Array }>;
}

const DEPTHS: readonly Depth[] = [1, 2, 4, 8, 16, 'continuous'];
/** Total noise over the smoothing variance; the flow collapses at one half. */
const SHARE = 0.4;
/** Smoothing variances of the sweep, over that which the data suggest. */
const SWEEP = [0.25, 1, 4, 16, 64, 256, 1024];

const MEASURES: Readonly<Record<Exclude<keyof Separability, 'silhouetteError'>, string>> = {
  fisherRatio: 'Fisher ratio',
  silhouette: 'silhouette',
  neighbourAccuracy: 'nearest-neighbour accuracy',
  probeAccuracy: 'linear-probe accuracy',
};

const KEYS = Object.keys(MEASURES) as (keyof typeof MEASURES)[];

/** Claim 5: features of deeper denoising autoencoders are better separated. */
export const separation: ClaimExperiment = {
  claim: 5,
  title: 'Deeper features are better separated',
  statement:
    'At equal total noise, classes lie farther apart, relative to their width, in the features of deeper denoising ' +
    'autoencoders: as long as the noise is not so large that it merges them.',
  async run(options) {
    const subjects = await cases(options);
    const checks: ClaimCheck[] = [];
    const figures: ClaimFigure[] = [];
    const turns: FigurePanel[] = [];
    const sweeps: Sweep[] = [];
    for (const [i, subject] of subjects.entries()) {
      const part = partOf(options, i / subjects.length, (i + 1) / subjects.length);
      const against = await againstDepth(subject, { ...options, onProgress: undefined });
      checks.push(...against.checks);
      figures.push(against.figure);
      const turn = await turningPoint(subject, { ...options, onProgress: part.onProgress });
      checks.push(turn.check);
      turns.push(turn.panel);
      sweeps.push(turn.sweep);
    }
    figures.push({
      title: 'Where it turns',
      caption: turnsCaption(sweeps),
      panels: turns,
    });
    return { checks, figures, remarks: sweeps.map(turnSentence) };
  },
};

async function cases(options: ClaimOptions): Promise<Case[]> {
  const n = options.quick ? 800 : 1200;
  const real = await realData(options, options.quick ? 500 : 1797);
  const { labels } = real;
  const synthetic: Case[] = [
    {
      name: 'nine Gaussians',
      cloud: async (seed) => gaussianGrid(n, { side: 3, spacing: 3, noise: 0.7, seed }),
    },
    { name: 'two moons', cloud: async (seed) => twoMoons(n, { noise: 0.15, seed }) },
    { name: 'swiss roll', cloud: async (seed) => swissRoll(n, { noise: 0.5, seed }) },
  ];
  if (!labels) return synthetic;
  // Of real data a seed takes nine tenths, so that there is a spread.
  const cloud = async (seed: number) => {
    const part = await realData({ ...options, data: real, seed }, Math.floor(0.9 * labels.length));
    return { points: part.points, labels: part.labels! };
  };
  return [...synthetic, { name: real.name, cloud }];
}

const seedsOf = ({ quick = false, seed = 0 }: ClaimOptions) =>
  Array.from({ length: quick ? 3 : 10 }, (_, k) => seed + k);

/** Separability before and after every depth, over the seeds. */
async function againstDepth(
  { name, cloud }: Case,
  options: ClaimOptions,
): Promise<{ checks: ClaimCheck[]; figure: ClaimFigure }> {
  const { signal, backend, displacementFactor = 1 } = options;
  const call = { signal, backend };
  const seeds = seedsOf(options);
  const start: Separability[] = [];
  const after = new Map<Depth, Separability[]>(DEPTHS.map((depth) => [depth, []]));
  for (const seed of seeds) {
    const { points, labels } = await cloud(seed);
    const smoothing = await defaultSmoothing(points, { ...call, seed });
    start.push(await separability(points, labels, call));
    for (const depth of DEPTHS) {
      const transport = { ...call, depth, smoothing, T: SHARE * smoothing, snapshots: 1 };
      const { positions } = await transportCloud(points, transport);
      after
        .get(depth)!
        .push(await separability(displaced(points, positions, displacementFactor), labels, call));
    }
  }
  const checks: ClaimCheck[] = [];
  const deepest = after.get('continuous')!;
  for (const key of KEYS) {
    const gains = (from: Separability[]) => deepest.map((value, k) => value[key] - from[k][key]);
    // An accuracy that is nearly as high as it can be may lose a few points.
    const slack = key === 'fisherRatio' || key === 'silhouette' ? 0 : 0.01;
    const tolerance = (values: number[]) => slack + 3 * standardError(values);
    const overShallow = gains(after.get(1)!);
    checks.push(
      atLeast(
        `${name}: gain in ${MEASURES[key]}, continuous over shallow`,
        mean(overShallow),
        0,
        slack && tolerance(overShallow),
      ),
    );
    const overStart = gains(start);
    checks.push(
      atLeast(
        `${name}: gain in ${MEASURES[key]} over the data`,
        mean(overStart),
        0,
        slack && tolerance(overStart),
      ),
    );
  }
  return { checks, figure: depthFigure(name, start, after) };
}

function depthFigure(
  name: string,
  start: readonly Separability[],
  after: ReadonlyMap<Depth, readonly Separability[]>,
): ClaimFigure {
  const panels = KEYS.map((key): FigurePanel => {
    const level = mean(start.map((value) => value[key]));
    const values = DEPTHS.map((depth) => after.get(depth)!.map((value) => value[key]));
    // The limit stands one doubling beyond the deepest.
    const place = (k: number) => 2 ** k;
    const spread: FigureSeries[] = values[0].map((_, seed) => ({
      name: 'each seed',
      points: values.map((row, k) => [place(k), row[seed]] as const),
      style: 'marks',
    }));
    return {
      title: MEASURES[key],
      x: { title: 'layers (32: the continuous limit)', log: true },
      y: { title: MEASURES[key] },
      series: [
        { name: 'mean over seeds', points: values.map((row, k) => [place(k), mean(row)] as const) },
        ...spread,
        {
          name: 'data',
          points: [
            [1, level],
            [32, level],
          ],
          style: 'dashed',
        },
      ],
    };
  });
  return {
    title: name[0].toUpperCase() + name.slice(1),
    caption:
      'Separability of the classes after so many layers, at equal total noise; the dashed line is that of the data.',
    panels,
  };
}

/** Silhouette after ever more noise, and where it is largest. */
async function turningPoint(
  { name, cloud }: Case,
  options: ClaimOptions,
): Promise<{ check: ClaimCheck; panel: FigurePanel; sweep: Sweep }> {
  const { signal, backend, displacementFactor = 1, onProgress } = options;
  const call = { signal, backend };
  const { points, labels } = await cloud(options.seed ?? 0);
  const suggested = await defaultSmoothing(points, call);
  const start = (await silhouette(points, labels, call)).mean;
  const curve: [number, number][] = [];
  for (const [i, factor] of SWEEP.entries()) {
    const smoothing = factor * suggested;
    const T = SHARE * smoothing;
    const { positions } = await transportCloud(points, {
      ...call,
      depth: 'continuous',
      smoothing,
      T,
      snapshots: 1,
    });
    curve.push([T, (await silhouette(displaced(points, positions, displacementFactor), labels, call)).mean]);
    await tell(onProgress, (i + 1) / SWEEP.length);
  }
  const best = curve.reduce((a, b) => (b[1] > a[1] ? b : a));
  const last = curve[curve.length - 1];
  return {
    check: atLeast(
      `${name}: what the silhouette loses from the best noise to the largest`,
      best[1] - last[1],
      SAME_SILHOUETTE,
    ),
    panel: {
      title: name,
      x: { title: 'total noise T', log: true },
      y: { title: 'silhouette' },
      series: [
        { name: 'continuous DAE', points: curve, style: 'both' },
        {
          name: 'data',
          points: [
            [curve[0][0], start],
            [last[0], start],
          ],
          style: 'dashed',
        },
      ],
    },
    sweep: { name, start, curve },
  };
}
