import { type NdArray, allocate, dtypeOf } from '../../core/array.js';
import type { CallOptions } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import type { DrawnCorruption } from './corruption.js';
import type { EncoderStack } from './stack.js';

/** Steps of the inversion: where a map contracts by half, each halves the distance. */
const STEPS = 12;

/**
 * Corrupts features of a stack by noise of their decoded points: with F = Ψ_l ∘ φ_{l−1} ∘ … ∘ φ_0 the decoded stack, the
 * features of the z with F(z) = F(x) + ε, ε ~ N(0, variance · I) fresh in every epoch. z is found by z ← z + h(F(x) + ε −
 * F(z)) from z = x + ε, for each row with a step h that is halved where the distance grew, and the nearest z is kept:
 * decoded stacks take the place of posterior means, whose Jacobians are positive definite, but where they spread points far
 * apart some noise cannot be reached.
 *
 * @param first the number of the first row of `x` in the whole cloud: noise belongs to its rows.
 */
export async function liftedNoise(
  stack: EncoderStack,
  x: NdArray,
  variance: number,
  { first, ...options }: CallOptions & { first: number },
): Promise<DrawnCorruption> {
  const { data: decoded } = await stack.apply(x, options);
  const draw = async (epoch: number): Promise<NdArray> => {
    const [n, d] = x.shape;
    const fresh = (): NdArray => ({
      data: allocate(dtypeOf(x), n * d, 'corrupted points'),
      shape: [n, d],
    });
    const [goal, z, nearest] = [fresh(), fresh(), fresh()];
    new RandomStream(options.seed, 'noise', epoch).fillNormal(goal.data, first * d);
    for (let at = 0; at < n * d; at++) {
      const change = Math.sqrt(variance) * goal.data[at];
      goal.data[at] = decoded[at] + change;
      z.data[at] = x.data[at] + change;
    }
    const least = new Float64Array(n).fill(Infinity);
    const steps = new Float64Array(n).fill(1);
    for (let k = 0; k < STEPS; k++) {
      const { data: reached } = await stack.apply(z, options);
      for (let i = 0; i < n; i++) {
        let square = 0;
        for (let at = i * d; at < (i + 1) * d; at++) square += (goal.data[at] - reached[at]) ** 2;
        const nearer = square < least[i];
        if (nearer) {
          least[i] = square;
          nearest.data.set(z.data.subarray(i * d, (i + 1) * d), i * d);
          for (let at = i * d; at < (i + 1) * d; at++) z.data[at] += steps[i] * (goal.data[at] - reached[at]);
        } else {
          // Halfway back to the nearest so far, from which the next step is shorter.
          steps[i] /= 2;
          for (let at = i * d; at < (i + 1) * d; at++) z.data[at] = (z.data[at] + nearest.data[at]) / 2;
        }
      }
    }
    return stack.encode(nearest, options);
  };
  return { draw, description: { kind: 'lifted', variance, steps: STEPS } };
}
