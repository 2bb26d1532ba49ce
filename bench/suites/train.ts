import { join } from 'node:path';
import { activation } from '../../ts/core/activation.js';
import type { NdArray } from '../../ts/core/array.js';
import type { BackendName } from '../../ts/core/options.js';
import { packageRoot } from '../../ts/core/package-root.js';
import { RandomStream } from '../../ts/core/random.js';
import { autoencoderLayers, initialParameters } from '../../ts/dae/training/initial.js';
import { toUnit, unitOf } from '../../ts/dae/training/unit.js';
import { readCloud } from '../../ts/io/index.js';
import { loadBackend } from '../../ts/kernel/backend.js';
import { asMatrix } from '../../ts/kernel/checks.js';
import type { Kernels } from '../../ts/kernel/contract.js';
import { useEngine } from '../peers/tfjs-score.js';
import { plainTraining } from '../peers/tfjs-train.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { roofline } from '../roofline.js';
import { gemmRate, median, time, timeOnce } from '../timing.js';

const RATE = 0.003;
const VARIANCE = 0.1;
/** Steps of a minibatch that slow systems are timed on. */
const COMPARED_STEPS: Partial<Record<BackendName, number>> = {
  'tfjs-node': 14,
  'tfjs-wasm': 7,
  'tfjs-cpu': 1,
};

/** A DAE d–width–d, tanh, with fresh Gaussian noise and Adam. */
interface Workload {
  name: string;
  points: NdArray;
  width: number;
  batch: number;
  /** Trained one after the other, as training is, for each time taken; a single short one would find idle processors. */
  epochs: number;
}

const suite: BenchSuite = {
  name: 'train',
  async run(context) {
    const { points } = await readCloud(join(packageRoot(), 'data', 'digits.csv.gz'), { labelColumn: -1 });
    const digits = toUnit(points, await unitOf(points, { keepOrigin: false }), 'float32');
    for (const batch of [128, 256]) {
      const workload = { name: 'dae-digits', points: digits, width: 256, batch, epochs: 10 };
      await epoch(context, workload, await othersPerRow(context, workload));
    }
    await epoch(context, {
      name: 'dae-narrow',
      points: normals(8192, 16),
      width: 32,
      batch: 128,
      epochs: 10,
    });
    await epoch(context, {
      name: 'dae-wide',
      points: normals(1024, 784),
      width: 1024,
      batch: 128,
      epochs: 1,
    });
  },
};
export default suite;

function normals(n: number, d: number): NdArray {
  const data = new Float32Array(n * d);
  new RandomStream(0, 'sample').fillNormal(data);
  return { data, shape: [n, d] };
}

/** Seconds that a system takes for a row of a minibatch. */
async function perRow(call: () => Promise<unknown>, rows: number, quick: boolean): Promise<number> {
  await call();
  return (await timeOnce(call, quick ? 1 : 3)).seconds / rows;
}

/** Seconds for a row in every system to compare with. */
async function othersPerRow(
  { others, quick }: BenchContext,
  workload: Workload,
): Promise<Record<string, number>> {
  const { points, width, batch } = workload;
  const seconds: Record<string, number> = {};
  for (const other of others) {
    const most = COMPARED_STEPS[other];
    if (most === undefined) continue;
    const [n, d] = points.shape;
    const steps = Math.min(most, Math.floor(n / batch));
    const rows = steps * batch;
    const few = { data: points.data.subarray(0, rows * d), shape: [rows, d] };
    const fallback = await epochOn(await loadBackend(other), { ...workload, points: few });
    seconds[`our fallback on ${other}`] = await perRow(fallback, rows, quick);
    if (await useEngine(other as Parameters<typeof useEngine>[0])) {
      const plain = plainTraining(points, { width, variance: VARIANCE, batch, rate: RATE });
      seconds[other] = await perRow(() => Promise.resolve(plain.run(steps)), rows, quick);
      plain.dispose();
    }
  }
  return seconds;
}

/** An epoch, in turns with BLAS's matrix product, so that both see the same machine. */
async function epoch(
  { threads, peers, quick, emit }: BenchContext,
  workload: Workload,
  compared: Record<string, number> = {},
): Promise<void> {
  const { name, points, width, batch, epochs } = workload;
  const [n, d] = points.shape;
  // Forward 4dm, gradients of both weights 4dm, and of the hidden units 2dm.
  const flops = 10 * d * width * n;
  const oneEpoch = await epochOn(await loadBackend('native'), workload);
  const trainer = async () => {
    for (let k = 0; k < epochs; k++) await oneEpoch();
  };
  const turns: { seconds: number; fraction: number }[] = [];
  let samples = 0;
  let before = gemmRate('float32', threads);
  for (let turn = 0; turn < (quick ? 1 : 7); turn++) {
    const timed = await time(trainer, { samples: 5, maxSeconds: 0.6 });
    const after = gemmRate('float32', threads);
    const seconds = timed.seconds / epochs;
    turns.push({ seconds, fraction: (2 * flops) / seconds / (before + after) });
    samples += timed.samples;
    before = after;
  }
  const seconds = median(turns.map((turn) => turn.seconds));
  const speedup = Object.fromEntries(
    Object.entries(compared).map(([other, each]) => [other, (each * n) / seconds]),
  );
  const inputs = { points, width, batch, rate: RATE, variance: VARIANCE };
  Object.assign(speedup, await peers.against('train', ['JAX'], inputs, oneEpoch, quick ? 3 : 15));
  emit({
    suite: 'train',
    workload: name,
    params: { n, d, width, batch, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    roofline: roofline({ multiplyAdds: flops / 2, exponentials: n * width }, seconds, 'float32'),
    gemmFraction: median(turns.map((turn) => turn.fraction)),
    ...(Object.keys(compared).length > 0 && { speedup }),
  });
}

/** A call that trains for one more epoch. */
async function epochOn(kernels: Kernels, { points, width, batch }: Workload): Promise<() => Promise<number>> {
  const [n, d] = points.shape;
  const layers = autoencoderLayers(d, width, activation('tanh').kernel, { tied: false, residual: false });
  const options = { activation: 'tanh', residual: false, dtype: 'float32' } as const;
  const parameters = await initialParameters(layers, points, options);
  const moments = new Float32Array(2 * parameters.length);
  let done = 0;
  return () => {
    const order = new RandomStream(0, 'shuffle', done).choose(n, n);
    const stream = new RandomStream(0, 'noise', done);
    const step = done++ * Math.ceil(n / batch);
    return kernels.trainNetwork({
      layers,
      parameters,
      moments,
      points: asMatrix(points),
      order,
      noise: { model: { kind: 'gaussian', scale: Math.sqrt(VARIANCE) }, stream },
      optimiser: { kind: 'adam', rate: RATE, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      batch,
      step,
    });
  };
}
