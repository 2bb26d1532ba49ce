import { type NdArray, ndarray } from '../../ts/core/array.js';
import type { BackendName } from '../../ts/core/options.js';
import {
  type RidgeletGrid,
  ridgeletPair,
  ridgeletTransform,
  ridgeletTransformOnGrid,
  unitsOfGrid,
} from '../../ts/ridgelet/index.js';
import { normalCloud } from '../clouds.js';
import { imageWorkload } from '../image-256.js';
import { extraMemory } from '../memory.js';
import { plainRidgelet } from '../peers/tfjs-ridgelet.js';
import { useEngine } from '../peers/tfjs-score.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { roofline } from '../roofline.js';
import { gemmRate, time, timeOnce } from '../timing.js';

const POINTS = 10_000;
/** Units that slow systems are timed on: their cost per unit does not depend on how many there are. */
const COMPARED_UNITS: Partial<Record<BackendName, number>> = {
  'tfjs-node': 1024,
  'tfjs-wasm': 256,
  'tfjs-cpu': 16,
};

const suite: BenchSuite = {
  name: 'ridgelet',
  async run(context) {
    await direct(context, 64, 64);
    for (const d of [1, 2]) await grid(context, d);
    await imageWorkload(context);
  },
};
export default suite;

/** 10 000 points by as many units. */
async function direct({ threads, others, quick, emit }: BenchContext, d: number, k: number): Promise<void> {
  const points = normalCloud(POINTS, d, 'float32');
  const values = normalCloud(POINTS, k, 'float32');
  const a = normalCloud(POINTS, d, 'float32').data.map((value: number) => value / Math.sqrt(d));
  const units = { a: ndarray(a, [POINTS, d]), b: ndarray(new Float32Array(POINTS).fill(0.3)) };
  const pair = ridgeletPair('relu', d);
  pair.table('float32');
  const before = gemmRate('float32', threads);
  const { seconds, samples } = await time(() => ridgeletTransform({ points, values }, units, { pair }), {
    samples: quick ? 3 : 7,
    maxSeconds: quick ? 1 : 4,
  });
  const rate = (before + gemmRate('float32', threads)) / 2;
  const speedup: Record<string, number> = {};
  for (const other of others) {
    const count = COMPARED_UNITS[other];
    if (count === undefined) continue;
    const few = {
      a: { data: units.a.data.subarray(0, count * d), shape: [count, d] },
      b: { data: units.b.data.subarray(0, count), shape: [count] },
    };
    const perUnit = async (call: () => Promise<unknown>) => {
      await call();
      return (await timeOnce(call, quick ? 1 : 3)).seconds / count;
    };
    const fallback = await perUnit(() =>
      ridgeletTransform({ points, values }, few, { pair, backend: other }),
    );
    speedup[`our fallback on ${other}`] = (fallback * POINTS) / seconds;
    if (await useEngine(other as Parameters<typeof useEngine>[0])) {
      const plain = await perUnit(() => Promise.resolve(plainRidgelet(points, values, few.a, few.b)));
      speedup[other] = (plain * POINTS) / seconds;
    }
  }
  emit({
    suite: 'ridgelet',
    workload: 'direct',
    params: { n: POINTS, units: POINTS, d, values: k, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    perPairNs: (seconds / POINTS ** 2) * 1e9,
    gemmFraction: (2 * POINTS ** 2 * (d + k)) / seconds / rate,
    roofline: roofline({ multiplyAdds: POINTS ** 2 * (d + k) }, seconds, 'float32'),
    speedup,
    measured: quick ? {} : { extraMiB: await directMemory(d, k) },
  });
}

/** Beyond the data and the result. */
async function directMemory(d: number, k: number): Promise<number> {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  return extraMemory(
    `const { ridgeletPair, ridgeletTransform } = await import(${url('../../ts/ridgelet/index.js')});
     const { normalCloud } = await import(${url('../clouds.js')});
     const [points, values, a] = [${d}, ${k}, ${d}].map((columns) => normalCloud(${POINTS}, columns, 'float32'));
     const pair = ridgeletPair('relu', ${d});
     const run = (m) => ridgeletTransform({ points, values }, { a: { data: a.data.subarray(0, m * ${d}), shape: [m, ${d}] },
       b: { data: new Float32Array(m), shape: [m] } }, { pair });
     await run(500);
     return run;`,
    `await state(${POINTS});`,
  );
}

/** 1024 values of a by 1024 of b; the direct path on some of the a, and the error there. */
async function grid({ threads, quick, emit }: BenchContext, d: number): Promise<void> {
  const n = 100_000;
  const points = normalCloud(n, d, 'float32');
  const values: NdArray = { data: points.data.filter((_, i) => i % d === 0).map(Math.sin), shape: [n, 1] };
  const axis = (half: number, count: number) => ({ from: -half, spacing: (2 * half) / (count - 1), count });
  const gridOf = (count: number): RidgeletGrid => ({
    a: Array.from({ length: d }, () => axis(4, count)),
    b: axis(16, 1024),
  });
  const pair = ridgeletPair('tanh', d);
  const run = (g: RidgeletGrid) => ridgeletTransformOnGrid({ points, values }, g, { pair });
  const full = gridOf(d === 1 ? 1024 : 32);
  const { seconds, samples } = await time(() => run(full), {
    samples: quick ? 3 : 7,
    maxSeconds: quick ? 1 : 5,
  });
  const some = gridOf(d === 1 ? 4 : 2);
  const units = unitsOfGrid(some);
  const direct = await timeOnce(() => ridgeletTransform({ points, values }, units, { pair }), quick ? 1 : 5);
  const exact = await ridgeletTransform({ points, values }, units, { pair, dtype: 'float64' });
  const fast = await run(some);
  let [error, size] = [0, 0];
  exact.data.forEach((value: number, i: number) => {
    error = Math.max(error, Math.abs(value - fast.values.data[i]));
    size = Math.max(size, Math.abs(value));
  });
  emit({
    suite: 'ridgelet',
    workload: 'grid-1024',
    params: { n, d, a: 1024, b: 1024, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    speedup: { direct: (direct.seconds * 256) / seconds },
    measured: { relativeError: error / size },
  });
}
