import { hermiteFunction, largestHermite, logFactorial } from './hermite.js';
import { type Profile, reachOf } from './ridgelet.js';

/**
 * The p-th derivative of a Gaussian of width w, scaled to a largest value of 1: ψ₀(z) = (−1)^p he_p(z/w) e^{−z²/2w²} / M,
 * ψ̂₀(ζ) ∝ (iζ)^p e^{−w²ζ²/2}. Every quantity is in closed form, also the transform of a Gaussian: a Gaussian smooths it
 * to the same function of width √(w² + σ²).
 */
export function gaussianProfile(order: number, width: number): Profile {
  const largest = largestHermite(order);
  const sign = order % 2 === 0 ? 1 : -1;
  const value = (t: number) => (sign * hermiteFunction(t, order)) / largest + 0;
  // The transform of G^{(p)}(z/w), G the standard normal density, is w (iwζ)^p e^{−w²ζ²/2}; G^{(p)} is ψ₀ times this size.
  const logSize = logFactorial(order) / 2 - Math.log(2 * Math.PI) / 2 + Math.log(largest);
  const quarter = order % 4;
  const phase = {
    re: quarter === 0 ? 1 : quarter === 2 ? -1 : 0,
    im: quarter === 1 ? 1 : quarter === 3 ? -1 : 0,
  };
  const logOf = (frequency: number) => {
    const x = width * frequency;
    return Math.log(width) + order * Math.log(x) - (x * x) / 2 - logSize;
  };
  const peak = order === 0 ? Math.log(width) - logSize : logOf(Math.sqrt(order) / width);
  const farthest = 2 * Math.sqrt(order) + 20;
  return {
    parity: order % 2 === 0 ? 'even' : 'odd',
    value: (z) => value(z / width),
    polar: (frequency) => ({ log: logOf(frequency), phase }),
    smoothed(mean, variance) {
      const deviation = Math.sqrt(width * width + variance);
      return (width / deviation) ** (order + 1) * value(mean / deviation);
    },
    reach: (tolerance) => width * reachOf((t) => Math.abs(value(t)), tolerance, farthest),
    bandwidth: (tolerance) =>
      reachOf((x) => Math.exp((x === 0 ? -Infinity : logOf(x / width)) - peak), tolerance, farthest) / width,
  };
}
