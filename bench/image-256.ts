import type { NdArray } from '../ts/core/array.js';
import { loadBackend } from '../ts/kernel/backend.js';
import { rasterise, sheppLogan } from '../ts/radon/index.js';
import {
  denoiseByRidgelets,
  finiteRidgeletTransform,
  inverseFiniteRidgeletTransform,
} from '../ts/ridgelet/index.js';
import type { BenchContext } from './record.js';
import { fitExponent, time, timeOnce } from './timing.js';

const SIZE = 256;
/** The prime that an image of this size is padded to. */
const PRIME = 257;
/** Primes over which the growth of the finite Radon transform is fitted: its additions grow as their cube. */
const GROWTH = [127, 257, 509, 1021];

/**
 * The finite ridgelet transform of a 256² image and back, with its error, beside our fallback; the finite Radon transform
 * in it by itself, in additions per nanosecond; denoising with eight shifts.
 */
export async function imageWorkload({ threads, others, quick, emit }: BenchContext): Promise<void> {
  const image = rasterise(sheppLogan(), { shape: [SIZE, SIZE] });
  const options = { samples: quick ? 3 : 9, maxSeconds: quick ? 1 : 3 };
  const round = async (backend: BenchContext['others'][number]): Promise<NdArray> =>
    inverseFiniteRidgeletTransform(await finiteRidgeletTransform(image, { backend }), { backend });
  const { seconds, samples } = await time(() => round('native'), options);
  const error = Array.from((await round('native')).data).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - image.data[i])),
    0,
  );
  const speedup: Record<string, number> = {};
  for (const other of quick ? [] : others) {
    await round(other);
    speedup[`our fallback on ${other}`] = (await timeOnce(() => round(other), 3)).seconds / seconds;
  }
  const kernels = await loadBackend('native');
  const radon = async (p: number) => {
    const data = new Float32Array(p * p).fill(1);
    return (await time(() => kernels.finiteRadon({ data, count: 1, p }), options)).seconds;
  };
  const growth: { n: number; seconds: number }[] = [];
  for (const n of quick ? GROWTH.slice(0, 2) : GROWTH) growth.push({ n, seconds: await radon(n) });
  const ofImage = growth.find(({ n }) => n === PRIME)!.seconds;
  const denoise = await time(() => denoiseByRidgelets(image), options);
  emit({
    suite: 'ridgelet',
    workload: 'image-256',
    params: { n: SIZE, p: PRIME, wavelet: 'symlet8', dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    speedup,
    growthExponent: fitExponent(growth),
    measured: {
      error,
      finiteRadonSeconds: ofImage,
      additionsPerNs: PRIME ** 3 / ofImage / 1e9,
      denoiseSeconds: denoise.seconds,
    },
  });
}
