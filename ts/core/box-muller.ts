// Only operations that IEEE 754 rounds exactly, in a fixed order: native/random/normals.cpp is the same computation on
// vectors, and gives the same bits. Whoever changes one changes the other.

/** 2 artanh(s) = s Σ 2/(2k + 1) s^2k, as many terms as float64 can tell from all of them. */
const LOG = Array.from({ length: 11 }, (_, k) => 2 / (2 * k + 1));
/** sin t = t Σ ± t^2k/(2k + 1)!, cos t = Σ ± t^2k/(2k)!. */
const SINE = alternating(1);
const COSINE = alternating(0);
const LOG_OF_TWO = 0.6931471805599453;
const QUARTER_TURN = 1.5707963267948966;

function alternating(first: number): number[] {
  const coefficients = [1];
  let factorial = 1;
  for (let k = 1; k < 9; k++) {
    factorial *= (2 * k - 1 + first) * (2 * k + first);
    coefficients.push((k % 2 === 0 ? 1 : -1) / factorial);
  }
  return coefficients;
}

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = coefficients[coefficients.length - 1];
  for (let k = coefficients.length - 2; k >= 0; k--) sum = sum * x + coefficients[k];
  return sum;
}

const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);
/** Which half holds sign and exponent: a machine's order of bytes decides. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** log u for u in (0, 1): u = 2^e m with m in [√½, √2). */
function log(u: number): number {
  number[0] = u;
  const shifted = words[HIGH] + 0x00095f62;
  words[HIGH] = (shifted & 0xfffff) + 0x3fe6a09e;
  const f = number[0] - 1;
  const s = f / (2 + f);
  return ((shifted >>> 20) - 1023) * LOG_OF_TWO + s * polynomial(LOG, s * s);
}

/**
 * Two independent standard normal numbers from two uniform ones of (0, 1), into `out`. Each good to a few roundings.
 *
 * Source: G. E. P. Box, M. E. Muller, A note on the generation of random normal deviates, Ann. Math. Stat. 29 (1958),
 * 610–611.
 */
export function boxMuller(u: number, v: number, out: Float64Array): void {
  const radius = Math.sqrt(-2 * log(u));
  // The angle in quarter turns from the nearest of them.
  const quarters = v * 4;
  const nearest = Math.floor(quarters + 0.5);
  const angle = (quarters - nearest) * QUARTER_TURN;
  const square = angle * angle;
  const sine = angle * polynomial(SINE, square);
  const cosine = polynomial(COSINE, square);
  const odd = nearest % 2 === 1;
  const x = odd ? sine : cosine;
  const y = odd ? cosine : sine;
  out[0] = radius * (nearest === 1 || nearest === 2 ? -x : x);
  out[1] = radius * (nearest === 2 || nearest === 3 ? -y : y);
}
