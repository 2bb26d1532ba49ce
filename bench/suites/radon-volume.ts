import type { NdArray } from '../../ts/core/array.js';
import {
  type Projector,
  directionSet,
  equalAngles,
  fanBeamFilteredBackprojection,
  fanBeamProjector,
  hyperplaneProjector,
  inverseRadonTransform,
  rasterize,
  sheppLogan,
  xrayProjector,
} from '../../ts/radon/index.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { timeOnce } from '../timing.js';

const SIZE = 128;
const DIRECTIONS = 1000;
/** Directions that slow kernels and the fallback are timed on: the cost is the same for each. */
const FEW = { native: 100, fallback: 2 };

/** The planes and lines through a volume, and the fan beam of an image. */
const suite: BenchSuite = {
  name: 'radon-volume',
  async run(context) {
    const shape = [SIZE, SIZE, SIZE];
    const volume = rasterize(sheppLogan({ dimension: 3 }), { shape, subsamples: 1 });
    const directions = (count: number) => directionSet(count, 3, { kind: 'fibonacci' });
    const all = hyperplaneProjector({ directions: directions(DIRECTIONS), shape });
    await both(context, { planes: 'joseph' }, all, volume, DIRECTIONS, (count) =>
      hyperplaneProjector({ directions: directions(count), shape }),
    );
    const data = await all.project(volume);
    await emit(context, { planes: 'inverse' }, DIRECTIONS, 1, () =>
      inverseRadonTransform(data, { directions: directions(DIRECTIONS), shape }),
    );
    const cells = hyperplaneProjector({ directions: directions(FEW.native), shape, kernel: 'strip' });
    await both(context, { planes: 'strip' }, cells, volume, FEW.native);
    const lines = xrayProjector({ directions: directions(FEW.native), shape });
    await both(context, { lines: 'joseph' }, lines, volume, FEW.native, (count) =>
      xrayProjector({ directions: directions(count), shape }),
    );
    await fan(context);
  },
};
export default suite;

/** Projection and backprojection, in seconds for DIRECTIONS directions; against the fallback where `few` makes it. */
async function both(
  context: BenchContext,
  what: Record<string, string>,
  projector: Projector,
  volume: NdArray,
  count: number,
  few?: (count: number) => Projector,
): Promise<void> {
  const data = await projector.project(volume);
  const factor = DIRECTIONS / count;
  const speed = async (run: 'project' | 'backproject') => {
    const speedup: Record<string, number> = {};
    if (context.quick || !few) return speedup;
    const small = few(FEW.fallback);
    const input = run === 'project' ? volume : await small.project(volume);
    for (const other of context.others.slice(-1)) {
      const { seconds } = await timeOnce(() => small[run](input, { backend: other }));
      const { seconds: own } = await timeOnce(
        () => (run === 'project' ? projector.project(volume) : projector.backproject(data)),
        2,
      );
      speedup[`our fallback on ${other}`] = seconds / FEW.fallback / (own / count);
    }
    return speedup;
  };
  await emit(
    context,
    { ...what, run: 'project' },
    count,
    factor,
    () => projector.project(volume),
    await speed('project'),
  );
  await emit(
    context,
    { ...what, run: 'backproject' },
    count,
    factor,
    () => projector.backproject(data),
    await speed('backproject'),
  );
}

async function emit(
  { threads, quick, emit: write }: BenchContext,
  params: Record<string, string>,
  timed: number,
  factor: number,
  call: () => Promise<unknown>,
  speedup?: Record<string, number>,
): Promise<void> {
  const { seconds, samples } = await timeOnce(call, quick ? 1 : 3);
  write({
    suite: 'radon-volume',
    workload: 'volume-128',
    params: { n: SIZE, directions: DIRECTIONS, timed, dtype: 'float32', ...params },
    backend: 'native',
    threads,
    seconds: seconds * factor,
    samples,
    speedup,
  });
}

async function fan({ threads, quick, emit: write }: BenchContext): Promise<void> {
  const n = 512;
  const image = rasterize(sheppLogan(), { shape: [n, n] });
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
      suite: 'radon-volume',
      workload: 'fan-512',
      params: { n, angles: 720, dtype: 'float32', run },
      backend: 'native',
      threads,
      seconds,
      samples,
    });
  }
}
