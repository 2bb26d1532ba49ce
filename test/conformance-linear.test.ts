import test from 'ava';
import type { FloatData } from '../ts/core/array.js';
import { Differences, backends, combinations, rounding } from './conformance-backends.js';
import { clouds, matrix, sizesOfPairs, storage } from './reference/clouds.js';
import {
  referenceEigenvalues,
  referenceFirstNonFinite,
  referenceLinearCombination,
  referenceMatmul,
  referenceScaledError,
  referenceSquaredRowLengths,
} from './reference/kernels.js';
import { Random } from './reference/random.js';

for (const { kernels, dtype, tolerance, title } of combinations) {
  test(`${title} matmul: agrees with the reference, transposed or not`, async (t) => {
    const random = new Random(21);
    const differences = new Differences();
    const across = [
      { n: 300, m: 130, d: 530 },
      { n: 1, m: 1, d: 2000 },
    ];
    for (const { n, m, d } of [...sizesOfPairs(), ...across]) {
      const [transposeA, transposeB] = [random.uniform() < 0.5, random.uniform() < 0.5];
      const [aRows, aColumns] = transposeA ? [d, n] : [n, d];
      const [bRows, bColumns] = transposeB ? [m, d] : [d, m];
      const a = matrix(dtype, random.normals(n * d), aRows, aColumns);
      const b = matrix(dtype, random.normals(d * m), bRows, bColumns);
      const problem = { a, b, transposeA, transposeB };
      const magnitude = referenceMatmul(problem, { absolute: true }).flat();
      const product = await kernels.matmul(problem);
      t.is(product.constructor, a.data.constructor);
      differences.compare(
        `matmul ${n} × ${d} × ${m}${transposeA ? ' aᵀ' : ''}${transposeB ? ' bᵀ' : ''}`,
        product,
        referenceMatmul(problem).flat(),
        (i) => tolerance * magnitude[i],
      );
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} matmul: small whole numbers are exact`, async (t) => {
    const [a, b] = clouds(new Random(22), 'lattice', dtype, [97, 31], 65);
    const problem = { a, b, transposeB: true };
    t.deepEqual(Array.from(await kernels.matmul(problem)), referenceMatmul(problem).flat());
  });

  test(`${title} signedSums: the definition, to the bit`, async (t) => {
    const random = new Random(36);
    for (const { n, d } of [...sizesOfPairs(), { n: 33, d: 5000 }]) {
      const points = matrix(dtype, random.normals(n * d), n, d);
      const [each, columns, scale] = [1 + random.integer(4), 1 + random.integer(40), 0.3];
      const places = Int32Array.from({ length: d * each }, () => {
        const place = random.integer(columns);
        return random.uniform() < 0.5 ? place : ~place;
      });
      const expected = new Float64Array(n * columns);
      for (let i = 0; i < n; i++) {
        places.forEach((place, at) => {
          const value = points.data[i * d + Math.floor(at / each)];
          if (place < 0) expected[i * columns + ~place] -= value;
          else expected[i * columns + place] += value;
        });
      }
      const found = await kernels.signedSums({ points, places, each, columns, scale });
      const rounded = storage(
        dtype,
        Array.from(expected, (value) => scale * value),
      );
      t.deepEqual(found, rounded, `${n} × ${d} to ${columns}`);
    }
    const points = matrix(dtype, random.normals(200_000), 200, 1000);
    const problem = { points, places: new Int32Array(1000), each: 1, columns: 1, scale: 1 };
    await t.throwsAsync(kernels.signedSums(problem, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
  });

  test(`${title} squaredRowLengths: agrees with the reference, in float64`, (t) => {
    const random = new Random(26);
    const differences = new Differences();
    for (const { n, d } of [...sizesOfPairs(), { n: 40_000, d: 3 }]) {
      const { data } = matrix(dtype, random.normals(n * d), n, d);
      const expected = referenceSquaredRowLengths(data, d);
      const out = new Float64Array(n);
      kernels.squaredRowLengths(data, d, out);
      differences.compare(`squaredRowLengths ${n} × ${d}`, out, expected, (i) => 1e-14 * expected[i]);
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} scaledError: agrees with the definition, and is NaN where a row is not finite`, async (t) => {
    const random = new Random(27);
    const differences = new Differences();
    for (const { n, d } of [...sizesOfPairs(), { n: 3, d: 5000 }, { n: 20_000, d: 3 }]) {
      const array = () => matrix(dtype, random.normals(n * d), n, d).data;
      const problem = {
        terms: [1, -0.5, 0.25].map((coefficient) => ({ coefficient, array: array() })),
        a: array(),
        b: array(),
        columns: d,
        relative: 0.01,
        absolute: 0.1,
      };
      const { sum, largest, rows } = await kernels.scaledError(problem);
      const expected = referenceScaledError(problem);
      const allowed = dtype === 'float64' ? 1e-12 : 1e-5;
      differences.compare(
        `scaledError ${n} × ${d}`,
        Float64Array.of(sum, largest, rows),
        [expected.sum, expected.largest, n],
        (i) => [allowed * expected.sum, allowed * expected.largest, 0][i],
      );
      for (const name of ['a', 'b'] as const) {
        for (const wrong of [NaN, Infinity]) {
          const broken = problem[name].slice();
          broken[Math.floor(broken.length / 2)] = wrong;
          // Even where there is no error at all.
          for (const terms of [problem.terms, []]) {
            const found = await kernels.scaledError({ ...problem, terms, [name]: broken });
            differences.check(
              `scaledError ${n} × ${d} with ${wrong} in ${name}: ${found.sum}, ${found.largest}`,
              Number.isNaN(found.sum) && Number.isNaN(found.largest),
            );
          }
        }
      }
    }
    t.deepEqual(differences.found, []);
  });

  if (dtype === 'float32') {
    test(`${kernels.name} lowerTriangularProduct: the definition, to the bit`, async (t) => {
      const random = new Random(29);
      for (const { n, d } of [...sizesOfPairs(), { n: 400, d: 33 }]) {
        const data = Float64Array.from(random.normals(n * d));
        const factor = Float64Array.from(random.normals(d * d), (value, at) =>
          at % d > Math.floor(at / d) ? 0 : value,
        );
        const expected = data.map((_, at) => {
          const [start, k] = [at - (at % d), at % d];
          let sum = 0;
          for (let l = 0; l <= k; l++) sum += factor[k * d + l] * data[start + l];
          return sum;
        });
        await kernels.lowerTriangularProduct({ data, rows: n, columns: d }, factor);
        t.deepEqual(data, expected, `${n} × ${d}`);
      }
    });
  }

  test(`${title} linearCombination: agrees with the reference, out among the terms or not`, (t) => {
    const differences = new Differences();
    const random = new Random(24);
    for (const length of [1, 2, 15, 16, 17, 31, 257, 1024, 5003]) {
      for (const count of [0, 1, 2, 3, 7]) {
        const terms = Array.from({ length: count }, () => ({
          coefficient: random.normal(),
          array: storage(dtype, random.normals(length)),
        }));
        const expected = referenceLinearCombination(length, terms);
        const where = `linearCombination length=${length} terms=${count}`;
        const allowed = () => 4 * rounding(dtype, 8);
        const out = storage(dtype, random.normals(length));
        kernels.linearCombination(out, terms);
        differences.compare(where, out, expected, allowed);
        if (count === 0) continue;
        kernels.linearCombination(terms[count - 1].array, terms);
        differences.compare(`${where} in place`, terms[count - 1].array, expected, allowed);
      }
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} linearCombination: one term with coefficient 1 is a copy`, (t) => {
    const array = storage(dtype, new Random(25).normals(1000));
    const out = storage(dtype, new Array<number>(1000).fill(NaN));
    kernels.linearCombination(out, [{ coefficient: 1, array }]);
    t.deepEqual(out, array);
  });

  test(`${title} firstNonFinite: finds the first NaN or infinity`, (t) => {
    const random = new Random(26);
    for (const length of [0, 1, 2, 15, 16, 17, 31, 97, 257, 4099]) {
      const clean = storage(dtype, random.normals(length));
      t.is(kernels.firstNonFinite(clean), -1);
      for (const bad of [NaN, Infinity, -Infinity]) {
        for (const place of [0, length >> 1, length - 1]) {
          if (length === 0) continue;
          const data: FloatData = clean.slice();
          data[place] = bad;
          data[length - 1] = bad;
          t.is(kernels.firstNonFinite(data), referenceFirstNonFinite(data));
        }
      }
    }
    const extremes =
      dtype === 'float64' ? [Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324] : [3.4e38, -3.4e38, 1e-45];
    t.is(kernels.firstNonFinite(storage(dtype, [...extremes, 0, -0])), -1);
  });
}

for (const kernels of backends) {
  test(`${kernels.name} symmetricEigen: eigenvalues ascend and vectors are orthonormal`, async (t) => {
    const differences = new Differences();
    const random = new Random(27);
    const matrices = [1, 2, 3, 15, 16, 17, 64].flatMap((d) => {
      const symmetric = Array.from({ length: d }, () => random.normals(d));
      for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) symmetric[i][j] = symmetric[j][i];
      const identity = symmetric.map((row, i) => row.map((_, j) => (i === j ? 2 : 0)));
      const rankOne = symmetric.map((row, i) => row.map((_, j) => (1 + i) * (1 + j)));
      const zero = symmetric.map((row) => row.map(() => 0));
      return [symmetric, identity, rankOne, zero];
    });
    for (const [index, rows] of matrices.entries()) {
      const d = rows.length;
      const where = `symmetricEigen matrix ${index} d=${d}`;
      const { values, vectors } = await kernels.symmetricEigen(Float64Array.from(rows.flat()), d);
      const size = Math.max(...rows.flat().map(Math.abs)) * d;
      differences.compare(`${where} values`, values, referenceEigenvalues(rows), () => 1e-12 * size);
      differences.check(
        `${where}: values descend`,
        values.every((value, i) => i === 0 || value >= values[i - 1]),
      );
      const v = matrix('float64', Array.from(vectors), d, d);
      const identity = rows.flatMap((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
      const gram = referenceMatmul({ a: v, b: v, transposeB: true }).flat();
      differences.compare(`${where} vectors`, Float64Array.from(gram), identity, () => 1e-12 * d);
      const image = referenceMatmul({ a: v, b: matrix('float64', rows.flat(), d, d) }).flat();
      const scaled = Array.from(vectors, (value, i) => value * values[Math.floor(i / d)]);
      differences.compare(`${where} A·v`, Float64Array.from(image), scaled, () => 1e-12 * size);
    }
    t.deepEqual(differences.found, []);
  });

  test(`${kernels.name} solvePositiveDefinite: solves for every side, and tells an indefinite matrix`, async (t) => {
    const differences = new Differences();
    const random = new Random(28);
    for (const d of [1, 2, 3, 17, 64, 130, 301]) {
      const root = matrix('float64', random.normals(d * (d + 2)), d, d + 2);
      const definite = Float64Array.from(referenceMatmul({ a: root, b: root, transposeB: true }).flat());
      const expected = matrix('float64', random.normals(3 * d), 3, d);
      const sides = Float64Array.from(
        referenceMatmul({ a: expected, b: { data: definite, rows: d, columns: d } }).flat(),
      );
      const [matrixBefore, sidesBefore] = [definite.slice(), sides.slice()];
      const solutions = await kernels.solvePositiveDefinite(definite, d, sides);
      differences.compare(`solutions d=${d}`, solutions, expected.data, () => 1e-6);
      t.deepEqual([definite, sides], [matrixBefore, sidesBefore]);
      definite[d * d - 1] = -1;
      t.is(await kernels.solvePositiveDefinite(definite, d, sides), undefined);
    }
    t.deepEqual(differences.found, []);
  });

  test(`${kernels.name} solvePositiveDefinite: stops where it is asked to`, async (t) => {
    const d = 700;
    const matrix = new Float64Array(d * d);
    for (let i = 0; i < d; i++) matrix[i * (d + 1)] = 1;
    const controller = new AbortController();
    const running = kernels.solvePositiveDefinite(matrix, d, new Float64Array(d), controller);
    controller.abort();
    await t.throwsAsync(running, { code: 'ABORTED' });
  });
}
