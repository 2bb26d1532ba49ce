import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import {
  centredKernelAlignment,
  effectiveRank,
  fisherRatio,
  linearProbe,
  nearestNeighbourAccuracy,
  silhouette,
} from '../ts/representation/index.js';
import { places } from './native.js';
import { Random } from './reference/random.js';

/** Three classes of Gaussian points in d dimensions, `gap` apart along as many axes. */
function labelled(seed: number, n: number, d: number, gap: number): { rows: number[][]; labels: Int32Array } {
  const random = new Random(seed);
  const labels = Int32Array.from({ length: n }, () => 7 - 3 * random.integer(3));
  const rows = Array.from(labels, (label) => {
    const row = random.normals(d);
    row[(7 - label) / 3] += gap;
    return row;
  });
  return { rows, labels };
}

const distance = (a: readonly number[], b: readonly number[]) =>
  Math.hypot(...a.map((value, k) => value - b[k]));
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const within = (actual: number, expected: number, relative: number) =>
  Math.abs(actual - expected) <= relative * Math.abs(expected);

/** Squared Frobenius norm of XᵀY of centred rows. */
function crossNorm(x: readonly number[][], y: readonly number[][]): number {
  const centre = (rows: readonly number[][]) => {
    const means = rows[0].map((_, k) => mean(rows.map((row) => row[k])));
    return rows.map((row) => row.map((value, k) => value - means[k]));
  };
  const [a, b] = [centre(x), centre(y)];
  let sum = 0;
  for (let k = 0; k < a[0].length; k++) {
    for (let l = 0; l < b[0].length; l++) sum += a.reduce((s, row, i) => s + row[k] * b[i][l], 0) ** 2;
  }
  return sum;
}

