import { partOf, tell } from '../core/options.js';
import { nearestNeighbourEntropy } from '../entropy/nearest-neighbour-entropy.js';
import { backwardHeatField, scaled } from '../field/index.js';
import { integrate } from '../flow/integrate.js';
import { type Measure, smoothed, swissRoll } from '../measure/index.js';
import {
  type ClaimCheck,
  type ClaimExperiment,
  type ClaimFigure,
  type ClaimOptions,
  type FigurePanel,
  equal,
} from './claim.js';
import { densityOnGrid } from './densities.js';
import { exampleMeasures } from './examples.js';
import { jkoStep } from './jko-step.js';
import { evenly, mean, standardError } from './numerics.js';
import { steepestDescent } from './steepest-descent.js';

interface Case {
  readonly name: string;
  readonly measure: Measure;
  readonly T: number;
}

/** Times at which moved clouds are looked at, as shares of the whole. */
const SHARES = [0.25, 0.5, 0.75, 1];

/** Claim 3: the continuous denoising autoencoder solves the backward heat equation, and lowers entropy fastest. */
export const backwardHeat: ClaimExperiment = {
  claim: 3,
  title: 'The continuous DAE is the backward heat equation',
  statement:
    'The measure that the continuous DAE makes solves ∂μ/∂t = −Δμ; its entropy falls at the rate of its Fisher information, ' +
    'dH/dt = −I; and of all directions of equal length in the Wasserstein metric none lowers entropy faster.',
  async run(options) {
    const cases = subjects(options);
    const checks: ClaimCheck[] = [];
    const entropies: FigurePanel[] = [];
    for (const [i, subject] of cases.entries()) {
      const part = partOf(options, (0.8 * i) / cases.length, (0.8 * (i + 1)) / cases.length);
      const found = await followDensity(subject, { ...options, onProgress: part.onProgress });
      checks.push(...found.checks);
      entropies.push(found.panel);
    }
    const distribution = await compareDistribution(options);
    const steepest = await steepestDescent(options);
    const step = await jkoStep(options);
    await tell(options.onProgress, 1);
    return {
      checks: [...checks, ...distribution.checks, ...steepest.checks, ...step.checks],
      figures: [
        distribution.figure,
        {
          title: 'Entropy along the flow',
          caption:
            'Entropy of the moved cloud, estimated from nearest neighbours, over the dashed H(0) − ∫ I dt with the Fisher ' +
            'information taken along the way.',
          panels: entropies,
        },
        steepest.figure,
        step.figure,
      ],
    };
  },
};

function subjects({ quick = false, seed }: ClaimOptions): Case[] {
  const { line, plane } = exampleMeasures();
  const { points } = swissRoll(quick ? 500 : 2000, { seed });
  return [
    { name: 'mixture on the line', measure: line, T: 0.2 },
    { name: 'mixture in the plane', measure: plane, T: 0.12 },
    { name: 'swiss roll', measure: smoothed({ points, variance: 1 }), T: 0.35 },
  ];
}

/** The flow under test. */
function fieldOf(measure: Measure, { displacementFactor = 1 }: ClaimOptions) {
  return scaled(backwardHeatField(measure), displacementFactor);
}

/** Moves a sample, and holds its log-density and its entropy against what the backward heat equation says. */
async function followDensity(
  { name, measure, T }: Case,
  options: ClaimOptions,
): Promise<{ checks: ClaimCheck[]; panel: FigurePanel }> {
  const { quick = false, seed, signal, backend } = options;
  const call = { seed, signal, backend };
  const n = quick ? 3000 : 20_000;
  const x0 = await measure.sample(n, { ...call, dtype: 'float32' });
  const { logDensity: logDensity0 } = await measure.evaluate(x0, { logDensity: true }, call);
  const { states } = await integrate(fieldOf(measure, options), x0, {
    ...call,
    to: T,
    saveAt: SHARES.slice(0, -1).map((share) => share * T),
    logDensity0,
    track: { logDensity: true, action: true, arcLength: true },
    tolerance: { relative: 1e-5 },
    onProgress: options.onProgress,
  });
  const checks: ClaimCheck[] = [];
  const start = await nearestNeighbourEntropy(x0, call);
  const measured: [number, number][] = [[0, start.value]];
  const predicted: [number, number][] = [[0, start.value]];
  for (const { time, positions, logDensity, action } of states.slice(1)) {
    const law = await measure.heat(-time).evaluate(positions, { logDensity: true }, call);
    const errors = Float64Array.from(law.logDensity!, (value, i) => Math.abs(value - logDensity![i]));
    checks.push(equal(`${name}, t = ${short(time)}: mean error of the log-density`, mean(errors), 0, 5e-4));
    const { value, standardError: error } = await nearestNeighbourEntropy(positions, call);
    measured.push([time, value]);
    predicted.push([time, start.value - action!]);
    const spread = Math.hypot(error, start.standardError);
    checks.push(
      equal(
        `${name}, t = ${short(time)}: change of entropy against −∫ I dt`,
        value - start.value,
        -action!,
        4 * spread,
      ),
    );
  }
  const end = states[states.length - 1];
  const changes = Float64Array.from(end.logDensity!, (value, i) => logDensity0![i] - value);
  checks.push(
    equal(
      `${name}, t = ${short(T)}: −∫ div v against −∫ I dt`,
      mean(changes),
      -end.action!,
      // Both are means over the same points: the error of the action is about that of the squared lengths over T.
      3 * (standardError(changes) + standardError(end.arcLength!.map((length) => length ** 2 / T))),
    ),
  );
  const panel: FigurePanel = {
    title: name,
    x: { title: 't' },
    y: { title: 'entropy, nats' },
    series: [
      { name: 'moved cloud', points: measured, style: 'marks' },
      { name: 'H(0) − ∫ I dt', points: predicted, style: 'dashed' },
    ],
  };
  return { checks, panel };
}

