import test from 'ava';
import type { DType, NdArray } from '../../ts/core/array.js';
import { RandomStream } from '../../ts/core/random.js';
import { gaussian, gaussianMixture } from '../../ts/measure/index.js';
import {
  circleTransport,
  exactTransport,
  frechetDistance,
  freeSupportBarycentre,
  gaussianBarycentre,
  gaussianGeodesic,
  gaussianMixtureWasserstein,
  gaussianWasserstein,
  lineTransport,
  maxSlicedWasserstein,
  sinkhorn,
  sinkhornDivergence,
  slicedWasserstein,
} from '../../ts/transport/index.js';
import { exactly, places } from '../native.js';

const near = (value: number, right: number, within = 1e-12) => Math.abs(value / right - 1) < within;

test('on the line: any order of differences of any size', async (t) => {
  for (const unit of [1e-170, 1e-4, 1, 1e4, 1e170]) {
    for (const p of [1, 2, 3.5, 100, 1000]) {
      const { value, dualityGap } = await lineTransport([0, unit], [3 * unit, 4 * unit], { p });
      t.true(near(value, 3 * unit), `${unit}, ${p}: ${value}`);
      t.false(Number.isNaN(dualityGap));
      // Differences of 1 and 2 units.
      const uneven = await lineTransport([0, 10 * unit], [unit, 12 * unit], { p });
      t.true(near(uneven.value, unit * 2 * ((1 + 2 ** -p) / 2) ** (1 / p)), `${unit}, ${p}`);
    }
  }
  const beyond = await lineTransport([0, 1], [1e4, 1e4 + 1], { p: 100 });
  t.true(near(beyond.value, 1e4));
  // Powers that float64 does not have prove nothing.
  t.is(beyond.cost, Infinity);
  t.is(beyond.dualityGap, Infinity);
  t.true([...beyond.f, ...beyond.g].every(Number.isNaN));
  t.is((await lineTransport([1, 2], [2, 1], { p: 100 })).value, 0);
});

test('on a circle: any order, any circumference, points however far around', async (t) => {
  for (const period of [1e-300, 1e-170, 1, 2 * Math.PI, 1e170, 1e300]) {
    for (const p of [1, 2, 3.5, 100, 1000]) {
      // Across the seam: arcs of 1/8 and 1/16.
      const [u, v] = [
        [0, 0.5].map((place) => place * period),
        [15 / 16, 5 / 8].map((place) => place * period),
      ];
      const { value } = await circleTransport(u, v, { p, period });
      const right = (period * ((1 + 2 ** -p) / 2) ** (1 / p)) / 8;
      t.true(near(value, right, 1e-9), `${period}, ${p}: ${value / period}`);
    }
  }
  for (const far of [1e20, -1e170, 1e300]) {
    const { value, cost } = await circleTransport([far, 0], [far, 0.25], { period: 1e-170 });
    t.true(value >= 0 && value <= 0.5e-170 && cost >= 0, `${far}: ${value}`);
    t.is((await circleTransport([far], [far], { period: 0.3 })).value, 0);
  }
});

/** Standard normal rows times a power of ten, or of two where the digits must stay. */
function cloud(n: number, d: number, unit: number, dtype: DType, seed: number): NdArray {
  const data = new Float64Array(n * d);
  new RandomStream(seed, 'sample').fillNormal(data);
  const scaled = data.map((value) => Math.fround(value) * unit);
  return { data: dtype === 'float64' ? scaled : Float32Array.from(scaled), shape: [n, d] };
}

/** Units of float32, whose squares leave its range, and of float64. */
const unitsOf = (dtype: DType) =>
  dtype === 'float32' ? [2 ** -80, 2 ** 100] : [2 ** -600, 2 ** -80, 2 ** 100, 2 ** 600];

