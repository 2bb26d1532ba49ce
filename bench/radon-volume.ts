import type { NdArray } from '../ts/core/array.js';
import {
  type GridKernel,
  type Projector,
  directionSet,
  equalAngles,
  fanBeamFilteredBackprojection,
  fanBeamProjector,
  hyperplaneProjector,
  inverseRadonTransform,
  rasterise,
  sheppLogan,
  xrayProjector,
} from '../ts/radon/index.js';
import type { BenchContext } from './record.js';
import { timeOnce } from './timing.js';

const SIZE = 128;
const DIRECTIONS = 1000;
/** Directions that slow kernels and the fallback are timed on: the cost is the same for each. */
const FEW = { native: 100, fallback: 2 };

/** Integrals over planes and along lines of a volume, and the fan beam of an image. */
export async function volumeWorkloads(context: BenchContext): Promise<void> {
  const shape = [SIZE, SIZE, SIZE];
  const volume = rasterise(sheppLogan({ dimension: 3 }), { shape, subsamples: 1 });
  const planes = (count: number, kernel: GridKernel) =>
    hyperplaneProjector({ directions: fibonacci(count), shape, kernel });
  const lines = (count: number) => xrayProjector({ directions: fibonacci(count), shape });
  await both(context, 'volume-128', { planes: 'joseph' }, volume, DIRECTIONS, (count) =>
    planes(count, 'joseph'),
  );
  await both(context, 'volume-128', { planes: 'strip' }, volume, FEW.native, (count) =>
    planes(count, 'strip'),
  );
  await both(context, 'volume-128', { lines: 'joseph' }, volume, FEW.native, lines);
  const data = await planes(DIRECTIONS, 'joseph').project(volume);
  await emit(context, 'volume-128', { planes: 'inverse' }, DIRECTIONS, () =>
    inverseRadonTransform(data, { directions: fibonacci(DIRECTIONS), shape }),
  );
  await fan(context);
}

const fibonacci = (count: number) => directionSet(count, 3, { kind: 'fibonacci' });

/** Projection and backprojection; seconds are for DIRECTIONS directions, of which `count` are timed. */
async function both(
  context: BenchContext,
  workload: string,
  what: Record<string, string>,
  volume: NdArray,
  count: number,
  projectorOf: (count: number) => Projector,
): Promise<void> {
  const projector = projectorOf(count);
  const few = projectorOf(FEW.fallback);
  for (const run of ['project', 'backproject'] as const) {
    const input = run === 'project' ? volume : await projector.project(volume);
    const small = run === 'project' ? volume : await few.project(volume);
    const fallback = context.quick ? undefined : context.others.at(-1);
    const slow =
      fallback && (await timeOnce(() => few[run](small, { backend: fallback }))).seconds / FEW.fallback;
    await emit(context, workload, { ...what, run }, count, () => projector[run](input), slow);
  }
}

async function emit(
  { threads, quick, others, emit: write }: BenchContext,
  workload: string,
  params: Record<string, string>,
  count: number,
  call: () => Promise<unknown>,
  fallbackSeconds?: number,
): Promise<void> {
  const { seconds, samples } = await timeOnce(call, quick ? 1 : 3);
  const speedup =
    fallbackSeconds === undefined
      ? undefined
      : { [`our fallback on ${others.at(-1)}`]: fallbackSeconds / (seconds / count) };
  write({
    suite: 'radon',
    workload,
    params: { n: SIZE, directions: DIRECTIONS, timed: count, dtype: 'float32', ...params },
    backend: 'native',
    threads,
    seconds: (seconds * DIRECTIONS) / count,
    samples,
    speedup,
  });
}

async function fan({ threads, quick, emit: write }: BenchContext): Promise<void> {
  const n = 512;
  const image = rasterise(sheppLogan(), { shape: [n, n] });
  const options = { shape: [n, n], angles: equalAngles(720, 2 * Math.PI), sourceDistance: 1000 };
  const projector = fanBeamProjector(options);
  const data = await projector.project(image);
  for (const [run, call] of [
    ['project', () => projector.project(image)],
    ['backproject', () => projector.backproject(data)],
    ['fbp', () => fanBeamFilteredBackprojection(data, options)],
  ] as const) {
    const { seconds, samples } = await timeOnce(call, quick ? 1 : 5);
    write({
      suite: 'radon',
      workload: 'fan-512',
      params: { n, angles: 720, dtype: 'float32', run },
      backend: 'native',
      threads,
      seconds,
      samples,
    });
  }
}
