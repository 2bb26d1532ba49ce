import test from 'ava';
import { type NdArray, toDtype } from '../../ts/core/array.js';
import { RandomStream } from '../../ts/core/random.js';
import { kernelsFor } from '../../ts/kernel/backend.js';
import { asMatrix } from '../../ts/kernel/checks.js';
import { backendNames, places } from '../native.js';

/** n rows, each one of `atoms` random points by the seed, with every `fresh`-th row a point of its own. */
function atomsOf(n: number, d: number, atoms: number, fresh: number, seed: number): NdArray {
  const random = new RandomStream(seed, 'sample');
  const sites = new Float64Array(atoms * d);
  random.fillNormal(sites);
  const own = new Float64Array(n * d);
  random.fillNormal(own);
  const choice = new Float64Array(n);
  random.fillUniform(choice);
  const data = own.map((value, at) => {
    const i = Math.floor(at / d);
    return i % fresh === 0 ? value : sites[Math.floor(choice[i] * atoms) * d + (at % d)];
  });
  return { data, shape: [n, d] };
}

/** Distances and rows of the k nearest, by the distance and then by the row. */
function nearestByHand({ data, shape: [n, d] }: NdArray, i: number, k: number, norm: string) {
  const all = Array.from({ length: n }, (_, j) => {
    let sum = 0;
    for (let c = 0; c < d; c++) {
      const step = Math.abs(data[i * d + c] - data[j * d + c]);
      sum = norm === 'maximum' ? Math.max(sum, step) : sum + step * step;
    }
    return { compared: sum, j };
  }).filter(({ j }) => j !== i);
  return all.sort((a, b) => a.compared - b.compared || a.j - b.j).slice(0, k);
}

for (const { backend, dtype } of places) {
  test(`${backend} ${dtype}: neighbours among points that coincide come by their rows`, async (t) => {
    for (const d of [2, 12]) {
      for (const [atoms, fresh] of [
        [1, Infinity],
        [3, Infinity],
        [40, 3],
      ]) {
        for (const norm of ['euclidean', 'maximum'] as const) {
          const cloud = toDtype(atomsOf(700, d, atoms, fresh, 5), dtype);
          const kernels = await kernelsFor({ backend }, dtype);
          const [points, k] = [asMatrix(cloud), 20];
          const found = await kernels.nearestNeighbours({
            queries: points,
            points,
            k,
            norm,
            excludeSelf: true,
          });
          for (let i = 0; i < 700; i += 7) {
            const right = nearestByHand(cloud, i, k, norm);
            t.deepEqual(
              Array.from(found.indices.subarray(i * k, (i + 1) * k)),
              right.map(({ j }) => j),
            );
          }
        }
      }
    }
  });
}

if (backendNames.includes('native')) {
  for (const [d, atoms] of [
    [1, 1],
    [3, 1],
    [2, 7],
    [20, 1],
    [12, 5],
  ]) {
    test.serial(
      `neighbours and counts of 200 000 points at ${atoms} places in ${d} dimensions`,
      async (t) => {
        const n = 200_000;
        const points = asMatrix(atomsOf(n, d, atoms, Infinity, 2));
        const kernels = await kernelsFor({ backend: 'native' }, 'float64');
        const started = Date.now();
        const problem = { queries: points, points, excludeSelf: true, norm: 'euclidean' as const };
        const { distances } = await kernels.nearestNeighbours({ ...problem, k: 5 });
        const searched = Date.now();
        const counts = await kernels.countWithin({ ...problem, norm: 'maximum', radii: new Float64Array(n) });
        t.log(`${searched - started} ms, ${Date.now() - searched} ms`);
        t.true(distances.every((value) => value === 0));
        if (atoms === 1) t.true(counts.every((count) => count === n - 1));
      },
    );
  }
}