for (const { backend, dtype } of places) {
  const call = { backend, seed: 3 };
  const digits = dtype === 'float64' ? 1e-11 : 1e-5;
  const clouds = (unit: number, m = 30): [NdArray, NdArray] => [
    cloud(30, 2, unit, dtype, 1),
    cloud(m, 2, unit, dtype, 2),
  ];

  test(`${backend} ${dtype}: sliced distances in any unit, of any order`, async (t) => {
    for (const p of [1, 2, 3.5, 100, 1000]) {
      const options = { ...call, p, directions: 20 };
      const [a, b] = clouds(1, 40);
      const right = await slicedWasserstein(a, b, options);
      const rightMost = await maxSlicedWasserstein(a, b, options);
      t.true(right.value > 0 && rightMost.value >= right.value);
      for (const unit of unitsOf(dtype)) {
        const [x, y] = clouds(unit, 40);
        const found = await slicedWasserstein(x, y, options);
        t.true(near(found.value, unit * right.value, digits), `${unit} ${p}: ${found.value}`);
        t.true(near(found.standardError, unit * right.standardError, digits));
        const most = await maxSlicedWasserstein(x, y, options);
        t.true(near(most.value, unit * rightMost.value, digits), `${unit} ${p}: ${most.value}`);
      }
    }
    // Two shifted points: W_p is the shift, whatever p.
    const far = (unit: number) => [0, 1].map((shift) => pair(unit, shift * 1e4, dtype));
    for (const unit of [1, ...unitsOf(dtype).map((value) => value / 2 ** 20)]) {
      const [a, b] = far(unit);
      const { value } = await slicedWasserstein(a, b, { ...call, p: 100 });
      t.true(near(value, unit * 1e4, 1e-6), `${value}`);
    }
  });

  test(`${backend} ${dtype}: exact plans in any unit`, async (t) => {
    for (const cost of ['squaredEuclidean', 'euclidean'] as const) {
      const [a, b] = clouds(1);
      const right = await exactTransport(a, b, { ...call, cost });
      t.true(near(right.value, right.cost ** (cost === 'euclidean' ? 1 : 0.5)));
      for (const unit of unitsOf(dtype)) {
        const [x, y] = clouds(unit);
        const found = await exactTransport(x, y, { ...call, cost });
        t.true(near(found.value, unit * right.value), `${unit}: ${found.value}`);
        t.deepEqual(found.plan, right.plan);
        t.true(found.dualityGap >= 0);
        if (cost === 'euclidean') t.true(near(found.cost, unit * right.cost));
      }
    }
  });

  test(`${backend} ${dtype}: barycentres of clouds in any unit`, async (t) => {
    const right = await freeSupportBarycentre(clouds(1), call);
    for (const unit of unitsOf(dtype)) {
      const { points, converged } = await freeSupportBarycentre(clouds(unit), call);
      t.true(converged);
      t.true(points.data.every((value, k) => Math.abs(value / unit - right.points.data[k]) < 10 * digits));
    }
  });

  test(`${backend} ${dtype}: Fréchet distance in any unit`, async (t) => {
    const right = await frechetDistance(...clouds(1), call);
    for (const unit of unitsOf(dtype))
      t.true(near(await frechetDistance(...clouds(unit), call), unit * right, digits));
  });

  test(`${backend} ${dtype}: entropic plans in any unit in which ε is a number`, async (t) => {
    for (const cost of ['squaredEuclidean', 'euclidean'] as const) {
      const power = cost === 'euclidean' ? 1 : 2;
      const [a, b] = clouds(1);
      const right = await sinkhorn(a, b, { ...call, cost, epsilon: 0.5 });
      const divergence = await sinkhornDivergence(a, b, { ...call, cost, epsilon: 0.5, gradient: true });
      const [map, spent] = [await right.map(), await right.transportCost()];
      for (const unit of unitsOf(dtype)) {
        const epsilon = 0.5 * unit ** power;
        if (!(epsilon > 0 && epsilon < Infinity)) continue;
        const [x, y] = clouds(unit);
        const found = await sinkhorn(x, y, { ...call, cost, epsilon });
        t.true(near(found.value / unit ** power, right.value, digits), `${cost} ${unit}: ${found.value}`);
        t.true(near((await found.transportCost()) / unit ** power, spent, 10 * digits));
        const image = await found.map();
        t.true(image.data.every((value, k) => Math.abs(value / unit - map.data[k]) < 100 * digits));
        const queries = await (power === 2 ? found.map({ points: x }) : image);
        if (power === 2) t.deepEqual(queries.data, image.data);
        const apart = await sinkhornDivergence(x, y, { ...call, cost, epsilon, gradient: true });
        t.true(near(apart.value / unit ** power, divergence.value, 100 * digits));
        t.true(
          apart.gradient!.data.every(
            (value, k) => Math.abs(value / unit ** (power - 1) - divergence.gradient!.data[k]) < 10 * digits,
          ),
        );
      }
    }
  });
}

