/**
 * (z + 5) Q(z) e^{z²/2} for z ≥ 0 as a polynomial of t = (z − 5)/(z + 5), interpolated at Chebyshev points to 6e-17; the
 * same as in native/ridgelet/nonlinearity-inl.h. Source of the substitution: M. M. Shepherd, J. G. Laframboise,
 * Mathematics of Computation 36 (1981).
 */
const TAIL = [
  0.769193049750063, -0.6653825028900576, 0.4953056159699805, -0.3135331566712172, 0.16502036617019517,
  -0.06911863870874183, 0.02079506680323404, -0.0029933767389359726, -0.0007978694277475297,
  0.0005448988347568596, -5.937558833377767e-5, -4.976178374018789e-5, 1.6680852719925394e-5,
  3.977938262343427e-6, -2.7688787836720915e-6, -3.311028544331811e-7, 4.3347664285137567e-7,
  3.5844546560871596e-8, -6.741689051823604e-8, -5.027231930966982e-9, 9.275082241537343e-9,
  5.059297487966696e-10, -7.854458583247658e-10,
];

/** The standard normal density. */
export function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** Q(|z|), the mass of the standard normal law beyond |z|, to a few roundings of e^{−z²/2}. */
export function normalTail(z: number): number {
  const x = Math.min(Math.abs(z), 40);
  const t = (x - 5) / (x + 5);
  let sum = 0;
  for (let k = TAIL.length - 1; k >= 0; k--) sum = sum * t + TAIL[k];
  return (sum / (x + 5)) * Math.exp((-x * x) / 2);
}