for (const { backend, dtype } of places) {
  const options = { backend };
  const tolerance = dtype === 'float64' ? 1e-10 : 2e-4;
  const cloud = (rows: readonly (readonly number[])[]): NdArray => ndarray(rows, undefined, dtype);
  const title = `${backend} ${dtype}`;

  test(`${title} silhouette: that of the definition, and 0 for the only point of a class`, async (t) => {
    const { rows, labels } = labelled(1, 61, 4, 2);
    labels[60] = 100;
    const found = await silhouette(cloud(rows), labels, options);
    const expected = rows.map((row, i) => {
      const to = (label: number) => {
        const others = rows.filter((_, j) => j !== i && labels[j] === label);
        return mean(others.map((other) => distance(row, other)));
      };
      if (labels[i] === 100) return 0;
      const a = to(labels[i]);
      const b = Math.min(...[1, 4, 7, 100].filter((label) => label !== labels[i]).map(to));
      return (b - a) / Math.max(a, b);
    });
    t.deepEqual(found.classes, [1, 4, 7, 100]);
    expected.forEach((value, i) => t.true(Math.abs(found.values[i] - value) < tolerance));
    t.true(Math.abs(found.mean - mean(expected)) < tolerance);
    const sevens = expected.filter((_, i) => labels[i] === 7);
    t.true(Math.abs(found.classMeans[2] - mean(sevens)) < tolerance);
  });

  test(`${title} fisherRatio: scatter between and within classes`, async (t) => {
    const { rows, labels } = labelled(2, 200, 3, 3);
    const found = await fisherRatio(cloud(rows), labels, options);
    const centre = rows[0].map((_, k) => mean(rows.map((row) => row[k])));
    const centres = [1, 4, 7].map((label) => {
      const members = rows.filter((_, i) => labels[i] === label);
      return rows[0].map((_, k) => mean(members.map((row) => row[k])));
    });
    const own = Array.from(labels, (label) => centres[(label - 1) / 3]);
    const inside = mean(rows.map((row, i) => distance(row, own[i]) ** 2));
    const between = mean(own.map((middle) => distance(middle, centre) ** 2));
    t.true(within(found.within, inside, tolerance) && within(found.between, between, tolerance));
    t.true(within(found.ratio, between / inside, tolerance));
    t.true(within(found.centreDistances.data[2], distance(centres[0], centres[2]), tolerance));
    t.is(found.centreDistances.data[4], 0);
    // The total scatter is the sum of both.
    const total = mean(rows.map((row) => distance(row, centre) ** 2));
    t.true(within(found.within + found.between, total, tolerance));
  });

  test(`${title} nearestNeighbourAccuracy: leave-one-out votes`, async (t) => {
    const { rows, labels } = labelled(3, 150, 3, 1.5);
    for (const k of [1, 4]) {
      const found = await nearestNeighbourAccuracy(cloud(rows), labels, { ...options, k });
      const right = rows.filter((row, i) => {
        const votes = rows
          .map((other, j) => ({ j, away: distance(row, other) }))
          .filter(({ j }) => j !== i)
          .sort((a, b) => a.away - b.away)
          .slice(0, k)
          .map(({ j }) => labels[j]);
        const count = (label: number) => votes.filter((vote) => vote === label).length;
        const most = Math.max(...votes.map(count));
        return votes.find((vote) => count(vote) === most) === labels[i];
      });
      t.is(found.accuracy, right.length / 150);
    }
  });

  test(`${title} linearProbe: separable classes are told apart, random labels are not`, async (t) => {
    const apart = labelled(4, 300, 6, 12);
    const found = await linearProbe(cloud(apart.rows), apart.labels, options);
    t.is(found.accuracy, 1);
    t.deepEqual([...found.classAccuracies], [1, 1, 1]);
    // Two classes that share every mean: no linear rule sees them, whatever the ratio of the squares.
    const random = new Random(5);
    const rings = Array.from({ length: 600 }, (_, i) =>
      random.normals(2).map((value) => (i % 2 ? 5 : 1) * value),
    );
    const blind = await linearProbe(
      cloud(rings),
      rings.map((_, i) => i % 2),
      options,
    );
    t.true(blind.accuracy < 0.6, `${blind.accuracy}`);
    // Fisher's rule for two Gaussians of equal covariance, 2 apart: Φ(1) = 0.8413.
    const pair = Array.from({ length: 4000 }, (_, i) => {
      const row = random.normals(3);
      row[0] += i % 2 ? 2 : 0;
      return row.map((value) => 1000 + value);
    });
    const { accuracy, standardError } = await linearProbe(
      cloud(pair),
      pair.map((_, i) => i % 2),
      options,
    );
    t.true(Math.abs(accuracy - 0.8413) < 4 * standardError, `${accuracy} ± ${standardError}`);
  });

  test(`${title} linearProbe: the penalty is chosen by the folds, and more coordinates than points are no other rule`, async (t) => {
    const random = new Random(15);
    const width = 190;
    const rows = Array.from({ length: 200 }, (_, i) => {
      const row = random.normals(width);
      for (let k = 0; k < 10; k++) row[k] += i % 2 ? 0.8 : 0;
      return row;
    });
    const labels = rows.map((_, i) => i % 2);
    const small = await linearProbe(cloud(rows), labels, { ...options, ridge: 1e-5 });
    const chosen = await linearProbe(cloud(rows), labels, options);
    t.deepEqual(small.ridges, [1e-5, 1e-5, 1e-5, 1e-5, 1e-5]);
    t.true(chosen.accuracy > small.accuracy + 0.1, `${chosen.accuracy} ${small.accuracy}`);
    t.true(
      chosen.ridges.every((ridge) => ridge >= 0.1),
      String(chosen.ridges),
    );
    // Coordinates that are 0 change nothing but the mean variance that the penalty is relative to.
    const wide = 240;
    const padded = cloud(rows.map((row) => [...row, ...new Array<number>(wide - width).fill(0)]));
    for (const ridge of [0.03, 3]) {
      const narrow = await linearProbe(cloud(rows), labels, { ...options, ridge });
      const same = await linearProbe(padded, labels, { ...options, ridge: (ridge * wide) / width });
      t.true(Math.abs(same.accuracy - narrow.accuracy) <= 1 / 200, `${same.accuracy} ${narrow.accuracy}`);
    }
    const either = await linearProbe(cloud(rows), labels, { ...options, ridge: [1e-5, 10] });
    t.deepEqual(either.ridges, [10, 10, 10, 10, 10]);
    // Points that tell their class by being themselves alone are not known: the labels of others are no help.
    const blind = Array.from({ length: 60 }, () => random.normals(100));
    const guess = await linearProbe(
      cloud(blind),
      blind.map((_, i) => i % 2),
      options,
    );
    t.true(Math.abs(guess.accuracy - 0.5) < 4 * Math.sqrt(0.25 / 60), String(guess.accuracy));
  });

  test(`${title} effectiveRank: of known spectra, wide or tall`, async (t) => {
    // Orthogonal rows ±s_k e_k: the covariance is diag(s²)/d, the spectrum known exactly.
    const spread = (scales: readonly number[], d: number) =>
      scales.flatMap((s, k) =>
        [1, -1].map((sign) => Array.from({ length: d }, (_, l) => (l === k ? sign * s : 0))),
      );
    for (const d of [4, 9]) {
      const equal = await effectiveRank(cloud(spread([3, 3, 3, 3], d)), options);
      t.true(within(equal.entropyRank, 4, tolerance) && within(equal.participationRatio, 4, tolerance));
      const uneven = await effectiveRank(cloud(spread([2, 1, 1, 1], d)), options);
      const shares = [4, 1, 1, 1].map((value) => value / 7);
      const entropy = -shares.reduce((sum, share) => sum + share * Math.log(share), 0);
      t.true(within(uneven.entropyRank, Math.exp(entropy), tolerance));
      t.true(within(uneven.participationRatio, 49 / 19, tolerance));
      t.true(within(uneven.spectrum[0], 1, tolerance));
    }
  });

  test(`${title} centredKernelAlignment: the definition; 1 up to rotation, shift and scale`, async (t) => {
    const random = new Random(8);
    const x = Array.from({ length: 40 }, () => random.normals(5));
    const y = x.map((row) => [row[0] + 0.5 * random.normals(1)[0], row[1] * row[2], 3]);
    const expected = crossNorm(x, y) / Math.sqrt(crossNorm(x, x) * crossNorm(y, y));
    t.true(within(await centredKernelAlignment(cloud(x), cloud(y), options), expected, 10 * tolerance));
    const turned = x.map(([a, b, ...rest]) => [
      5 + 2 * (0.6 * a - 0.8 * b),
      2 * (0.8 * a + 0.6 * b),
      ...rest.map((v) => 2 * v),
    ]);
    t.true(within(await centredKernelAlignment(cloud(x), cloud(turned), options), 1, 10 * tolerance));
    const debiased = { ...options, debiased: true };
    t.true(within(await centredKernelAlignment(cloud(x), cloud(turned), debiased), 1, 10 * tolerance));
    // Independent clouds, more coordinates than points: biased near 1, debiased near 0.
    const noise = (seed: number) => {
      const source = new Random(seed);
      return cloud(Array.from({ length: 30 }, () => source.normals(200)));
    };
    t.true((await centredKernelAlignment(noise(9), noise(10), options)) > 0.7);
    t.true(Math.abs(await centredKernelAlignment(noise(9), noise(10), debiased)) < 0.1);
  });
}

