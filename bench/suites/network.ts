import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  analyseNetwork,
  openModel,
  residualNetwork,
  shallowNetwork,
  writeNetworkOnnx,
} from '../../ts/network/index.js';
import { normalCloud } from '../clouds.js';
import { largeNetworks } from '../large-network.js';
import type { BenchContext, BenchSuite } from '../record.js';
import { gemmRate, timeOnce } from '../timing.js';

const DEPTH = 20;
const WIDTH = 512;
const POINTS = 10_000;
const CLASSES = 10;

const suite: BenchSuite = {
  name: 'network',
  async run(context) {
    await residualMlp(context);
    // Minutes each.
    if (context.long || context.quick) await largeNetworks(context);
  },
};
export default suite;

/** Reading, running and every measure of a residual network of 20 layers, with classes. */
async function residualMlp({ threads, quick, emit }: BenchContext): Promise<void> {
  const n = quick ? 1000 : POINTS;
  const array = (seed: number, rows: number, scale: number) => {
    const { data } = normalCloud(rows, WIDTH, 'float32', seed);
    return { data: data.map((value) => scale * value) as Float32Array, shape: [rows, WIDTH] };
  };
  const zero = { data: new Float32Array(WIDTH), shape: [WIDTH] };
  const layers = Array.from({ length: DEPTH }, (_, l) => ({
    network: shallowNetwork({
      activation: 'tanh',
      A: array(2 * l + 1, WIDTH, 1 / Math.sqrt(WIDTH)),
      b: zero,
      C: array(2 * l + 2, WIDTH, 1 / Math.sqrt(WIDTH)),
      bias: zero,
    }),
    step: 1 / DEPTH,
  }));
  const labels = Int32Array.from({ length: n }, (_, i) => i % CLASSES);
  const points = array(99, n, 1);
  labels.forEach((label, i) => (points.data[i * WIDTH + label] += 4));
  const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-bench-'));
  try {
    const path = join(folder, 'network.onnx');
    await writeNetworkOnnx(path, residualNetwork({ layers }));
    const before = gemmRate('float32', threads);
    const { seconds } = await timeOnce(async () => {
      const model = await openModel(path);
      await analyseNetwork(model, points, { layers: ['Add'], labels });
      await model.dispose();
    });
    const rate = (before + gemmRate('float32', threads)) / 2;
    emit({
      suite: 'network',
      workload: 'residual-mlp',
      params: { n, d: WIDTH, layers: DEPTH, dtype: 'float32' },
      backend: 'native',
      threads,
      seconds,
      samples: 1,
      // Neighbours and silhouette need the products of all pairs, in every layer and in the data.
      gemmFraction: (2 * (DEPTH + 1) * 2 * n ** 2 * WIDTH) / seconds / rate,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
