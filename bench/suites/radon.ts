import type { NdArray } from '../../ts/core/array.js';
import {
  backproject,
  directionSet,
  equalAngles,
  filteredBackprojection,
  projectCloud,
  projectedDensity,
  projectedExtents,
  radonTransform,
  rasterise,
  sheppLogan,
} from '../../ts/radon/index.js';
import { normalCloud } from '../clouds.js';
import { volumeWorkloads } from '../radon-volume.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { roofline } from '../roofline.js';
import { fitExponent, gemmRate, time, timeOnce } from '../timing.js';

const SIZE = 512;
const ANGLES = 720;
/** Sizes over which the growth of cost is fitted; angles grow with them, as a picture of that size needs. */
const GROWTH = [128, 256, 512];
/** Angles that the fallback is timed on: its cost per angle does not depend on how many there are. */
const FALLBACK_ANGLES = 8;

type Call = (size: number, angles: number, backend: BenchContext['others'][number]) => () => Promise<unknown>;

const suite: BenchSuite = {
  name: 'radon',
  async run(context) {
    const images = new Map<number, NdArray>();
    const phantom = (size: number) => {
      let image = images.get(size);
      if (!image) images.set(size, (image = rasterise(sheppLogan(), { shape: [size, size] })));
      return image;
    };
    const forward =
      (kernel: 'joseph' | 'strip'): Call =>
      (size, angles, backend) =>
      () =>
        radonTransform(phantom(size), { angles: equalAngles(angles), kernel, backend });
    const degrees = {
      data: Float64Array.from({ length: ANGLES }, (_, k) => (180 * k) / ANGLES),
      shape: [ANGLES],
    };
    const ofImage = { workload: 'forward', inputs: { image: phantom(SIZE), degrees } } as const;
    await workload(context, 'forward-512', { kernel: 'joseph' }, forward('joseph'), ofImage);
    await workload(context, 'forward-512', { kernel: 'strip' }, forward('strip'), ofImage);

    const sinograms = new Map<string, NdArray>();
    const fbp: Call = (size, count, backend) => async () => {
      const angles = equalAngles(count);
      const key = `${size} ${count}`;
      const sinogram = sinograms.get(key) ?? (await radonTransform(phantom(size), { angles }));
      sinograms.set(key, sinogram);
      return filteredBackprojection(sinogram, { angles, shape: [size, size], backend });
    };
    const { data } = await radonTransform(phantom(SIZE), { angles: equalAngles(ANGLES) });
    const sinogram = { data: transposed(data, ANGLES), shape: [SIZE, ANGLES] };
    const ofSinogram = { workload: 'backprojection', inputs: { sinogram, degrees } } as const;
    await workload(context, 'fbp-512', { filter: 'ramp' }, fbp, ofSinogram);
    await fourier(context, phantom);
    await cloud(context, 100_000, 64, 256);
    await volumeWorkloads(context);
  },
};
export default suite;