test('bad input is refused with its code', async (t) => {
  const points = ndarray([
    [0, 1],
    [1, 0],
    [2, 2],
    [5, 1],
  ]);
  const same = ndarray([
    [1, 1],
    [1, 1],
    [1, 1],
    [1, 1],
  ]);
  const labels = [0, 0, 1, 1];
  await t.throwsAsync(silhouette(points, [0, 1]), { code: 'INVALID_SHAPE' });
  await t.throwsAsync(silhouette(points, [0, 0, 0, 0]), { code: 'DEGENERATE_CLOUD' });
  await t.throwsAsync(fisherRatio(points, [0, 0.5, 1, 1]), {
    code: 'INVALID_ARGUMENT',
    message: /labels\[1\]/,
  });
  await t.throwsAsync(nearestNeighbourAccuracy(points, labels, { k: 4 }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(linearProbe(points, labels, { folds: 5 }), { code: 'INVALID_ARGUMENT' });
  for (const ridge of [0, [], [1, -1]])
    await t.throwsAsync(linearProbe(points, labels, { ridge }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(linearProbe(same, labels), { code: 'DEGENERATE_CLOUD' });
  await t.throwsAsync(effectiveRank(same), { code: 'DEGENERATE_CLOUD' });
  await t.throwsAsync(centredKernelAlignment(points, same), { code: 'DEGENERATE_CLOUD' });
  await t.throwsAsync(centredKernelAlignment(points, ndarray([[1, 2]])), { code: 'INVALID_SHAPE' });
  const broken = ndarray([
    [0, 1],
    [NaN, 0],
    [2, 2],
    [5, 1],
  ]);
  for (const call of [silhouette, fisherRatio, nearestNeighbourAccuracy, linearProbe])
    await t.throwsAsync(call(broken, labels), { code: 'NON_FINITE' });
  await t.throwsAsync(linearProbe(points, labels, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
});
