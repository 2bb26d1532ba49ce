import test from 'ava';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { choleskyFactor } from '../ts/core/cholesky.js';
import { smallestEigenvalue } from '../ts/linalg/smallest-eigenvalue.js';
import { identity, randomCovariance } from './reference/mixtures.js';
import { Random } from './reference/random.js';

const DIMENSIONS = [1, 2, 3, 5, 17, 64];

function flat(rows: readonly (readonly number[])[]): Float64Array {
  return Float64Array.from(rows.flat());
}

test('the smallest eigenvalue is that of the whole decomposition', (t) => {
  for (const d of DIMENSIONS) {
    const random = new Random(d);
    const noise = Array.from({ length: d }, () => random.normals(d));
    const indefinite = noise.map((row, i) => row.map((value, j) => value + noise[j][i]));
    for (const rows of [randomCovariance(random, d), indefinite]) {
      const { realEigenvalues } = new EigenvalueDecomposition(new Matrix(rows), { assumeSymmetric: true });
      const largest = Math.max(...realEigenvalues.map(Math.abs));
      const difference = smallestEigenvalue(flat(rows), d) - Math.min(...realEigenvalues);
      t.true(Math.abs(difference) < 1e-14 * d * largest, `d = ${d}: ${difference}`);
    }
  }
});

test('the smallest eigenvalue of special matrices is exact', (t) => {
  t.is(smallestEigenvalue(flat(identity(6, 3)), 6), 3);
  t.is(smallestEigenvalue(new Float64Array(9), 3), 0);
  t.is(smallestEigenvalue(Float64Array.of(5, 0, 0, 0, -2, 0, 0, 0, 1), 3), -2);
  t.is(smallestEigenvalue(Float64Array.of(-7), 1), -7);
  t.true(
    Math.abs(smallestEigenvalue(flat(Array.from({ length: 8 }, () => new Array<number>(8).fill(1))), 8)) <
      1e-14,
  );
  // Large and small entries: the error is relative to the largest eigenvalue.
  t.true(Math.abs(smallestEigenvalue(Float64Array.of(1e12, 1, 1, 2), 2) - 2) < 1e-3);
});

test("Cholesky's factor squares to the matrix, and there is none of an indefinite one", (t) => {
  for (const d of DIMENSIONS) {
    const rows = randomCovariance(new Random(d), d);
    const factor = choleskyFactor(flat(rows), d)!;
    rows.forEach((row, i) =>
      row.forEach((value, j) => {
        let sum = 0;
        for (let k = 0; k < d; k++) sum += factor[i * d + k] * factor[j * d + k];
        t.true(Math.abs(sum - value) < 1e-13);
        if (j > i) t.is(factor[i * d + j], 0);
      }),
    );
  }
  t.is(choleskyFactor(Float64Array.of(1, 2, 2, 1), 2), undefined);
  t.is(choleskyFactor(Float64Array.of(1, 1, 1, 1), 2), undefined);
  t.is(choleskyFactor(Float64Array.of(0), 1), undefined);
  t.is(choleskyFactor(Float64Array.of(-1), 1), undefined);
});