/** The Fourier path: its speed, that over the strip kernel's, and how far the two are apart for a smooth image. */
async function fourier({ threads, quick, emit }: BenchContext, phantom: (size: number) => NdArray) {
  const [size, count] = [2048, 3000];
  const options = { samples: quick ? 2 : 5, maxSeconds: quick ? 1 : 5 };
  const growth: { n: number; seconds: number }[] = [];
  for (const n of [512, 1024, size]) {
    const angles = equalAngles(Math.round((n * count) / size));
    const call = () => radonTransform(phantom(n), { angles, kernel: 'fourier' });
    growth.push({ n, seconds: (await time(call, options)).seconds });
  }
  const angles = equalAngles(count);
  const image = phantom(size);
  const { seconds, samples } = await time(
    () => radonTransform(image, { angles, kernel: 'fourier' }),
    options,
  );
  const sinogram = await radonTransform(image, { angles, kernel: 'fourier' });
  const back = await time(
    () => backproject(sinogram, { angles, kernel: 'fourier', shape: [size, size] }),
    options,
  );

  // The strip kernel's cost per angle does not depend on how many there are.
  const few = equalAngles(quick ? 7 : 61);
  const smooth = blobs(size);
  const strip = await timeOnce(() => radonTransform(smooth, { angles: few, kernel: 'strip' }), 1);
  const expected = await radonTransform(smooth, { angles: few, kernel: 'strip' });
  const received = await radonTransform(smooth, { angles: few, kernel: 'fourier' });
  let [difference, whole] = [0, 0];
  expected.data.forEach((value, i) => {
    difference += (value - received.data[i]) ** 2;
    whole += value ** 2;
  });
  emit({
    suite: 'radon',
    workload: 'fourier-2048',
    params: { n: size, angles: count, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    speedup: { 'the strip kernel': ((strip.seconds / few.length) * count) / seconds },
    growthExponent: fitExponent(growth),
    measured: { backprojectionSeconds: back.seconds, relativeError: Math.sqrt(difference / whole) },
  });
}

/** A smooth image: two Gaussians of a twentieth and a thirtieth of its size. */
function blobs(size: number): NdArray {
  const data = new Float32Array(size * size);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [(i % size) / size - 0.5, Math.floor(i / size) / size - 0.5];
    const first = ((x + 0.1) ** 2 + (y - 0.05) ** 2) * 200;
    const second = ((x - 0.15) ** 2 + (y + 0.2) ** 2) * 450;
    data[i] = Math.exp(-first) + 0.7 * Math.exp(-second);
  }
  return { data, shape: [size, size] };
}

/**
 * The projections of a cloud in tiles, of which the least and the greatest are kept; beside it the time with them all
 * stored, in new memory and in memory that is there, and with their densities kept.
 */
async function cloud({ threads, quick, ...context }: BenchContext, n: number, d: number, count: number) {
  const points = normalCloud(n, d, 'float32');
  const directions = directionSet(count, d);
  const options = { samples: quick ? 2 : 9, maxSeconds: quick ? 1 : 3 };
  const before = gemmRate('float32', threads);
  const { seconds, samples } = await time(() => projectedExtents(points, { directions }), options);
  const rate = (before + gemmRate('float32', threads)) / 2;
  const into = await projectCloud(points, { directions });
  const bins = { count: 256, spacing: 0.05 };
  const measured: Record<string, number> = {};
  for (const [name, call] of Object.entries({
    storedSeconds: () => projectCloud(points, { directions }),
    storedInPlaceSeconds: () => projectCloud(points, { directions, into }),
    histogramSeconds: () => projectedDensity(points, { directions, bins }),
    kernelSeconds: () => projectedDensity(points, { directions, bins, bandwidth: 0.2 }),
  })) {
    measured[name] = (await time(call, options)).seconds;
  }
  context.emit({
    suite: 'radon',
    workload: 'cloud',
    params: { n, d, directions: count, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    gemmFraction: (2 * n * d * count) / seconds / rate,
    roofline: roofline({ multiplyAdds: n * d * count, bytes: 4 * n * d }, seconds, 'float32'),
    measured,
  });
}

/** A sinogram as scikit-image has it, a column an angle. */
function transposed(data: NdArray['data'], angles: number): Float32Array {
  const count = data.length / angles;
  return Float32Array.from(data, (_, i) => data[(i % angles) * count + Math.floor(i / angles)]);
}

async function workload(
  context: BenchContext,
  name: string,
  params: Record<string, string>,
  call: Call,
  peer: { workload: 'forward' | 'backprojection'; inputs: Record<string, NdArray> },
): Promise<void> {
  const { threads, others, peers, quick } = context;
  const options = { samples: quick ? 3 : 9, maxSeconds: quick ? 1 : 3 };
  const { seconds, samples } = await time(call(SIZE, ANGLES, 'native'), options);
  const ours = call(SIZE, ANGLES, 'native');
  const speedup = await peers.against(peer.workload, ['scikit-image', 'ASTRA'], peer.inputs, ours);
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
    // Two multiply-adds for each pixel that a ray meets in a row or column of the image.
    roofline: roofline(
      { multiplyAdds: 2 * SIZE * SIZE * ANGLES, bytes: 4 * SIZE * (SIZE + ANGLES) },
      seconds,
      'float32',
    ),
    speedup,
    growthExponent: fitExponent(growth),
  });
}
