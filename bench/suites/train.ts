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
import { gemmRate, time, timeOnce } from '../timing.js';

const WIDTH = 256;
const RATE = 0.003;
const VARIANCE = 0.1;
/** Steps of a minibatch that slow systems are timed on. */
const COMPARED_STEPS: Partial<Record<BackendName, number>> = {
  'tfjs-node': 14,
  'tfjs-wasm': 7,
  'tfjs-cpu': 1,
};

const suite: BenchSuite = {
  name: 'train',
  async run(context) {
    const { points } = await readCloud(join(packageRoot(), 'data', 'digits.csv.gz'), { labelColumn: -1 });
    const digits = toUnit(points, unitOf(points, { keepOrigin: false }), 'float32');
    for (const batch of [128, 256]) await epoch(context, digits, batch);
  },
};
export default suite;

/** One epoch of a DAE 64–256–64, tanh, with fresh Gaussian noise, Adam. */
async function epoch({ threads, others, quick, emit }: BenchContext, points: NdArray, batch: number) {
  const [n, d] = points.shape;
  const trainer = epochOn(await loadBackend('native'), points, batch);
  const before = gemmRate('float32', threads);
  const { seconds, samples } = await time(trainer, { samples: quick ? 5 : 25, maxSeconds: quick ? 1 : 4 });
  const rate = (before + gemmRate('float32', threads)) / 2;
  const speedup: Record<string, number> = {};
  for (const other of others) {
    const steps = COMPARED_STEPS[other];
    if (steps === undefined) continue;
    const rows = steps * batch;
    const few = { data: points.data.subarray(0, rows * d), shape: [rows, d] };
    const perSample = async (call: () => Promise<unknown>) => {
      await call();
      return (await timeOnce(call, quick ? 1 : 3)).seconds / rows;
    };
    const fallback = await perSample(epochOn(await loadBackend(other), few, batch));
    speedup[`our fallback on ${other}`] = (fallback * n) / seconds;
    if (await useEngine(other as Parameters<typeof useEngine>[0])) {
      const plain = plainTraining(points, { width: WIDTH, variance: VARIANCE, batch, rate: RATE });
      speedup[other] = ((await perSample(() => Promise.resolve(plain.run(steps)))) * n) / seconds;
      plain.dispose();
    }
  }
  // Forward 4dm, gradients of both weights 4dm, and of the hidden units 2dm.
  const flops = 10 * d * WIDTH * n;
  emit({
    suite: 'train',
    workload: 'dae-digits',
    params: { n, d, width: WIDTH, batch, dtype: 'float32' },
    backend: 'native',
    threads,
    seconds,
    samples,
    gemmFraction: flops / seconds / rate,
    speedup,
  });
}

/** A call that trains for one more epoch. */
function epochOn(kernels: Kernels, points: NdArray, batch: number): () => Promise<number> {
  const [n, d] = points.shape;
  const layers = autoencoderLayers(d, WIDTH, activation('tanh').kernel, { tied: false, residual: false });
  const options = { activation: 'tanh', residual: false, dtype: 'float32' } as const;
  const parameters = initialParameters(layers, points, options);
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
