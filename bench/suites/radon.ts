import type { NdArray } from '../../ts/core/array.js';
import {
  directionSet,
  equalAngles,
  filteredBackprojection,
  projectCloud,
  projectedDensity,
  radonTransform,
  rasterize,
  sheppLogan,
} from '../../ts/radon/index.js';
import { normalCloud } from '../clouds.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { fitExponent, gemmRate, time, timeOnce } from '../timing.js';

const SIZE = 512;
const ANGLES = 720;
/** Sizes over which the growth of cost is fitted; angles grow with them, as a picture of that size needs. */
const GROWTH = [128, 256, 512];
/** Angles that the fallback is timed on: its cost per angle does not depend on how many there are. */
const FALLBACK_ANGLES = 8;
/** Seconds of scikit-image 0.26 for radon and iradon of the same size, by bench/peers/scikit-image.py on two cores of an AVX-512 processor. */
const PEER_SECONDS = { forward: 5.54, fbp: 1.89 };

type Call = (size: number, angles: number, backend: BenchContext['others'][number]) => () => Promise<unknown>;

const suite: BenchSuite = {
  name: 'radon',
  async run(context) {
    const images = new Map<number, NdArray>();
    const phantom = (size: number) => {
      let image = images.get(size);
      if (!image) images.set(size, (image = rasterize(sheppLogan(), { shape: [size, size] })));
      return image;
    };
    const forward =
      (kernel: 'joseph' | 'strip'): Call =>
      (size, angles, backend) =>
      () =>
        radonTransform(phantom(size), { angles: equalAngles(angles), kernel, backend });
    await workload(context, 'forward-512', { kernel: 'joseph' }, forward('joseph'), PEER_SECONDS.forward);
    await workload(context, 'forward-512', { kernel: 'strip' }, forward('strip'), PEER_SECONDS.forward);

    const sinograms = new Map<string, NdArray>();
    const fbp: Call = (size, count, backend) => async () => {
      const angles = equalAngles(count);
      const key = `${size} ${count}`;
      const sinogram = sinograms.get(key) ?? (await radonTransform(phantom(size), { angles }));
      sinograms.set(key, sinogram);
      return filteredBackprojection(sinogram, { angles, shape: [size, size], backend });
    };
    await workload(context, 'fbp-512', { filter: 'ramp' }, fbp, PEER_SECONDS.fbp);
    await cloud(context, 100_000, 64, 256);
  },
};
export default suite;

/** The projections of a cloud, a matrix product; and the histograms of its projections. */
async function cloud({ threads, quick, ...context }: BenchContext, n: number, d: number, count: number) {
  const points = normalCloud(n, d, 'float32');
  const directions = directionSet(count, d);
  const options = { samples: quick ? 2 : 9, maxSeconds: quick ? 1 : 3 };
  const before = gemmRate('float32', threads);
  const { seconds, samples } = await time(() => projectCloud(points, { directions }), options);
  const rate = (before + gemmRate('float32', threads)) / 2;
  const bins = { count: 256, spacing: 0.05 };
  const density = await time(() => projectedDensity(points, { directions, bins }), options);
  context.emit({
    suite: 'radon',
    workload: 'cloud',
    params: { n, d, directions: count, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    gemmFraction: (2 * n * d * count) / seconds / rate,
    measured: { histogramSeconds: density.seconds },
  });
}

async function workload(
  context: BenchContext,
  name: string,
  params: Record<string, string>,
  call: Call,
  peerSeconds: number,
): Promise<void> {
  const { threads, others, quick } = context;
  const options = { samples: quick ? 3 : 9, maxSeconds: quick ? 1 : 3 };
  const { seconds, samples } = await time(call(SIZE, ANGLES, 'native'), options);
  const speedup: Record<string, number> = { 'scikit-image, recorded': peerSeconds / seconds };
  for (const other of others) {
    if (quick) break;
    const few = call(SIZE, FALLBACK_ANGLES, other);
    await few();
    const perAngle = (await timeOnce(few, 1)).seconds / FALLBACK_ANGLES;
    speedup[`our fallback on ${other}`] = (perAngle * ANGLES) / seconds;
  }
  const growth: { n: number; seconds: number }[] = [];
  for (const n of GROWTH) {
    const angles = Math.round((n * ANGLES) / SIZE);
    growth.push({
      n,
      seconds: (await time(call(n, angles, 'native'), { samples: 5, maxSeconds: 1 })).seconds,
    });
  }
  context.emit({
    suite: 'radon',
    workload: name,
    params: { n: SIZE, angles: ANGLES, dtype: 'float32', ...params },
    backend: 'native',
    threads,
    seconds,
    samples,
    speedup,
    growthExponent: fitExponent(growth),
  });
}
