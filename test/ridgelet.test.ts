import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { gaussian, gaussianMixture } from '../ts/measure/index.js';
import {
  type ActivationName,
  dualRidgeletTransform,
  functionOnGrid,
  normalisedReconstruction,
  ridgeletPair,
  ridgeletTransform,
  ridgeletTransformOfMeasure,
} from '../ts/ridgelet/index.js';
import { gaussianDerivative } from '../ts/core/activation.js';
import { backendNames, exactly } from './native.js';
import { dot, largest, midpoints, normals, plainTransform, rowsOf } from './reference/ridgelet.js';

const ONE_OF_EACH: ActivationName[] = [
  'relu',
  'tanh',
  'sigmoid',
  'softplus',
  'step',
  'gaussian',
  'gaussian-derivative-1',
  'gaussian-derivative-2',
  'cosine',
  'gelu',
];

test('the transform of data agrees with its definition, on both backends', async (t) => {
  for (const backend of backendNames) {
    for (const dtype of ['float32', 'float64'] as const) {
      if (backend !== 'native' && dtype === 'float64') continue;
      for (const d of [1, 3, 17]) {
        const pair = ridgeletPair(d === 3 ? 'tanh' : 'relu', d);
        const [points, values] = [normals(d, [97, d]), normals(7, [97, 2])];
        const weights = ndarray(Float64Array.from({ length: 97 }, (_, i) => (i % 5) / 40));
        const [a, b] = [normals(5, [31, d], 1 / Math.sqrt(d)), normals(6, [31])];
        const result = await ridgeletTransform(
          { points, values, weights },
          { a, b },
          { pair, dtype, backend },
        );
        t.deepEqual(result.shape, [31, 2]);
        const expected = rowsOf(a).flatMap((row, j) =>
          plainTransform(pair, rowsOf(points), rowsOf(values), Array.from(weights.data), row, b.data[j]),
        );
        const error = largest(expected.map((value, i) => value - result.data[i])) / largest(expected);
        t.true(error < (dtype === 'float64' ? 1e-12 : 2e-6), `${backend} ${dtype} d = ${d}: ${error}`);
      }
    }
  }
});

exactly('a Gaussian in d = 2 under the second derivative of the normal density', async (t) => {
  const pair = ridgeletPair('gaussian', 2);
  const size = gaussianDerivative(0, 2) / pair.value(0);
  const units = {
    a: ndarray([[1.2, -0.5]], undefined, 'float64'),
    b: ndarray([0.3], undefined, 'float64'),
  };
  const measure = gaussian({
    mean: [0, 0],
    covariance: [
      [0.49, 0],
      [0, 0.49],
    ],
  });
  const { data } = await ridgeletTransformOfMeasure(measure, units, { pair });
  t.true(Math.abs(data[0] * size + 0.1497250552) < 1e-10, `${data[0] * size}`);
});

exactly('a measure in closed form agrees with the transform of its density on a grid', async (t) => {
  const measure = gaussianMixture({
    weights: [0.3, 0.7],
    means: [
      [-1, 0.5],
      [1, -0.3],
    ],
    covariances: [
      [
        [0.5, 0.2],
        [0.2, 0.3],
      ],
      [
        [0.2, 0],
        [0, 0.6],
      ],
    ],
  });
  const points = rowsOf(normals(3, [0, 2]));
  const { at } = midpoints(6, 120);
  for (const x of at) for (const y of at) points.push([x, y]);
  const { logDensity } = await measure.evaluate(ndarray(points, undefined, 'float64'), { logDensity: true });
  const values = ndarray(Float64Array.from(logDensity!, Math.exp), [120, 120]);
  const data = functionOnGrid(values, { from: [at[0], at[0]], spacing: 0.1 });
  for (const activation of [...ONE_OF_EACH, { value: (z: number) => (z > 0 ? z : Math.expm1(z)) }]) {
    const pair = ridgeletPair(activation, 2);
    const units = { a: normals(5, [20, 2]), b: normals(6, [20]) };
    const exact = await ridgeletTransformOfMeasure(measure, units, { pair });
    const sums = await ridgeletTransform(data, units, { pair });
    const error = largest(Array.from(exact.data, (value, j) => value - sums.data[j])) / largest(exact.data);
    t.true(error < 1e-9, `${JSON.stringify(activation)}: ${error}`);
  }
});

