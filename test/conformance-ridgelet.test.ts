import test from 'ava';
import { ACTIVATION_NAMES, activation } from '../ts/core/activation.js';
import type { DType, FloatData } from '../ts/core/array.js';
import { RidgeflowError } from '../ts/core/errors.js';
import type { PiecewisePolynomials } from '../ts/core/piecewise.js';
import type { Nonlinearity, RidgeSumProblem } from '../ts/kernel/contract.js';
import { Differences, combinations, rounding } from './conformance-backends.js';
import { matrix, storage } from './reference/clouds.js';
import { Random } from './reference/random.js';
import { referenceActivate, referenceRidgeSum, ridgeArguments } from './reference/ridge.js';

/** [n, m, d, k]: one, either side of vectors, panels, tiles and flushes, primes. */
const SIZES = [
  [1, 1, 1, 1],
  [2, 3, 2, 1],
  [17, 31, 1, 2],
  [31, 129, 3, 3],
  [47, 15, 5, 8],
  [49, 130, 64, 9],
  [97, 257, 65, 17],
  [16, 1500, 4, 1],
  [257, 16, 200, 65],
  [5, 9001, 2, 2],
];

function table(random: Random, parity: PiecewisePolynomials['parity'], cells: number): PiecewisePolynomials {
  const degree = 3;
  const coefficients = Float64Array.from(random.normals((degree + 1) * cells), Math.fround);
  return { from: parity === 'none' ? -1.5 : 0, to: 2.25, parity, cells, degree, coefficients };
}

function problemOf(
  random: Random,
  dtype: DType,
  size: readonly number[],
  nonlinearity: Nonlinearity,
): RidgeSumProblem {
  const [n, m, d, k] = size;
  const cloud = (rows: number, columns: number) =>
    matrix(dtype, random.normals(rows * columns), rows, columns);
  const vector = (length: number): FloatData => storage(dtype, random.normals(length));
  return {
    queries: cloud(n, d),
    centres: matrix(
      dtype,
      random.normals(m * d).map((value) => value / Math.sqrt(d)),
      m,
      d,
    ),
    values: cloud(m, k),
    nonlinearity,
    queryBias: n % 3 === 0 ? undefined : vector(n),
    centreBias: n % 4 === 0 ? undefined : vector(m),
    weights: n % 5 === 0 ? undefined : vector(m),
    scale: n % 2 ? undefined : -0.7,
  };
}

/** Moves biases so that no argument lies where the function jumps: rounding may take it to either side. */
function awayFromJumps(problem: RidgeSumProblem, jumps: (z: number) => number): boolean {
  return ridgeArguments(problem).every((row) => row.every((z) => jumps(z) > 1e-4));
}

const FUNCTIONS: [string, (random: Random) => Nonlinearity][] = [
  ...ACTIVATION_NAMES.filter((name) => name !== 'step').map((name): [string, () => Nonlinearity] => [
    name,
    () => activation(name).kernel,
  ]),
];

