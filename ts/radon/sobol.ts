/** Degree, coefficients and initial numbers of the primitive polynomials of dimensions 2 to 21. Source: S. Joe, F. Y. Kuo, new-joe-kuo-6.21201. */
const TABLE: readonly (readonly [degree: number, coefficients: number, initial: readonly number[]])[] = [
  [1, 0, [1]],
  [2, 1, [1, 3]],
  [3, 1, [1, 3, 1]],
  [3, 2, [1, 1, 1]],
  [4, 1, [1, 1, 3, 3]],
  [4, 4, [1, 3, 5, 13]],
  [5, 2, [1, 1, 5, 5, 17]],
  [5, 4, [1, 1, 5, 5, 5]],
  [5, 7, [1, 1, 7, 11, 19]],
  [5, 11, [1, 1, 5, 1, 1]],
  [5, 13, [1, 1, 1, 3, 11]],
  [5, 14, [1, 3, 5, 5, 31]],
  [6, 1, [1, 3, 3, 9, 7, 49]],
  [6, 13, [1, 1, 1, 15, 21, 21]],
  [6, 16, [1, 3, 1, 13, 27, 49]],
  [6, 19, [1, 1, 1, 15, 7, 5]],
  [6, 22, [1, 3, 1, 15, 13, 25]],
  [6, 25, [1, 1, 5, 5, 19, 61]],
  [7, 1, [1, 3, 7, 11, 23, 15, 103]],
  [7, 4, [1, 3, 7, 13, 13, 15, 69]],
];

/** The highest dimension of {@link sobolPoints}. */
export const SOBOL_DIMENSIONS = TABLE.length + 1;

const BITS = 32;

/** Direction numbers of a dimension, as 32-bit fractions. */
function directionNumbers(dimension: number): Uint32Array {
  const numbers = new Uint32Array(BITS);
  if (dimension === 0) return numbers.map((_, bit) => 2 ** (BITS - 1 - bit));
  const [degree, coefficients, initial] = TABLE[dimension - 1];
  for (let bit = 0; bit < BITS; bit++) {
    if (bit < degree) {
      numbers[bit] = initial[bit] * 2 ** (BITS - 1 - bit);
      continue;
    }
    let value = numbers[bit - degree] ^ (numbers[bit - degree] >>> degree);
    for (let k = 1; k < degree; k++) {
      if ((coefficients >> (degree - 1 - k)) & 1) value ^= numbers[bit - k];
    }
    numbers[bit] = value;
  }
  return numbers;
}

/** Points 1 … count of the Sobol sequence in (0, 1)^d, as rows (point 0, the origin, is left out); count below 2³². */
export function sobolPoints(count: number, d: number): Float64Array {
  const points = new Float64Array(count * d);
  for (let k = 0; k < d; k++) {
    const numbers = directionNumbers(k);
    let value = 0;
    for (let i = 0; i < count; i++) {
      // Gray code: point i + 1 differs from point i in the direction of i's lowest zero bit.
      value ^= numbers[31 - Math.clz32(~i & (i + 1))];
      points[i * d + k] = (value >>> 0) / 2 ** BITS;
    }
  }
  return points;
}
