import { readFileSync } from 'node:fs';
import test from 'ava';
import { type NdArray, zeros } from '../ts/core/array.js';
import { RidgeflowError } from '../ts/core/errors.js';
import {
  type FilterName,
  equalAngles,
  filteredBackprojection,
  projectEllipsoids,
  radonTransform,
  rasterise,
  raysOf,
  sheppLogan,
} from '../ts/radon/index.js';

const FILTERS: readonly FilterName[] = ['ramp', 'shepp-logan', 'cosine', 'hamming', 'hann'];

/** Root mean square difference over the disc of radius size/2 − 1 pixels. */
function discError(a: NdArray, b: NdArray): number {
  const [size] = a.shape;
  let sum = 0;
  let count = 0;
  a.data.forEach((value, p) => {
    const x = (p % size) - (size - 1) / 2;
    const y = Math.floor(p / size) - (size - 1) / 2;
    if (x * x + y * y > (size / 2 - 1) ** 2) return;
    sum += (value - b.data[p]) ** 2;
    count++;
  });
  return Math.sqrt(sum / count);
}

/** Made by bench/peers/scikit-image.py. */
const peers = JSON.parse(readFileSync(new URL('radon-scikit-image.json', import.meta.url), 'utf8')) as {
  errors: { size: number; angles: number; filter: FilterName; error: number }[];
};

for (const { size, angles: count, filter, error } of peers.errors) {
  test(`${size}² pixels, ${count} angles, ${filter}: no further from the phantom than scikit-image`, async (t) => {
    const image = rasterise(sheppLogan(), { shape: [size, size] });
    const angles = equalAngles(count);
    const beam = { angles, detector: { count: size, truncated: true } };
    const sinogram = await radonTransform(image, beam);
    const result = await filteredBackprojection(sinogram, { ...beam, shape: image.shape, filter });
    const ours = discError(result, image);
    t.true(ours <= error && ours > 0, `${ours} against ${error}`);
  });
}

test('the mean of a disc is recovered, whatever the filter, pixel size, spacing, offset and backend', async (t) => {
  const disc = [{ centre: [1, -2], semiAxes: [8, 8], value: 3 }];
  for (const backend of ['native', 'tfjs-cpu'] as const) {
    for (const filter of FILTERS) {
      const beam = { angles: equalAngles(90), pixelSize: 0.5, detector: { spacing: 0.4, offset: 0.1 } };
      const shape = [50, 44];
      const exact = projectEllipsoids(disc, raysOf({ ...beam, shape }));
      const sinogram = { data: Float32Array.from(exact.data), shape: exact.shape };
      const { data } = await filteredBackprojection(sinogram, { ...beam, shape, filter, backend });
      // Centre of the disc, and a corner of the image outside of it.
      const mean = (row: number, column: number) => {
        let sum = 0;
        for (let i = 0; i < 25; i++) {
          sum += data[(row + Math.floor(i / 5) - 2) * 44 + column + (i % 5) - 2] / 25;
        }
        return sum;
      };
      t.true(Math.abs(mean(28, 23) - 3) < 0.03, `${backend} ${filter}: ${mean(28, 23)}`);
      t.true(Math.abs(mean(4, 4)) < 0.03, `${backend} ${filter}: ${mean(4, 4)}`);
    }
  }
});

test('uneven angles, a full turn and given weights reconstruct as well as even ones', async (t) => {
  const image = rasterise(sheppLogan(), { shape: [96, 96], dtype: 'float64' });
  const errorOf = async (angles: Float64Array, angleWeights?: Float64Array) => {
    const sinogram = await radonTransform(image, { angles });
    const options = { angles, shape: image.shape, angleWeights };
    return discError(await filteredBackprojection(sinogram, options), image);
  };
  const even = await errorOf(equalAngles(180));
  t.true(Math.abs((await errorOf(equalAngles(360, 2 * Math.PI))) - even) < 1e-3 * even);
  const given = await errorOf(equalAngles(180), new Float64Array(180).fill(Math.PI / 180));
  t.true(Math.abs(given - even) < 1e-9);
  const uneven = equalAngles(240).map((angle) => angle + 0.3 * Math.sin(2 * angle));
  t.true((await errorOf(uneven)) < 1.15 * even);
  t.true((await errorOf(uneven, new Float64Array(240).fill(Math.PI / 240))) > 2 * even);
});

test('the error falls as angles and pixels grow', async (t) => {
  const errors: number[] = [];
  for (const n of [32, 64, 128, 256]) {
    const image = rasterise(sheppLogan(), { shape: [n, n] });
    const beam = { angles: equalAngles(2 * n), pixelSize: 2 / n };
    const exact = projectEllipsoids(sheppLogan(), raysOf({ ...beam, shape: [n, n] }));
    errors.push(discError(await filteredBackprojection(exact, { ...beam, shape: [n, n] }), image));
  }
  // Edges let the mean square fall at order ½, not steadily.
  t.true(errors[3] < 0.4 * errors[0], errors.join(', '));
});

test('bad input', async (t) => {
  const code = async (options: object) => {
    const call = filteredBackprojection(zeros([2, 8]), {
      angles: [0, 1],
      shape: [4, 6],
      ...options,
    });
    return (await t.throwsAsync(call, { instanceOf: RidgeflowError })).code as string;
  };
  t.is(await code({ filter: 'gauss' }), 'INVALID_ARGUMENT');
  t.is(await code({ filter: 'toString' }), 'INVALID_ARGUMENT');
  t.is(await code({ angleWeights: [1] }), 'INVALID_SHAPE');
  t.is(await code({ angleWeights: [1, NaN] }), 'INVALID_ARGUMENT');
  t.is(await code({ angleWeights: [1, -1] }), 'INVALID_ARGUMENT');
  t.is(await code({ angles: [0] }), 'INVALID_SHAPE');
  t.is(await code({ shape: [40, 40] }), 'INVALID_SHAPE');
});