for (const { kernels, dtype, tolerance, title } of combinations) {
  const slack = tolerance + rounding(dtype, 50);

  test(`${title} ridgeSum: agrees with the reference on awkward sizes, for every activation`, async (t) => {
    const random = new Random(61);
    const differences = new Differences();
    for (const [s, size] of SIZES.entries()) {
      for (const [f, [name, make]] of FUNCTIONS.entries()) {
        if (s > 3 && (s + f) % 5 !== 0) continue;
        const problem = problemOf(random, dtype, size, make(random));
        const { sums, sizes } = referenceRidgeSum(problem);
        const sum = await kernels.ridgeSum(problem);
        // Errors of the arguments: by the size of the sums that they go through.
        const typical = Math.abs(problem.scale ?? 1) * size[1];
        differences.compare(
          `${name} ${size.join('×')}`,
          sum,
          sums,
          (i) => slack * (sizes[i] + 0.02 * typical),
        );
      }
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} ridgeSum: steps and tables, away from their jumps`, async (t) => {
    const differences = new Differences();
    const random = new Random(62);
    const step = activation('step').kernel;
    let compared = 0;
    for (let round = 0; round < 40; round++) {
      const size = [1 + (round % 7), 1 + random.integer(9), 1 + (round % 3), 1 + (round % 2)];
      const cells = [1, 5, 31, 32, 33, 200][round % 6];
      const parity = (['none', 'even', 'odd'] as const)[round % 3];
      const nonlinearity = round % 4 === 3 ? step : table(random, parity, cells);
      const problem = problemOf(random, dtype, size, nonlinearity);
      const jumps = (z: number) => {
        if ('code' in nonlinearity) return Math.abs(z);
        const x = parity === 'none' ? z : Math.abs(z);
        const place = ((x - nonlinearity.from) / (nonlinearity.to - nonlinearity.from)) * cells;
        return place < -1 || place > cells + 1
          ? 1
          : Math.min(Math.abs(place - Math.round(place)), parity === 'odd' ? Math.abs(z) : 1);
      };
      if (!awayFromJumps(problem, jumps)) continue;
      compared++;
      const { sums } = referenceRidgeSum(problem);
      const slope = 'code' in nonlinearity ? 1 : 20 * cells;
      const precision = rounding(dtype, slope) * 200 + tolerance / 1e3;
      differences.compare(
        `${round}: ${size.join('×')}`,
        await kernels.ridgeSum(problem),
        sums,
        () => precision,
      );
    }
    t.deepEqual(differences.found, []);
    t.true(compared > 20, `${compared} compared`);
  });

  test(`${title} ridgeSum: exchanging queries and centres gives the transpose`, async (t) => {
    const random = new Random(63);
    for (const [n, m, d] of [
      [97, 257, 3],
      [33, 1100, 17],
    ]) {
      const x = matrix(dtype, random.normals(n * d), n, d);
      const a = matrix(dtype, random.normals(m * d), m, d);
      const [f, gamma] = [matrix(dtype, random.normals(n), n, 1), matrix(dtype, random.normals(m), m, 1)];
      const bias = storage(dtype, random.normals(m));
      const nonlinearity = activation('step').kernel;
      const forward = await kernels.ridgeSum({
        queries: x,
        centres: a,
        centreBias: bias,
        values: gamma,
        nonlinearity,
      });
      const back = await kernels.ridgeSum({
        queries: a,
        queryBias: bias,
        centres: x,
        values: f,
        nonlinearity,
      });
      const left = Array.from(forward).reduce((sum, value, i) => sum + value * f.data[i], 0);
      const right = Array.from(back).reduce((sum, value, j) => sum + value * gamma.data[j], 0);
      t.true(Math.abs(left - right) <= rounding(dtype, 40 * Math.sqrt(n * m)), `${left} ${right}`);
    }
  });

  test(`${title} activate: agrees with the reference`, async (t) => {
    const random = new Random(64);
    const differences = new Differences();
    for (const [rows, columns] of [
      [1, 1],
      [3, 17],
      [97, 31],
      [2, 20000],
    ]) {
      for (const [name, make] of FUNCTIONS) {
        const values = matrix(
          dtype,
          random.normals(rows * columns).map((value) => 3 * value),
          rows,
          columns,
        );
        const rowBias = rows === 3 ? undefined : storage(dtype, random.normals(rows));
        const columnBias = columns === 31 ? undefined : storage(dtype, random.normals(columns));
        const nonlinearity = make(random);
        const expected = referenceActivate(values, nonlinearity, rowBias, columnBias);
        await kernels.activate({ values, rowBias, columnBias, nonlinearity });
        const scale = nonlinearity && 'order' in nonlinearity ? 200 ** (nonlinearity.order / 4) : 1;
        differences.compare(`${name} ${rows}×${columns}`, values.data, expected, (i) =>
          rounding(dtype, 8 * scale + 4 * Math.abs(expected[i])),
        );
      }
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} activate: tails and extreme arguments`, async (t) => {
    const extremes = [-1e30, -1e5, -500, -88, -30, -1e-6, 0, 1e-6, 30, 88, 500, 1e5, 1e30];
    for (const name of ACTIVATION_NAMES) {
      const values = matrix(dtype, extremes, 1, extremes.length);
      const given = Array.from(values.data);
      await kernels.activate({ values, nonlinearity: activation(name).kernel });
      for (const [i, z] of given.entries()) {
        // A cosine of a large float32 is that of its nearest multiple of 2π to float precision only.
        if (name === 'cosine' && Math.abs(z) > 1e4) continue;
        const expected = activation(name).value(z);
        const error = Math.abs(values.data[i] - expected);
        t.true(error <= rounding(dtype, 8 * Math.abs(expected)) + 1e-37, `${name}(${z}): ${values.data[i]}`);
      }
    }
  });

  test.serial(`${title} ridgeSum: stops in the middle of its work`, async (t) => {
    const random = new Random(65);
    const [n, d] = [60_000, 20];
    const cloud = matrix(dtype, random.normals(n * d), n, d);
    const problem = {
      queries: cloud,
      centres: cloud,
      values: cloud,
      nonlinearity: activation('tanh').kernel,
    };
    const error = await t.throwsAsync(kernels.ridgeSum(problem, { signal: AbortSignal.timeout(30) }), {
      instanceOf: RidgeflowError,
    });
    t.is(error.code, 'ABORTED');
  });
}
