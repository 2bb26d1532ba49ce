import test from 'ava';
import { gaussian } from '../ts/measure/index.js';
import {
  type GridKernel,
  cgls,
  directionSet,
  equalAngles,
  heatSlices,
  hyperplaneProjector,
  hyperplanesOf,
  inverseRadonTransform,
  parallelBeamProjector,
  projectEllipsoids,
  projectMixture,
  rasterise,
  sheppLogan,
  totalVariation,
} from '../ts/radon/index.js';
import { BACKENDS, adjointError, normals, relativeError, sampled, sum } from './radon-helpers.js';
import { Random } from './reference/random.js';

const KERNELS: readonly GridKernel[] = ['joseph', 'strip'];
const DIMENSIONS = [1, 2, 3, 4];

/** Random directions, and those of the axes and diagonals, where steps vanish or agree. */
function directionsOf(random: Random, d: number, count: number): number[][] {
  return Array.from({ length: count }, (_, i) => {
    const row = Array.from({ length: d }, (_, axis) =>
      i === 0 ? Number(axis === 0) : i === 1 ? 1 : random.normal(),
    );
    const length = Math.hypot(...row);
    return row.map((value) => value / length);
  });
}

const centred = (d: number, variance = 0.03) =>
  gaussian({
    mean: [0.1, -0.15, 0.05, 0.12].slice(0, d),
    covariance: Array.from({ length: d }, (_, i) =>
      Array.from({ length: d }, (_, j) => variance * (i === j ? 1 + 0.2 * i : 0.2)),
    ),
  });

for (const [backend, dtype] of BACKENDS) {
  for (const kernel of KERNELS) {
    test(`${backend} ${dtype} ${kernel}: backproject is the transpose of project in d = 1 to 4`, async (t) => {
      const random = new Random(91);
      for (const d of DIMENSIONS) {
        for (let round = 0; round < 4; round++) {
          const projector = hyperplaneProjector({
            shape: Array.from({ length: d }, () => 1 + random.integer(d < 3 ? 40 : 9)),
            directions: directionsOf(random, d, 1 + random.integer(6)),
            pixelSize: 0.1 + random.uniform(),
            detector: {
              count: 1 + random.integer(40),
              spacing: 0.05 + 2 * random.uniform(),
              offset: random.normal(),
              truncated: true,
            },
            kernel,
          });
          const error = await adjointError(projector, random, [backend, dtype] as (typeof BACKENDS)[number]);
          t.true(error < 100, `d = ${d}, round ${round}: ${error} roundings`);
        }
      }
    });
  }
}

for (const kernel of KERNELS) {
  test(`${kernel}: in the plane it is the parallel beam's transform`, async (t) => {
    const image = normals(new Random(92), [23, 31], 'float64');
    const angles = equalAngles(17, 7);
    const shared = { shape: [23, 31], pixelSize: 0.4, detector: { spacing: 0.55, offset: 0.3 }, kernel };
    const directions = Array.from(angles, (angle) => [Math.cos(angle), Math.sin(angle)]);
    const expected = await parallelBeamProjector({ ...shared, angles }).project(image);
    const actual = await hyperplaneProjector({ ...shared, directions }).project(image);
    t.deepEqual(actual.shape, expected.shape);
    t.true(relativeError(actual, expected) < 1e-12, `${relativeError(actual, expected)}`);
  });

  for (const d of DIMENSIONS) {
    test(`${kernel}: the transform of a Gaussian converges at second order in d = ${d}`, async (t) => {
      const measure = centred(d, 0.018);
      const errors: number[] = [];
      const sizes = d === 4 ? [8, 16, 32] : [16, 32, 64];
      for (const n of sizes) {
        const shape = new Array<number>(d).fill(n);
        // Along axes and diagonals the error depends on where the detectors lie between the cells.
        const directions = directionsOf(new Random(93), d, 11).slice(2);
        const options = { directions, shape, pixelSize: 2 / n, kernel };
        const data = await hyperplaneProjector(options).project(await sampled(measure, shape, 2 / n));
        errors.push(relativeError(data, projectMixture(measure, hyperplanesOf(options))));
      }
      const order = Math.log2(errors[1] / errors[2]);
      // On the line, detectors are cells.
      if (d === 1) t.true(errors[2] < 1e-12);
      else t.true(order > 1.8 && order < 2.3, errors.join(', '));
      t.true(errors[2] < (d === 4 ? 0.05 : 0.01), errors.join(', '));
    });
  }

  test(`${kernel}: the planes of the phantom and of a ball converge as their edges let them`, async (t) => {
    for (const ellipsoids of [
      sheppLogan({ dimension: 3 }),
      [{ centre: [0.2, 0.1, -0.1], semiAxes: [0.6, 0.6, 0.6] }],
    ]) {
      const errors: number[] = [];
      for (const n of [16, 32, 64]) {
        const shape = [n, n, n];
        const options = { directions: directionSet(11, 3, { kind: 'fibonacci' }), shape, pixelSize: 2 / n };
        const volume = rasterise(ellipsoids, { shape, subsamples: 4, dtype: 'float64' });
        const data = await hyperplaneProjector({ ...options, kernel }).project(volume);
        errors.push(relativeError(data, projectEllipsoids(ellipsoids, hyperplanesOf(options))));
      }
      t.true(errors[2] < 0.015 && errors[2] < 0.4 * errors[0], errors.join(', '));
    }
  });
}