/** Two points a unit apart in the first coordinate, shifted along it. */
function pair(unit: number, shift: number, dtype: DType): NdArray {
  const data = [shift * unit, (shift + 1) * unit];
  return { data: dtype === 'float64' ? Float64Array.from(data) : Float32Array.from(data), shape: [2, 1] };
}

exactly('squares of clouds that are no numbers are refused where ε would have to be one', async (t) => {
  const [a, b] = [cloud(5, 2, 2 ** 600, 'float64', 1), cloud(5, 2, 2 ** 600, 'float64', 2)];
  await t.throwsAsync(sinkhorn(a, b, { epsilon: 1e300 }), {
    code: 'NON_FINITE',
    message: /divide the points/,
  });
  // Of differences that vanish against ε the plan is the product.
  const [x, y] = [cloud(5, 2, 2 ** -600, 'float64', 1), cloud(5, 2, 2 ** -600, 'float64', 2)];
  const rows = await (await sinkhorn(x, y, { epsilon: 1 })).rows(0, 5);
  t.true(rows.data.every((mass) => near(mass, 1 / 25)));
});

exactly('Gaussians of any size', async (t) => {
  const pairOf = (unit: number) => {
    const u = unit * unit;
    return [
      gaussian({
        mean: [0, unit],
        covariance: [
          [2 * u, u],
          [u, 3 * u],
        ],
      }),
      gaussian({
        mean: [unit, -unit],
        covariance: [
          [u, -u / 2],
          [-u / 2, 2 * u],
        ],
      }),
    ];
  };
  const [a, b] = pairOf(1);
  const right = await gaussianWasserstein(a, b);
  const middle = (await gaussianGeodesic(a, b, 0.3)).componentCovariance(0);
  const centre = (await gaussianBarycentre([a, b])).componentCovariance(0);
  for (const unit of [2 ** -500, 2 ** -260, 2 ** 260, 2 ** 500]) {
    const [x, y] = pairOf(unit);
    t.true(near(await gaussianWasserstein(x, y), unit * right));
    const mixture = (one: typeof x) =>
      gaussianMixture({
        weights: [1],
        means: [Array.from(one.means.data)],
        covariances: [one.componentCovariance(0)].map((c) => [
          [c[0], c[1]],
          [c[2], c[3]],
        ]),
      });
    t.true(near((await gaussianMixtureWasserstein(mixture(x), mixture(y))).value, unit * right));
    const along = (await gaussianGeodesic(x, y, 0.3)).componentCovariance(0);
    t.true(along.every((value, k) => near(value / unit / unit, middle[k], 1e-9)));
    const between = (await gaussianBarycentre([x, y])).componentCovariance(0);
    t.true(between.every((value, k) => near(value / unit / unit, centre[k], 1e-9)));
  }
  const point = (at: number) => gaussian({ mean: [at], covariance: [[1]] });
  t.true(near(await gaussianWasserstein(point(0), point(1e170)), 1e170));
});
