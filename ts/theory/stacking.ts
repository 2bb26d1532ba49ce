import type { NdArray } from '../core/array.js';
import { partOf } from '../core/options.js';
import { compareStacking } from '../dae/training/compare-stacking.js';
import { trainStackedDae } from '../dae/training/train-stack.js';
import type { Measure } from '../measure/index.js';
import { slicedWasserstein } from '../transport/index.js';
import {
  type ClaimCheck,
  type ClaimExperiment,
  type ClaimFigure,
  type ClaimOptions,
  type FigureSeries,
  atMost,
} from './claim.js';
import { exampleMeasures } from './examples.js';
import { displaced, rootMeanSquareDistance } from './numerics.js';

/** A cloud, and the noise that each layer removes from it. */
interface Case {
  readonly name: string;
  readonly measure: Measure;
  readonly noises: readonly number[];
}

/** Distances of one case, width by width, relative to how far the exact layers move the points. */
interface Distances {
  readonly name: string;
  readonly stacked: (readonly [width: number, distance: number])[];
  readonly composed: (readonly [width: number, distance: number])[];
}

/** The clouds after every layer, of the widest networks and of the exact layers. */
interface Paths {
  readonly stacked: readonly NdArray[];
  readonly composed: readonly NdArray[];
  readonly exact: readonly NdArray[];
}

/** Claim 6: stacked denoising autoencoders are compositions of denoising autoencoders, seen through decoding. */
export const stacking: ClaimExperiment = {
  claim: 6,
  title: 'Stacked DAEs are composed DAEs, decoded',
  statement:
    'Ψ_{l+1} ∘ φ_l = Ψ_l ∘ g_l: decoded, every layer of a stack moves the points as a denoising autoencoder of the decoded ' +
    'points does, so that stacked and composed autoencoders take points along the same trajectories as they grow wide.',
  async run(options) {
    const subjects = cases();
    const checks: ClaimCheck[] = [];
    const distances: Distances[] = [];
    const trajectories: ClaimFigure[] = [];
    for (const [i, subject] of subjects.entries()) {
      const part = partOf(options, i / subjects.length, (i + 1) / subjects.length);
      const { found, last, paths } = await compared(subject, { ...options, onProgress: part.onProgress });
      distances.push(found);
      if (subject.measure.dimension === 1) trajectories.push(trajectoryFigure(paths));
      const { name } = subject;
      const limit = options.quick ? 0.35 : 0.25;
      checks.push(
        atMost(`${name}: Ψₗ₊₁ ∘ φₗ − Ψₗ ∘ gₗ, relative`, await identityError(subject, options), 1e-5),
        atMost(`${name}: decoded stack from the exact composition, relative`, last.exact, limit),
        atMost(`${name}: decoded stack from the trained composition, relative`, last.composed, limit),
        atMost(`${name}: the same end clouds, sliced W₂, relative`, last.clouds, limit),
      );
      const [[, narrow], wide] = [found.stacked[0], found.stacked[found.stacked.length - 1][1]];
      checks.push(atMost(`${name}: what width leaves of the distance`, wide / narrow, 0.8));
    }
    return { checks, figures: [...trajectories, figure(distances)] };
  },
};

function cases(): Case[] {
  const { line, plane } = exampleMeasures();
  return [
    { name: 'mixture on the line', measure: line, noises: [0.2, 0.2, 0.2] },
    { name: 'mixture in the plane', measure: plane, noises: [0.15, 0.15] },
  ];
}

function training({ quick = false, seed, signal, backend }: ClaimOptions) {
  const optimiser = { kind: 'adam' as const, rate: 0.006 };
  return { seed, signal, backend, optimiser, epochs: quick ? 60 : 150 };
}

function sampleOf(
  { measure }: Case,
  { quick = false, seed, signal, backend }: ClaimOptions,
): Promise<NdArray> {
  return measure.sample(quick ? 2000 : 6000, { seed, signal, backend, dtype: 'float32' });
}

