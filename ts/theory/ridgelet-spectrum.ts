import { type NdArray, ndarray } from '../core/array.js';
import { partOf, tell } from '../core/options.js';
import { gaussian } from '../measure/index.js';
import {
  compareWithSpectrum,
  fitNetwork,
  oracleUnits,
  spectrumSlice,
  trainNetwork,
} from '../network/index.js';
import {
  normalisedReconstruction,
  ridgeletPair,
  ridgeletTransformOfMeasure,
  ridgeletTransformOnGrid,
  unitsOfGrid,
} from '../ridgelet/index.js';
import {
  type ClaimCheck,
  type ClaimExperiment,
  type ClaimFigure,
  type ClaimOptions,
  type ClaimPart,
  type FigureSeries,
  atLeast,
  atMost,
  equal,
} from './claim.js';
import { doubleContinuum } from './double-continuum.js';
import { exampleMeasures } from './examples.js';
import { evenly, mean, powerLaw } from './numerics.js';

type Found = Promise<ClaimPart>;

/** Claim 7: the ridgelet transform gives the weights of networks, and at every time those of the flow. */
export const ridgeletSpectra: ClaimExperiment = {
  claim: 7,
  title: 'The ridgelet transform gives the weights',
  statement:
    'R[f](a, b) are output weights of an infinitely wide network that computes f; those of ∇log μ_t at every t make a ' +
    'network of infinite width and depth that is the flow. Cut to finite width and depth it is a residual network, built ' +
    'without training, and trained networks place their units where the spectrum is large.',
  async run(options) {
    const parts = [closedForm, reconstruction, widths, training, doubleContinuum];
    const checks: ClaimCheck[] = [];
    const figures: ClaimFigure[] = [];
    for (const [i, part] of parts.entries()) {
      const { onProgress } = partOf(options, i / parts.length, (i + 1) / parts.length);
      const found = await part({ ...options, onProgress: undefined });
      checks.push(...found.checks);
      if (found.figure) figures.push(found.figure);
      await tell(onProgress, 1);
    }
    return { checks, figures };
  },
};

/** ψ the second derivative of the standard normal density, f = N(0, 0.49 I) in the plane, η the normal density. */
async function closedForm({ signal, backend }: ClaimOptions): Found {
  const pair = ridgeletPair('gaussian', 2, { order: 2 });
  const units = { a: ndarray([[1.2, -0.5]]), b: ndarray([0.3]) };
  const measure = gaussian({ mean: [0, 0], variance: 0.49 });
  const { data } = await ridgeletTransformOfMeasure(measure, units, { pair, signal, backend });
  const constant = -2 * Math.PI * Math.sqrt(Math.PI);
  const predicted = -0.1497250552 / constant;
  return { checks: [equal('R[N(0, 0.49 I)] at a = (1.2, −0.5), b = 0.3', data[0], predicted, 1e-8)] };
}

/** The velocity of a mixture on the line at points spread evenly, as it is put to the test. */
async function velocityOnTheLine(
  count: number,
  { signal, backend, displacementFactor = 1 }: ClaimOptions,
): Promise<{ points: NdArray; values: NdArray; exact: NdArray }> {
  const { line } = exampleMeasures();
  const points: NdArray = { data: Float32Array.from(evenly(-4, 5, count)), shape: [count, 1] };
  const { score } = await line.evaluate(points, { score: true }, { signal, backend });
  const values = { ...score!, data: score!.data.map((value) => displacementFactor * value) };
  return { points, values, exact: score! };
}

/** Root mean squared error relative to the size of the exact values. */
function relativeError(found: NdArray, exact: NdArray): number {
  let [error, size] = [0, 0];
  for (let at = 0; at < exact.data.length; at++) {
    error += (found.data[at] - exact.data[at]) ** 2;
    size += exact.data[at] ** 2;
  }
  return Math.sqrt(error / size);
}

