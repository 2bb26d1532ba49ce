import { tell } from '../core/options.js';
import type { NdArray } from '../core/array.js';
import { daeMap } from '../dae/dae-map.js';
import { trainDae } from '../dae/training/index.js';
import { type Measure, gaussian, smoothed, swissRoll } from '../measure/index.js';
import {
  type ClaimCheck,
  type ClaimExperiment,
  type ClaimFigure,
  type ClaimOptions,
  type FigureSeries,
  atMost,
} from './claim.js';
import { exampleMeasures } from './examples.js';
import { displaced, evenly, powerLaw } from './numerics.js';

interface Case {
  readonly name: string;
  readonly measure: Measure;
  readonly noise: number;
  /** Times as many units as the other cases take. Default 1. */
  readonly units?: number;
  /** Largest relative error of the widest network, in quick and in full. */
  readonly most: readonly [quick: number, full: number];
}

type Curve = readonly (readonly [x: number, error: number])[];

/** Claim 1: the trained shallow denoising autoencoder tends to the posterior mean. */
export const posteriorMean: ClaimExperiment = {
  claim: 1,
  title: 'The trained shallow DAE is the posterior mean',
  statement:
    'A shallow denoising autoencoder that is trained to undo noise N(0, tI) tends to the posterior mean ' +
    'g(x) = x + t ∇log(μ₀ ∗ N(0, tI))(x) as its width, the number of samples and the training grow.',
  async run(options) {
    const checks: ClaimCheck[] = [];
    const subjects = cases(options);
    const widths = options.quick ? [2, 4, 8, 32] : [2, 4, 8, 16, 32, 64];
    const sizes = options.quick ? [30, 120, 480, 4000] : [30, 120, 480, 2000, 8000, 40_000];
    const curves: { width: FigureSeries[]; samples: FigureSeries[]; epochs: FigureSeries[] } = {
      width: [],
      samples: [],
      epochs: [],
    };
    for (const [i, subject] of subjects.entries()) {
      const { name, most } = subject;
      const n = sizes[sizes.length - 1];
      const width = (subject.units ?? 1) * widths[widths.length - 1];
      const byEpochs: [number, number][] = [];
      for (const epochs of options.quick ? [1, 4, 40] : [1, 3, 10, 30, 80])
        byEpochs.push([epochs, await errorOf(subject, { n, width, epochs }, options)]);
      const [epochs, last] = byEpochs[byEpochs.length - 1];
      checks.push(
        atMost(`${name}: relative error of ${width} units, ${n} samples`, last, most[options.quick ? 0 : 1]),
      );
      curves.epochs.push({ name, points: byEpochs, style: 'both' });
      checks.push(falls(name, 'epochs', byEpochs, 0));
      if (name.startsWith('mixture')) {
        const byWidth: [number, number][] = [];
        for (const units of widths.slice(0, -1))
          byWidth.push([units, await errorOf(subject, { n, width: units, epochs }, options)]);
        byWidth.push([width, last]);
        curves.width.push({ name, points: byWidth, style: 'both' });
        checks.push(falls(name, 'units', byWidth, -0.3));
        const bySamples: [number, number][] = [];
        for (const count of sizes.slice(0, -1)) {
          // As many steps of the optimiser, whatever the number of samples.
          const passes = Math.round((epochs * n) / count);
          bySamples.push([
            count,
            await errorOf(subject, { n: count, width, epochs: Math.min(passes, 40 * epochs) }, options),
          ]);
        }
        bySamples.push([n, last]);
        curves.samples.push({ name, points: bySamples, style: 'both' });
        checks.push(falls(name, 'samples', bySamples, options.quick ? -0.15 : -0.3));
      }
      await tell(options.onProgress, (i + 1) / subjects.length);
    }
    const error = { title: 'relative error', log: true };
    return {
      checks,
      figures: [
        {
          title: 'Distance from the posterior mean',
          caption:
            'Root mean squared difference between the trained and the exact map at fresh corrupted points, relative to how far ' +
            'the exact map moves them.',
          panels: [
            { title: 'Against width', x: { title: 'units', log: true }, y: error, series: curves.width },
            {
              title: 'Against samples',
              x: { title: 'samples', log: true },
              y: error,
              series: curves.samples,
            },
            { title: 'Against training', x: { title: 'epochs', log: true }, y: error, series: curves.epochs },
          ],
        },
        await mapFigure(options, sizes[sizes.length - 1]),
      ],
    };
  },
};