test('functionOnGrid: axes in the order of the shape, volumes of cells', (t) => {
  const values = ndarray(
    Float64Array.from({ length: 6 }, (_, i) => i),
    [2, 3],
  );
  const { points, weights, values: flat } = functionOnGrid(values, { from: [1, -1], spacing: [0.5, 2] });
  t.deepEqual(rowsOf(points), [
    [1, -1],
    [1, 1],
    [1, 3],
    [1.5, -1],
    [1.5, 1],
    [1.5, 3],
  ]);
  t.deepEqual(Array.from(weights!.data), new Array<number>(6).fill(1));
  t.deepEqual(flat!.shape, [6, 1]);
});

const density = (x: number) =>
  0.4 * Math.exp(-((x + 1) ** 2) / 0.5) + 0.7 * Math.exp(-((x - 0.8) ** 2) / 0.3);

/** Largest error of S[R[f]] in d = 1 with |a| ≤ A, in units of f's size. */
async function reconstructionError(name: ActivationName, A: number): Promise<number> {
  const pair = ridgeletPair(name, 1);
  const x = midpoints(5, 400);
  const f = functionOnGrid(ndarray(Float64Array.from(x.at, density), [400]), {
    from: [x.at[0]],
    spacing: x.width,
  });
  const [a, b] = [midpoints(A, 12 * A), midpoints(4 * A + 8, (5 * A + 10) * A)];
  const pairs = a.at.flatMap((alpha) => b.at.map((beta) => [alpha, beta]));
  const units = {
    a: ndarray(
      pairs.map(([alpha]) => [alpha]),
      undefined,
      'float64',
    ),
    b: ndarray(Float64Array.from(pairs, ([, beta]) => beta)),
  };
  const spectrum = await ridgeletTransform(f, units, { pair });
  const weights = ndarray(new Float64Array(pairs.length).fill(a.width * b.width));
  const at = midpoints(2.5, 41).at;
  const points = ndarray(Float64Array.from(at), [41, 1]);
  const back = await dualRidgeletTransform(
    points,
    { ...units, coefficients: spectrum, weights },
    { activation: pair },
  );
  return largest(at.map((z, i) => back.data[i] - density(z))) / 0.7;
}

exactly('S[R[f]] = f for every activation: the error falls as the grid of (a, b) grows', async (t) => {
  for (const name of ONE_OF_EACH) {
    const errors = [];
    for (const A of [4, 8, 16]) errors.push(await reconstructionError(name, A));
    t.true(errors[2] < 0.06, `${name}: ${errors.join(' ')}`);
    t.true(errors[1] < 0.8 * errors[0] || errors[1] < 2e-3, `${name}: ${errors.join(' ')}`);
    t.true(errors[2] < 0.6 * errors[1] || errors[2] < 2e-3, `${name}: ${errors.join(' ')}`);
  }
});

exactly('S with ψ in the place of η is the adjoint of R', async (t) => {
  for (const dtype of ['float32', 'float64'] as const) {
    // An activation that is its own ridgelet up to the factor: the second derivative of the normal density in d = 2.
    const pair = ridgeletPair('gaussian-derivative-2', 2, { order: 2 });
    const factor = gaussianDerivative(0, 2) / pair.value(0);
    const [points, values] = [normals(1, [300, 2]), normals(2, [300, 3])];
    const [a, b, gamma] = [normals(3, [211, 2]), normals(4, [211]), normals(5, [211, 3])];
    const forward = await ridgeletTransform({ points, values }, { a, b }, { pair, dtype });
    const back = await dualRidgeletTransform(
      points,
      { a, b, coefficients: gamma },
      { activation: pair, dtype },
    );
    const inner = (u: NdArray, v: NdArray) =>
      Array.from(u.data).reduce((sum, value, i) => sum + value * v.data[i], 0);
    const [left, right] = [inner(forward, gamma) * factor * 300, inner(back, values)];
    t.true(Math.abs(left - right) < (dtype === 'float64' ? 1e-11 : 1e-3), `${left} ${right}`);
  }
});