async function compared(subject: Case, options: ClaimOptions) {
  const { displacementFactor = 1, onProgress, signal, backend } = options;
  const call = { signal, backend };
  const points = await sampleOf(subject, options);
  const widths = options.quick ? [4, 16, 64] : [4, 8, 16, 32, 64, 128];
  const { noises } = subject;
  const { runs, exact } = await compareStacking(points, { ...training(options), noises, widths, onProgress });
  const found: Distances = { name: subject.name, stacked: [], composed: [] };
  const depth = noises.length;
  const moved = rootMeanSquareDistance(points, exact[depth]);
  let last = { exact: NaN, composed: NaN, clouds: NaN };
  for (const { width, stacked, composed } of runs) {
    const end = displaced(points, stacked[depth], displacementFactor);
    const clouds = await slicedWasserstein(end, composed[depth], call);
    last = {
      exact: rootMeanSquareDistance(end, exact[depth]) / moved,
      composed: rootMeanSquareDistance(end, composed[depth]) / moved,
      clouds: clouds.value / moved,
    };
    found.stacked.push([width, last.exact]);
    found.composed.push([width, rootMeanSquareDistance(composed[depth], exact[depth]) / moved]);
  }
  const widest = runs[runs.length - 1];
  const stacked = widest.stacked.map((cloud) => displaced(points, cloud, displacementFactor));
  return { found, last, paths: { stacked, composed: widest.composed, exact } };
}

/** Largest difference of both sides, with the displacement of g_l scaled where a wrong map is asked for. */
async function identityError(subject: Case, options: ClaimOptions): Promise<number> {
  const { displacementFactor = 1, signal, backend } = options;
  const call = { signal, backend };
  const x = await sampleOf(subject, options);
  const stack = await trainStackedDae(x, {
    ...training(options),
    epochs: 10,
    noises: subject.noises,
    widths: subject.noises.map((_, l) => 24 - 8 * l),
  });
  let size = 0;
  for (const value of x.data) size = Math.max(size, Math.abs(value));
  let worst = 0;
  for (const [layer, g] of stack.layers.entries()) {
    const features = await stack.encode(x, { ...call, layer });
    const moved = displaced(features, await g.apply(features, call), displacementFactor);
    const right = await stack.decode(moved, { ...call, layer });
    const next = await stack.encode(x, { ...call, layer: layer + 1 });
    const left = await stack.decode(next, { ...call, layer: layer + 1 });
    left.data.forEach((value, at) => {
      worst = Math.max(worst, Math.abs(value - right.data[at]) / size);
    });
  }
  return worst;
}

/** A few points of a cloud on the line, layer by layer. */
function trajectoryFigure({ stacked, composed, exact }: Paths): ClaimFigure {
  const lines = (clouds: readonly NdArray[], name: string, style: FigureSeries['style']): FigureSeries[] =>
    Array.from({ length: 14 }, (_, i) => ({
      name,
      style,
      points: clouds.map(({ data }, layer) => [layer, data[i]] as const),
    }));
  const panel = (title: string, clouds: readonly NdArray[]) => ({
    title,
    x: { title: 'layer' },
    y: { title: 'x' },
    series: [...lines(exact, 'exact', 'dashed'), ...lines(clouds, title, 'line')],
  });
  return {
    title: 'Trajectories',
    caption:
      'Points of a mixture on the line through the widest networks, over the dashed paths of the exact composition.',
    panels: [panel('stacked, decoded', stacked), panel('composed', composed)],
  };
}

function figure(distances: readonly Distances[]): ClaimFigure {
  return {
    title: 'Distance from the exact composition',
    caption:
      'Root mean squared distance between where the trained layers and where the exact composed autoencoder bring the same ' +
      'points, relative to how far they are moved: the decoded stack, and the trained composition.',
    panels: distances.map(({ name, stacked, composed }) => ({
      title: name,
      x: { title: 'units per layer', log: true },
      y: { title: 'relative distance', log: true },
      series: [
        { name: 'stacked, decoded', points: stacked, style: 'both' as const },
        { name: 'composed', points: composed, style: 'both' as const },
      ],
    })),
  };
}