/** The exponent of a curve's power law. */
function falls(name: string, against: string, curve: Curve, most: number): ClaimCheck {
  return atMost(`${name}: exponent of the error in the number of ${against}`, powerLaw(curve).exponent, most);
}

function cases({ quick = false, seed }: ClaimOptions): Case[] {
  const { normal, line, plane } = exampleMeasures();
  const { points } = swissRoll(quick ? 400 : 1500, { seed });
  return [
    { name: 'N(1, 2)', measure: gaussian({ mean: [1], variance: 2 }), noise: 0.5, most: [0.15, 0.04] },
    {
      name: 'N(m, Σ) in the plane',
      measure: normal,
      noise: 0.5,
      most: [0.2, 0.06],
    },
    { name: 'mixture on the line', measure: line, noise: 0.6, most: [0.2, 0.1] },
    { name: 'mixture in the plane', measure: plane, noise: 0.5, most: [0.25, 0.08] },
    { name: 'swiss roll', measure: smoothed({ points, variance: 1 }), noise: 4, units: 4, most: [0.55, 0.3] },
  ];
}

/** A trained map of n samples, its displacement scaled where a wrong map is asked for. */
async function trainedMap(
  { measure, noise }: Case,
  { n, width, epochs }: { n: number; width: number; epochs: number },
  { seed, signal, backend, displacementFactor = 1 }: ClaimOptions,
) {
  const call = { seed, signal, backend };
  const points = await measure.sample(n, { ...call, dtype: 'float32' });
  const map = await trainDae(points, {
    ...call,
    width,
    noise,
    epochs,
    optimiser: { kind: 'adam', rate: 0.006 },
  });
  return async (x: NdArray) => displaced(x, await map.apply(x, { signal, backend }), displacementFactor);
}

async function errorOf(
  subject: Case,
  sizes: { n: number; width: number; epochs: number },
  options: ClaimOptions,
): Promise<number> {
  const { seed = 0, signal, backend } = options;
  const { measure, noise } = subject;
  const trained = await trainedMap(subject, sizes, options);
  const x = await measure.heat(noise / 2).sample(2000, { seed: seed + 1, signal, backend, dtype: 'float32' });
  const [moved, exact] = [await trained(x), await daeMap(measure, { noise }).apply(x, { signal, backend })];
  let [error, size] = [0, 0];
  for (let at = 0; at < x.data.length; at++) {
    error += (moved.data[at] - exact.data[at]) ** 2;
    size += (exact.data[at] - x.data[at]) ** 2;
  }
  return Math.sqrt(error / size);
}

/** Trained maps of a mixture on the line, over the exact one. */
async function mapFigure(options: ClaimOptions, n: number): Promise<ClaimFigure> {
  const { signal, backend } = options;
  const { line } = exampleMeasures();
  const subject: Case = { name: '', measure: line, noise: 0.6, most: [1, 1] };
  const grid = evenly(-4, 5, 181);
  const x: NdArray = { data: Float32Array.from(grid), shape: [grid.length, 1] };
  const curve = ({ data }: NdArray) => grid.map((value, i) => [value, data[i] - value] as const);
  const exact = await daeMap(line, { noise: 0.6 }).apply(x, { signal, backend });
  const series: FigureSeries[] = [{ name: 'posterior mean', points: curve(exact), style: 'dashed' }];
  for (const width of [2, 4, 32]) {
    const trained = await trainedMap(subject, { n, width, epochs: 40 }, options);
    series.push({ name: `${width} units`, points: curve(await trained(x)) });
  }
  return {
    title: 'The map',
    caption:
      'Displacement g(x) − x of trained autoencoders of a mixture on the line, over the dashed exact one.',
    panels: [{ title: 'Mixture on the line', x: { title: 'x' }, y: { title: 'g(x) − x' }, series }],
  };
}
