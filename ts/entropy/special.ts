/** log V_d, the volume of the unit ball in ℝ^d: V_d = π^{d/2} / Γ(d/2 + 1), by V_d = (2π/d) V_{d−2}. */
export function logUnitBallVolume(d: number): number {
  let log = d % 2 === 0 ? 0 : Math.log(2);
  for (let k = d % 2 === 0 ? 2 : 3; k <= d; k += 2) log += Math.log((2 * Math.PI) / k);
  return log;
}

const EULER_GAMMA = 0.5772156649015329;

/** The digamma function ψ(n) at a whole number n ≥ 1: −γ + Σ_{k<n} 1/k, by its asymptotic series from 16 on. */
export function digammaInteger(n: number): number {
  if (n < 16) {
    let sum = -EULER_GAMMA;
    for (let k = 1; k < n; k++) sum += 1 / k;
    return sum;
  }
  const square = 1 / (n * n);
  return (
    Math.log(n) - 1 / (2 * n) - square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))
  );
}
