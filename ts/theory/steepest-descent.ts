import type { NdArray } from '../core/array.js';
import { RandomStream } from '../core/random.js';
import { type ClaimCheck, type ClaimFigure, type ClaimOptions, atLeast, equal } from './claim.js';
import { exampleMeasures } from './examples.js';
import { mean, standardError } from './numerics.js';
import { descentSentence } from './sentences.js';

/** Rates of change of entropy along random fields of the same length as the DAE's velocity. */
export async function steepestDescent(
  options: ClaimOptions,
): Promise<{ checks: ClaimCheck[]; figure: ClaimFigure }> {
  const { quick = false, seed, signal, backend, displacementFactor = 1 } = options;
  const call = { seed, signal, backend };
  const { plane } = exampleMeasures();
  const n = quick ? 5000 : 40_000;
  const x = await plane.sample(n, { ...call, dtype: 'float32' });
  const { score, divergence } = await plane.evaluate(x, { score: true, divergence: true }, call);
  const velocity = Float64Array.from(score!.data, (value) => displacementFactor * value);
  const information = squaredLength(velocity, n);
  const ownRate = (displacementFactor * mean(divergence!)) / information;
  const points: [number, number][] = [];
  for (let trial = 0; trial < (quick ? 60 : 200); trial++) {
    const field = randomField(x, trial, seed);
    const angle = (Math.PI * (trial + 0.5)) / (quick ? 60 : 200);
    const { cosine, rate } = mixture(velocity, divergence!, displacementFactor, field, angle, n);
    points.push([cosine, rate]);
  }
  const squares = points.map(([cosine, rate]) => (rate + cosine) ** 2);
  const tolerance = (4 * standardError(divergence!)) / information;
  return {
    checks: [
      equal('rate of entropy along the DAE, in units of I', ownRate, -1, tolerance),
      atLeast(
        'least rate along random directions of that length',
        Math.min(...points.map(([, rate]) => rate)),
        ownRate,
        tolerance,
      ),
      equal(
        'root mean squared distance of a rate from −cos of its angle with the DAE',
        Math.sqrt(mean(squares)),
        0,
        tolerance,
      ),
    ],
    figure: {
      title: 'Steepest descent',
      caption:
        'Rate of change of entropy along random fields, all as long as the DAE’s velocity in the Wasserstein metric, against ' +
        `their cosine with it. ${descentSentence(
          ownRate,
          points.map(([, rate]) => rate),
          tolerance,
        )}`,
      panels: [
        {
          title: 'dH/dt in units of I',
          x: { title: 'cosine with the DAE' },
          y: { title: 'rate' },
          series: [
            { name: 'random fields', points, style: 'marks' },
            { name: 'the DAE', points: [[1, ownRate]], style: 'marks' },
            {
              name: '−cosine',
              points: [
                [-1, 1],
                [1, -1],
              ],
              style: 'dashed',
            },
          ],
        },
      ],
    },
  };
}

interface SampledField {
  readonly velocity: Float64Array;
  readonly divergence: Float64Array;
}

/** A smooth field of eight random waves, with its divergence, at the rows of x. */
function randomField(x: NdArray, trial: number, seed: number | undefined): SampledField {
  const [n, d] = x.shape;
  const waves = 8;
  const numbers = new Float64Array(waves * (2 * d + 1));
  new RandomStream(seed, 'probe', trial).fillNormal(numbers);
  const velocity = new Float64Array(n * d);
  const divergence = new Float64Array(n);
  for (let w = 0; w < waves; w++) {
    const start = w * (2 * d + 1);
    const amplitude = numbers.subarray(start, start + d);
    const frequency = numbers.subarray(start + d, start + 2 * d);
    let along = 0;
    for (let k = 0; k < d; k++) along += amplitude[k] * frequency[k];
    for (let i = 0; i < n; i++) {
      let phase = 2 * Math.PI * numbers[start + 2 * d];
      for (let k = 0; k < d; k++) phase += frequency[k] * x.data[i * d + k];
      const cosine = Math.cos(phase);
      for (let k = 0; k < d; k++) velocity[i * d + k] += amplitude[k] * cosine;
      divergence[i] -= along * Math.sin(phase);
    }
  }
  return { velocity, divergence };
}

/** Mean of |v|² over n points. */
function squaredLength(velocity: Float64Array, n: number): number {
  let sum = 0;
  for (const value of velocity) sum += value ** 2;
  return sum / n;
}

/** The field at `angle` from v in the plane of v and another: its cosine with v, and its rate of entropy over |v|². */
function mixture(
  v: Float64Array,
  divergence: ArrayLike<number>,
  factor: number,
  other: SampledField,
  angle: number,
  n: number,
): { cosine: number; rate: number } {
  const square = squaredLength(v, n);
  let product = 0;
  for (let at = 0; at < v.length; at++) product += (v[at] * other.velocity[at]) / n;
  const share = product / square;
  const rest = other.velocity.map((value, at) => value - share * v[at]);
  const scale = Math.sqrt(square / squaredLength(rest, n));
  const [along, across] = [Math.cos(angle), Math.sin(angle)];
  let rate = 0;
  for (let i = 0; i < n; i++) {
    const own = factor * divergence[i];
    rate += (along * own + across * scale * (other.divergence[i] - share * own)) / n;
  }
  return { cosine: along, rate: rate / square };
}
