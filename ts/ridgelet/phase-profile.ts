import { type Profile, reachOf } from './ridgelet.js';

/** x beyond which x^p e^{−x²/2} is nothing beside its largest value. */
const endOf = (power: number) => Math.sqrt(power) + 9;

/** log of x^p e^{−x²/2} over its largest value, at √p. */
export function logHump(power: number, x: number): number {
  const peak = power === 0 ? 0 : (power * Math.log(power) - power) / 2;
  return (power === 0 ? 0 : power * Math.log(x)) - (x * x) / 2 - peak;
}

/** Beyond this argument the function below, p ≥ 12, is no more than rounding. */
export const FARTHEST = 64;

/**
 * F(t) = (1/π) ∫₀^∞ h(x) cos(xt + θ) dx with the hump h(x) ∝ x^p e^{−x²/2} of height 1, by the trapezoidal rule: what that
 * adds is F at a distance of 2π/step, and terms of order step^{p+1} at 0. F falls at least as |t|^{−p−1}; p ≥ 12.
 */
export function phaseFunction(power: number, angle: number): (t: number) => number {
  const end = endOf(power);
  const rules = new Map<number, Float64Array>();
  const weightsOf = (nodes: number) => {
    let weights = rules.get(nodes);
    if (!weights) {
      const step = end / nodes;
      weights = Float64Array.from({ length: nodes }, (_, i) =>
        i === 0 ? 0 : (step / Math.PI) * Math.exp(logHump(power, i * step)),
      );
      rules.set(nodes, weights);
    }
    return weights;
  };
  return (t) => {
    if (Math.abs(t) > FARTHEST) return 0;
    // Powers of two: a few rules serve all.
    const nodes = 2 ** Math.ceil(Math.log2((end * (Math.abs(t) + FARTHEST)) / (2 * Math.PI)));
    const weights = weightsOf(nodes);
    let sum = 0;
    for (let i = 1; i < nodes; i++) sum += weights[i] * Math.cos((i * end * t) / nodes + angle);
    return sum;
  };
}

/**
 * The profile with ψ̂₀(ζ) = e^{iθ} (wζ)^p e^{−w²ζ²/2} at ζ > 0, up to a factor: the p-th derivative of a Gaussian with the
 * phase changed from i^p to another. It falls as |z|^{−p−1} rather than as a Gaussian; p ≥ 12.
 */
export function phaseProfile(power: number, width: number, angle: number): Profile {
  const raw = phaseFunction(power, angle);
  let largest = 0;
  for (let i = -512; i <= 512; i++) largest = Math.max(largest, Math.abs(raw(i / 128)));
  const value = (t: number) => raw(t) / largest;
  const phase = { re: Math.cos(angle), im: Math.sin(angle) };
  const even = Math.abs(phase.im) < 1e-12;
  const odd = Math.abs(phase.re) < 1e-12;
  const size = (t: number) => Math.max(Math.abs(value(t)), Math.abs(value(-t)));
  return {
    parity: even ? 'even' : odd ? 'odd' : 'none',
    value: (z) => value(z / width),
    polar: (frequency) => ({ log: Math.log(width / largest) + logHump(power, width * frequency), phase }),
    smoothed(mean, variance) {
      const deviation = Math.sqrt(width * width + variance);
      return (width / deviation) ** (power + 1) * value(mean / deviation);
    },
    reach: (tolerance) => width * reachOf(size, tolerance, FARTHEST),
    bandwidth: (tolerance) =>
      reachOf((x) => (x === 0 ? 0 : Math.exp(logHump(power, x))), tolerance, endOf(power)) / width,
  };
}
