/**
 * he_p(t) e^{−t²/2}, he_p = He_p/√p! the normalised Hermite polynomial: up to sign and factor the p-th derivative of the
 * standard normal density. The recurrence runs on values that neither overflow nor vanish for p ≤ 1000. O(p).
 */
export function hermiteFunction(t: number, p: number): number {
  const size = Math.abs(t);
  // Beyond here e^{−t²/2} is 0, and the polynomial is below e^{t²/4} times a constant.
  if (size > 75) return 0;
  // Half of the Gaussian is given at first, half at the end, so that the polynomial has room to grow.
  const half = Math.exp(-(t * t) / 4);
  let value = half;
  let before = 0;
  for (let k = 0; k < p; k++)
    [before, value] = [value, (t * value - Math.sqrt(k) * before) / Math.sqrt(k + 1)];
  return value * half;
}

/** log p! of a whole number. O(p). */
export function logFactorial(p: number): number {
  let log = 0;
  for (let k = 2; k <= p; k++) log += Math.log(k);
  return log;
}

/** The largest |he_p(t)| e^{−t²/2}. It lies in the first half-wave, about π/√p from 0. */
export function largestHermite(p: number): number {
  let largest = 0;
  const end = 4 / Math.sqrt(p + 1);
  for (let i = 0; i <= 4096; i++) {
    largest = Math.max(largest, Math.abs(hermiteFunction((end * i) / 4096, p)));
  }
  return largest;
}