/** S[R[f]] = f for the velocity of the DAE: the error falls as the grid of (a, b) grows. */
async function reconstruction(options: ClaimOptions): Found {
  const { signal, backend } = options;
  const pair = ridgeletPair('tanh', 1);
  const { points, values } = await velocityOnTheLine(2000, options);
  const inner = evenly(-3, 4, 141);
  const x: NdArray = { data: Float32Array.from(inner), shape: [inner.length, 1] };
  const { score: exact } = await exampleMeasures().line.evaluate(x, { score: true }, { signal, backend });
  const ones = { data: new Float32Array(values.data.length).fill(1), shape: values.shape };
  const errors: [number, number][] = [];
  const series: FigureSeries[] = [
    { name: 'velocity', points: inner.map((at, i) => [at, exact!.data[i]]), style: 'dashed' },
  ];
  for (const reach of options.quick ? [1, 2, 4] : [1, 2, 4, 8]) {
    const biases = 5 * reach + 8;
    // An even number of slopes steps over a = 0, where units are constant.
    const slopes = 40 * reach;
    const grid = {
      a: [{ from: -reach + reach / slopes, spacing: (2 * reach) / slopes, count: slopes }],
      b: { from: -biases, spacing: 0.05, count: Math.round((2 * biases) / 0.05) + 1 },
    };
    const call = { pair, signal, backend };
    const spectrum = await ridgeletTransformOnGrid({ points, values }, grid, call);
    const ofOne = await ridgeletTransformOnGrid({ points, values: ones }, grid, call);
    const units = { ...unitsOfGrid(grid), coefficients: flat(spectrum.values) };
    const found = await normalisedReconstruction(x, units, flat(ofOne.values), {
      activation: pair,
      signal,
      backend,
    });
    errors.push([reach, relativeError(found, exact!)]);
    series.push({ name: `slopes up to ${reach}`, points: inner.map((at, i) => [at, found.data[i]]) });
  }
  const last = errors[errors.length - 1][1];
  return {
    checks: [
      atMost('S[R[v]] on the largest grid: relative error', last, options.quick ? 0.1 : 0.05),
      atMost('S[R[v]]: exponent of the error in the largest slope', powerLaw(errors).exponent, -0.5),
    ],
    figure: {
      title: 'A network of all units',
      caption:
        'The velocity of a mixture on the line, and what its spectrum on ever larger grids of (a, b) gives back.',
      panels: [
        { title: 'Reconstruction', x: { title: 'x' }, y: { title: 'v(x)' }, series },
        {
          title: 'Error',
          x: { title: 'largest slope', log: true },
          y: { title: 'relative error', log: true },
          series: [{ name: 'error', points: errors, style: 'both' }],
        },
      ],
    },
  };
}

/** [slopes, biases, 1] as [slopes · biases, 1]. */
function flat({ data }: NdArray): NdArray {
  return { data, shape: [data.length, 1] };
}

/** Networks whose units are drawn from the spectrum: the error falls with width. */
async function widths(options: ClaimOptions): Found {
  const { signal, backend, seed = 0 } = options;
  const { points, values } = await velocityOnTheLine(1500, options);
  const held = await velocityOnTheLine(701, { ...options, displacementFactor: 1 });
  const errors: [number, number][] = [];
  for (const width of [4, 8, 16, 32, 64]) {
    let sum = 0;
    const draws = options.quick ? 3 : 8;
    for (let draw = 0; draw < draws; draw++) {
      const call = { seed: seed + draw, signal, backend };
      const units = await oracleUnits(points, values, { ...call, width });
      const { network } = await fitNetwork({ points, values }, { ...call, units, heldOut: 0 });
      sum += relativeError(await network.evaluate(held.points, { signal, backend }), held.exact) ** 2;
    }
    errors.push([width, Math.sqrt(sum / draws)]);
  }
  const { exponent } = powerLaw(errors);
  return {
    checks: [
      atMost('units drawn from the spectrum: exponent of the error in the width', exponent, -0.5),
      atMost('64 units drawn from the spectrum: relative error', errors[errors.length - 1][1], 0.05),
    ],
    figure: {
      title: 'Networks without training',
      caption:
        'Units drawn from |R[v]|, output weights by ridge regression; the dashed line is the rate of Monte Carlo.',
      panels: [
        {
          title: 'Error against width',
          x: { title: 'units', log: true },
          y: { title: 'relative error', log: true },
          series: [
            { name: 'error', points: errors, style: 'both' },
            {
              name: 'Monte Carlo',
              points: [4, 64].map((m) => [m, errors[0][1] * Math.sqrt(4 / m)]),
              style: 'dashed',
            },
          ],
        },
      ],
    },
  };
}

/** Where gradient descent puts its units, and where the spectrum is large. */
async function training(options: ClaimOptions): Found {
  const { signal, backend, seed } = options;
  const { points, values, exact } = await velocityOnTheLine(600, options);
  const call = { seed, signal, backend };
  const steps = options.quick ? 600 : 3000;
  const { network } = await trainNetwork({ points, values }, { ...call, width: 300, steps, heldOut: 0 });
  const slice = await spectrumSlice(network, { points, values }, { ...call, size: options.quick ? 48 : 72 });
  const places = Array.from(slice.slopes, (a) => Array.from(slice.biases, (b) => [a, b])).flat();
  const centre = mean(points.data);
  const positions = {
    a: ndarray(places.map(([a]) => [a * slice.direction[0]])),
    b: ndarray(places.map(([a, b]) => b + a * slice.direction[0] * centre)),
  };
  const { correlation } = await compareWithSpectrum(network, { points, values }, { ...call, positions });
  const error = relativeError(await network.evaluate(points, { signal, backend }), exact);
  return {
    checks: [
      atMost('trained network of 300 units: relative error', error, 0.1),
      atLeast('correlation of the trained units’ density with the spectrum', correlation, 0.2),
    ],
    figure: {
      title: 'Where training puts its units',
      caption:
        'Size of the spectrum of the velocity by slope and bias, with the units of a network that gradient descent trained: ' +
        'the larger, the larger their output weight.',
      panels: [{ title: 'Spectrum and units', spectrum: slice }],
    },
  };
}