// Plancherel: with η = ψ/((ψ, ψ)) the energy of R[f] is that of f.
exactly('∫∫ R[f]² da db = ((ψ, ψ)) ∫ f²', async (t) => {
  const pair = ridgeletPair('gaussian-derivative-4', 1, { order: 4 });
  // η is the fourth derivative itself, and ψ = η/((η, η)): so ∫∫ R[f]² = ((ψ, ψ)) ∫ f² = ∫ f²/((η, η)).
  const constant = gaussianDerivative(0, 4) / pair.value(0);
  const x = midpoints(5, 400);
  const f = functionOnGrid(ndarray(Float64Array.from(x.at, density), [400]), {
    from: [x.at[0]],
    spacing: x.width,
  });
  const energy = x.at.reduce((sum, z) => sum + x.width * density(z) ** 2, 0);
  const [a, b] = [midpoints(24, 480), midpoints(100, 800)];
  const pairs = a.at.flatMap((alpha) => b.at.map((beta) => [alpha, beta]));
  const { data } = await ridgeletTransform(
    f,
    {
      a: ndarray(
        pairs.map(([alpha]) => [alpha]),
        undefined,
        'float64',
      ),
      b: ndarray(Float64Array.from(pairs, ([, beta]) => beta)),
    },
    { pair },
  );
  const total = Array.from(data).reduce((sum, value) => sum + value * value * a.width * b.width, 0);
  t.true(Math.abs((total * constant) / energy - 1) < 2e-3, `${(total * constant) / energy}`);
});

exactly('from data, S[R_μ f]/S[R_μ 1] approaches f as the data grow', async (t) => {
  const pair = ridgeletPair('gaussian', 1);
  const [a, b] = [midpoints(12, 144), midpoints(40, 240)];
  const pairs = a.at.flatMap((alpha) => b.at.map((beta) => [alpha, beta]));
  const units = {
    a: ndarray(
      pairs.map(([alpha]) => [alpha]),
      undefined,
      'float64',
    ),
    b: ndarray(Float64Array.from(pairs, ([, beta]) => beta)),
  };
  const x = ndarray([-0.8, -0.3, 0.1, 0.6, 1], [5, 1], 'float64');
  const errorOf = async (n: number) => {
    const points = normals(11, [n, 1]);
    const values = ndarray(
      Float64Array.from(points.data, (z) => Math.sin(2 * z)),
      [n, 1],
    );
    const coefficients = await ridgeletTransform({ points, values }, units, { pair });
    const ofOne = await ridgeletTransform({ points }, units, { pair });
    const back = await normalisedReconstruction(x, { ...units, coefficients }, ofOne, { activation: pair });
    return largest(Array.from(x.data, (z, i) => back.data[i] - Math.sin(2 * z)));
  };
  const [few, many] = [await errorOf(100), await errorOf(3000)];
  t.true(many < 0.1 && many < few, `${few} ${many}`);
});

exactly('an activation of one’s own reconstructs too', async (t) => {
  const pair = ridgeletPair({ value: (z) => (z > 0 ? z : 0.2 * z) }, 1);
  const x = ndarray([[-0.4], [0.3]], undefined, 'float64');
  const units = {
    a: ndarray([[1.5], [-2]], undefined, 'float64'),
    b: ndarray([0.2, -0.7], undefined, 'float64'),
  };
  const coefficients = ndarray([2, -3], undefined, 'float64');
  const { data } = await dualRidgeletTransform(x, { ...units, coefficients }, { activation: pair });
  const leaky = (z: number) => (z > 0 ? z : 0.2 * z);
  for (const [i, z] of [-0.4, 0.3].entries()) {
    const expected = 2 * leaky(1.5 * z - 0.2) - 3 * leaky(-2 * z + 0.7);
    t.true(Math.abs(data[i] - expected) < 1e-6, `${data[i]} ${expected}`);
  }
});

exactly('one point is a ridgelet', async (t) => {
  const pair = ridgeletPair('sigmoid', 4);
  const points = normals(1, [1, 4]);
  const units = { a: normals(2, [9, 4]), b: normals(3, [9]) };
  const { data } = await ridgeletTransform({ points }, units, { pair });
  const expected = rowsOf(units.a).map((a, j) => pair.value(dot(a, rowsOf(points)[0]) - units.b.data[j]));
  t.true(largest(expected.map((value, j) => value - data[j])) < 1e-13 * Math.abs(pair.scale));
});