const short = (value: number) => Number(value.toPrecision(3)).toString();

/** The moved cloud's distribution on the line against the exact one: Kolmogorov's and Smirnov's statistic. */
async function compareDistribution(
  options: ClaimOptions,
): Promise<{ checks: ClaimCheck[]; figure: ClaimFigure }> {
  const { quick = false, seed, signal, backend } = options;
  const call = { seed, signal, backend };
  const { line } = exampleMeasures();
  const n = quick ? 5000 : 40_000;
  const x0 = await line.sample(n, { ...call, dtype: 'float32' });
  const times = [0.1, 0.2];
  const { states } = await integrate(fieldOf(line, options), x0, {
    ...call,
    to: times[1],
    saveAt: [times[0]],
  });
  const checks: ClaimCheck[] = [];
  const panels: FigurePanel[] = [];
  const grid = evenly(-5, 6, 4401);
  for (const { time, positions } of states) {
    const density = await densityOnGrid(line.heat(-time), grid, call);
    if (time > 0) {
      const distance = kolmogorovSmirnov(positions.data, grid, density);
      // Exceeded by chance once in a thousand.
      checks.push(
        equal(
          `mixture on the line, t = ${short(time)}: Kolmogorov–Smirnov distance`,
          distance,
          0,
          1.95 / Math.sqrt(n),
        ),
      );
    }
    panels.push({
      title: `t = ${short(time)}`,
      x: { title: 'x' },
      y: { title: 'density' },
      series: [
        { name: 'moved cloud', points: histogram(positions.data, -3.5, 4.5, 80) },
        {
          name: 'exact',
          points: grid.flatMap((x, i) =>
            i % 16 === 0 && x > -3.5 && x < 4.5 ? [[x, density[i]] as const] : [],
          ),
          style: 'dashed',
        },
      ],
    });
  }
  return {
    checks,
    figure: {
      title: 'Density of the moved cloud',
      caption:
        'Histogram of the points after time t, over the dashed solution of the backward heat equation.',
      panels,
    },
  };
}

/** Largest distance between the distribution functions of values and of a density given on an even grid. */
function kolmogorovSmirnov(
  values: ArrayLike<number>,
  grid: readonly number[],
  density: Float64Array,
): number {
  const step = grid[1] - grid[0];
  const distribution = new Float64Array(grid.length);
  for (let i = 1; i < grid.length; i++)
    distribution[i] = distribution[i - 1] + (step * (density[i] + density[i - 1])) / 2;
  const at = (x: number) => {
    const place = Math.min(Math.max((x - grid[0]) / step, 0), grid.length - 1.000001);
    const cell = Math.floor(place);
    return distribution[cell] + (place - cell) * (distribution[cell + 1] - distribution[cell]);
  };
  const sorted = Float64Array.from(values).sort();
  let largest = 0;
  sorted.forEach((x, i) => {
    const below = at(x);
    largest = Math.max(largest, below - i / sorted.length, (i + 1) / sorted.length - below);
  });
  return largest;
}

function histogram(values: ArrayLike<number>, from: number, to: number, bins: number): [number, number][] {
  const counts = new Float64Array(bins);
  const width = (to - from) / bins;
  for (let i = 0; i < values.length; i++) {
    const bin = Math.floor((values[i] - from) / width);
    if (bin >= 0 && bin < bins) counts[bin]++;
  }
  return Array.from(counts, (count, bin) => [from + (bin + 0.5) * width, count / values.length / width]);
}