test('strip: one cell casts the box spline of its sides, by the closed form of truncated powers', async (t) => {
  const random = new Random(94);
  for (const d of DIMENSIONS) {
    const [u] = directionsOf(random, d, 3).slice(2);
    const spacing = 0.37;
    const projector = hyperplaneProjector({
      shape: new Array<number>(d).fill(1),
      directions: [u],
      detector: { count: 15, spacing, offset: 0.05 },
      kernel: 'strip',
    });
    const { data } = await projector.project({
      data: Float64Array.of(1),
      shape: new Array<number>(d).fill(1),
    });
    const widths = [...u.map(Math.abs), spacing];
    const factorial = [1, 1, 2, 6, 24][d];
    data.forEach((value, k) => {
      const p = (k - 7) * spacing + 0.05;
      let total = 0;
      for (let signs = 0; signs < 2 ** widths.length; signs++) {
        let place = p;
        let sign = 1;
        widths.forEach((width, i) => {
          const up = (signs >> i) & 1;
          place += up ? width / 2 : -width / 2;
          sign *= up ? 1 : -1;
        });
        total += sign * Math.max(0, place) ** d;
      }
      const expected = total / factorial / widths.reduce((a, b) => a * b);
      t.true(Math.abs(value - expected) < 1e-9, `d = ${d}, detector ${k}: ${value}, expected ${expected}`);
    });
  }
});

test('strip: every projection holds the mass of the grid, however it is tilted', async (t) => {
  const random = new Random(95);
  for (const d of [3, 4]) {
    const shape = [3, 5, 4, 2].slice(0, d);
    const values = normals(random, shape, 'float64');
    const tilted = [1, 1e-9, 1e-4, 1e-13].slice(0, d).map((value) => value / Math.hypot(1, 1e-4));
    const directions = [...directionsOf(random, d, 12), tilted];
    const detector = { spacing: 0.41, offset: 0.2 };
    const {
      data,
      shape: [rows, columns],
    } = await hyperplaneProjector({
      shape,
      directions,
      pixelSize: 0.5,
      detector,
      kernel: 'strip',
    }).project(values);
    const mass = sum(values.data) * 0.5 ** d;
    for (let l = 0; l < rows; l++) {
      const total = sum(data.subarray(l * columns, (l + 1) * columns)) * 0.41;
      t.true(Math.abs(total - mass) < 1e-12, `${total}, expected ${mass}`);
    }
  }
});

test('heat in space is heat of every projection', async (t) => {
  const before = centred(3, 0.02);
  const n = 48;
  const options = { directions: directionSet(7, 3), shape: [n, n, n], pixelSize: 2.4 / n };
  const data = await hyperplaneProjector(options).project(await sampled(before, options.shape, 2.4 / n));
  const later = await heatSlices(data, { time: 0.01, spacing: 2.4 / n });
  const expected = projectMixture(before.heat(0.01), hyperplanesOf(options));
  t.true(relativeError(later, expected) < 0.01, `${relativeError(later, expected)}`);
});

