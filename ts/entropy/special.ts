/** log V_d, the volume of the unit ball in ℝ^d: V_d = π^{d/2} / Γ(d/2 + 1), by V_d = (2π/d) V_{d−2}. */
export function logUnitBallVolume(d: number): number {
  let log = d % 2 === 0 ? 0 : Math.log(2);
  for (let k = d % 2 === 0 ? 2 : 3; k <= d; k += 2) log += Math.log((2 * Math.PI) / k);
  return log;
}

const EULER_GAMMA = 0.5772156649015329;

/** The digamma function ψ(n) at a whole number n ≥ 1: −γ + Σ_{k<n} 1/k, by its asymptotic series from 16 on. */
export function digammaInteger(n: number): number {
  if (n >= 16) return digammaSeries(n);
  let sum = -EULER_GAMMA;
  for (let k = 1; k < n; k++) sum += 1 / k;
  return sum;
}

/** The digamma function ψ(x) = Γ′(x)/Γ(x) at x > 0, by ψ(x) = ψ(x + 1) − 1/x up to 16 and its asymptotic series. */
export function digamma(x: number): number {
  let shifted = x;
  let sum = 0;
  for (; shifted < 16; shifted++) sum -= 1 / shifted;
  return sum + digammaSeries(shifted);
}

/** ψ(x) = log x − 1/2x − Σ_k B_2k/(2k x^2k), good to rounding from x = 16 on. */
function digammaSeries(x: number): number {
  const square = 1 / (x * x);
  return (
    Math.log(x) - 1 / (2 * x) - square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))
  );
}

/** log Γ(x) at x > 0, by Γ(x + 1) = xΓ(x) up to 16 and Stirling's series. */
export function logGamma(x: number): number {
  let shifted = x;
  let product = 1;
  for (; shifted < 16; shifted++) product *= shifted;
  const square = 1 / (shifted * shifted);
  const series =
    (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / shifted;
  return (
    (shifted - 0.5) * Math.log(shifted) - shifted + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product)
  );
}
