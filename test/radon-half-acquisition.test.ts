import test from 'ava';
import type { NdArray } from '../ts/core/array.js';
import { gaussian } from '../ts/measure/index.js';
import {
  type FanArrangement,
  equalAngles,
  fanBeamFilteredBackprojection,
  fanBeamLines,
  filteredBackprojection,
  integrateEllipsoids,
  integrateMixture,
  projectMixture,
  raysOf,
  sheppLogan,
} from '../ts/radon/index.js';
import { relativeError, sampled } from './radon-helpers.js';

const TURN = 2 * Math.PI;
const size = 48;
const pixelSize = 2 / size;
const shape = [size, size];
const ARRANGEMENTS: readonly FanArrangement[] = ['flat', 'equiangular'];

/** Not centred, and wider than what a short side sees. */
const measure = gaussian({
  mean: [0.15, -0.1],
  covariance: [
    [0.03, 0.01],
    [0.01, 0.02],
  ],
});
const truth = await sampled(measure, shape, pixelSize);

/** The error, and whether values are right beyond what both sides see, where a mistake in weights is a factor of 2. */
function compare(image: NdArray): { error: number; mass: number } {
  const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
  return { error: relativeError(image, truth), mass: sum(image.data) / sum(truth.data) };
}

for (const side of [-1, 1]) {
  for (const axis of [0.02, 0.2, 0.6]) {
    // The row reaches 1.45 to one side, beyond the corners, and `axis` to the other.
    const spacing = pixelSize / 2;
    // Across a single detector the weights are hardly smooth.
    const allowed = axis < spacing ? 0.06 : 0.02;
    const count = Math.ceil((1.45 + axis) / spacing);
    const offset = (side * (1.45 - axis)) / 2;
    const detector = { count, spacing, offset, truncated: true };

    test(`parallel: a full turn with the axis ${axis} from an end, side ${side}`, async (t) => {
      const beam = { angles: equalAngles(240, TURN), pixelSize, shape, detector };
      const sinogram = projectMixture(measure, raysOf(beam));
      const { error, mass } = compare(await filteredBackprojection(sinogram, beam));
      t.true(error < allowed && Math.abs(mass - 1) < 0.01, `${error}, ${mass}`);
    });

    for (const arrangement of ARRANGEMENTS) {
      test(`fan, ${arrangement}: a full turn with the axis ${axis} from an end, side ${side}`, async (t) => {
        // At the origin's distance from the source of 3, a ray past the corners is seen at 1.45 / √(9 − 1.45²) on a line.
        const reach = (place: number) =>
          arrangement === 'flat' ? place / Math.sqrt(1 - (place / 3) ** 2) : 3 * Math.asin(place / 3);
        const [far, near] = [reach(1.45), reach(axis)];
        const fan = {
          ...{ angles: equalAngles(300, TURN), pixelSize, shape, arrangement, sourceDistance: 3 },
          detector: {
            count: Math.ceil((far + near) / spacing),
            spacing,
            offset: (side * (far - near)) / 2,
            truncated: true,
          },
        };
        const sinogram = integrateMixture(measure, fanBeamLines(fan));
        const { error, mass } = compare(await fanBeamFilteredBackprojection(sinogram, fan));
        t.true(error < 1.5 * allowed && Math.abs(mass - 1) < 0.01, `${error}, ${mass}`);
      });
    }
  }
}

test('a row that covers the image, or is cut on both sides alike, is weighed as before', async (t) => {
  const covered = { angles: equalAngles(240, TURN), pixelSize, shape, detector: { offset: 0.3 } };
  const { error, mass } = compare(
    await filteredBackprojection(projectMixture(measure, raysOf(covered)), covered),
  );
  t.true(error < 0.02 && Math.abs(mass - 1) < 0.01, `${error}, ${mass}`);
  // The quarter-detector shift that interleaves the two passages.
  const errorOf = async (offset: number) => {
    const detector = { count: 40, offset, truncated: true };
    const cut = { angles: equalAngles(240, TURN), pixelSize, shape, detector };
    return compare(await filteredBackprojection(projectMixture(measure, raysOf(cut)), cut)).error;
  };
  t.true((await errorOf(pixelSize / 4)) < 1.1 * (await errorOf(0)));
});

const fan = (angles: Float64Array, more: object = {}) => ({
  ...{ angles, pixelSize, shape, sourceDistance: 2.5 },
  ...more,
});
/** What the fan sees of the phantom; `scan` is the reconstruction's matter. */
const phantom = ({ scan: _, ...geometry }: ReturnType<typeof fan> & { scan?: unknown }) =>
  integrateEllipsoids(sheppLogan(), fanBeamLines(geometry));

/** The largest value where the phantom has nothing: beyond its outer ellipse. */
function largestOutside({ data }: NdArray): number {
  let largest = 0;
  data.forEach((value, i) => {
    const x = ((i % size) + 0.5) * pixelSize - 1;
    const y = 1 - (Math.floor(i / size) + 0.5) * pixelSize;
    if ((x / 0.75) ** 2 + (y / 0.98) ** 2 > 1) largest = Math.max(largest, Math.abs(value));
  });
  return largest;
}

test('a fan over a half turn is refused, with what is missing, whatever the scan is called', async (t) => {
  const half = fan(equalAngles(180, Math.PI));
  const sinogram = phantom(half);
  await t.throwsAsync(fanBeamFilteredBackprojection(sinogram, half), {
    code: 'INVALID_ARGUMENT',
    message: /a half turn and the fan's angle/,
  });
  await t.throwsAsync(fanBeamFilteredBackprojection(sinogram, { ...half, scan: 'full' }), {
    code: 'INVALID_ARGUMENT',
    message: /leave a gap of a quarter turn/,
  });
});

test('a short scan is told by its angles, in any order, and a full turn too', async (t) => {
  const range = Math.PI + 2 * Math.asin(Math.SQRT2 / 2.5) + 0.05;
  const short = fan(equalAngles(220, range).map((angle) => angle - 2));
  const sinogram = phantom(short);
  const image = await fanBeamFilteredBackprojection(sinogram, { ...short, filter: 'hann' });
  t.true(largestOutside(image) < 0.25, `${largestOutside(image)}`);
  t.deepEqual(
    image,
    await fanBeamFilteredBackprojection(sinogram, { ...short, filter: 'hann', scan: 'short' }),
  );
  const full = fan(equalAngles(240, TURN).reverse());
  const whole = await fanBeamFilteredBackprojection(phantom(full), { ...full, filter: 'hann' });
  t.true(largestOutside(whole) < 0.25, `${largestOutside(whole)}`);
});

test('few angles all round are a full turn; weights of the angles let any set through', async (t) => {
  for (const count of [3, 4, 7]) {
    const few = fan(equalAngles(count, TURN));
    await t.notThrowsAsync(fanBeamFilteredBackprojection(phantom(few), few));
  }
  const half = fan(equalAngles(90, Math.PI), { scan: 'full' as const });
  const angleWeights = new Float64Array(90).fill(Math.PI / 90);
  await t.notThrowsAsync(fanBeamFilteredBackprojection(phantom(half), { ...half, angleWeights }));
});

test('a short scan of a row off-centre that is cut is refused', async (t) => {
  const detector = { count: 60, offset: 0.8, truncated: true };
  const short = fan(equalAngles(220, 1.6 * Math.PI), { detector, scan: 'short' as const });
  await t.throwsAsync(fanBeamFilteredBackprojection(phantom(short), short), {
    code: 'INVALID_ARGUMENT',
    message: /off-centre: turn all round/,
  });
});