for (const d of DIMENSIONS) {
  test(`inverseRadonTransform: the error falls as grid and directions are refined in d = ${d}`, async (t) => {
    const measure = centred(d, 0.04);
    const errors: number[] = [];
    for (const [n, count] of [
      [8, [2, 12, 60, 400][d - 1]],
      [16, [2, 24, 240, 3000][d - 1]],
    ]) {
      const shape = new Array<number>(d).fill(n);
      const kind = d === 2 || d === 3 ? 'fibonacci' : d === 4 ? 'sobol' : 'uniform';
      const directions = directionSet(count, d, { kind, dtype: 'float64' });
      const options = { directions, shape, pixelSize: 2 / n };
      const data = projectMixture(measure, hyperplanesOf(options));
      const result = await inverseRadonTransform(data, options);
      errors.push(relativeError(result, await sampled(measure, shape, 2 / n)));
    }
    t.true(errors[1] < [1e-6, 0.1, 0.1, 0.2][d - 1], errors.join(', '));
    if (d > 1) t.true(errors[1] < 0.5 * errors[0], errors.join(', '));
  });
}

test('inverseRadonTransform: weights stand for the directions, and windows smooth', async (t) => {
  const measure = centred(2, 0.04);
  const options = { shape: [24, 24], pixelSize: 2 / 24 };
  // Dense in one half of the half turn: equal weights are wrong, their shares right.
  const angles = [
    ...equalAngles(40, Math.PI / 2),
    ...equalAngles(20, Math.PI / 2).map((a) => a + Math.PI / 2),
  ];
  const directions = angles.map((angle) => [Math.cos(angle), Math.sin(angle)]);
  const data = projectMixture(measure, hyperplanesOf({ ...options, directions }));
  const truth = await sampled(measure, options.shape, options.pixelSize);
  const directionWeights = angles.map((_, i) => (2 * Math.PI) / 2 / (i < 40 ? 40 : 20));
  const weighted = await inverseRadonTransform(data, { ...options, directions, directionWeights });
  const equal = await inverseRadonTransform(data, { ...options, directions });
  t.true(relativeError(weighted, truth) < 0.03, `${relativeError(weighted, truth)}`);
  t.true(relativeError(weighted, truth) < 0.3 * relativeError(equal, truth));
  const smooth = await inverseRadonTransform(data, {
    ...options,
    directions,
    directionWeights,
    filter: 'hann',
  });
  t.true(Math.max(...smooth.data) < Math.max(...weighted.data));
});

test('iterative methods take the projector: planes of a volume', async (t) => {
  const shape = [7, 8, 9];
  const volume = rasterise(sheppLogan({ dimension: 3 }), { shape, dtype: 'float64' });
  const projector = hyperplaneProjector({ directions: directionSet(220, 3, { kind: 'fibonacci' }), shape });
  const data = await projector.project(volume);
  const { image } = await cgls(data, { projector, iterations: 150 });
  t.deepEqual(image.shape, shape);
  t.true(relativeError(image, volume) < 0.01, `${relativeError(image, volume)}`);
  const flat = await totalVariation(data, { projector, weight: 0.001, iterations: 300 });
  t.true(relativeError(flat.image, volume) < 0.1, `${relativeError(flat.image, volume)}`);
});

test('backends agree', async (t) => {
  const random = new Random(96);
  for (const d of DIMENSIONS) {
    const shape = [4, 6, 5, 7].slice(0, d);
    const grid = normals(random, shape, 'float32');
    const options = { shape, directions: directionsOf(random, d, 7), detector: { spacing: 0.8 } };
    for (const kernel of KERNELS) {
      const projector = hyperplaneProjector({ ...options, kernel });
      const native = await projector.project(grid, { backend: 'native' });
      const fallback = await projector.project(grid, { backend: 'tfjs-cpu' });
      t.true(relativeError(fallback, native) < 2e-6, `d = ${d}, ${kernel}`);
      const back = await projector.backproject(native, { backend: 'native' });
      t.true(relativeError(await projector.backproject(native, { backend: 'tfjs-cpu' }), back) < 2e-6);
    }
    const data = normals(random, hyperplaneProjector(options).dataShape, 'float32');
    const native = await inverseRadonTransform(data, { ...options, backend: 'native' });
    const fallback = await inverseRadonTransform(data, { ...options, backend: 'tfjs-cpu' });
    t.true(relativeError(fallback, native) < 2e-5, `inverse, d = ${d}: ${relativeError(fallback, native)}`);
  }
});
