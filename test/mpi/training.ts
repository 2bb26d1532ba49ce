// Training over ranks against the same in one process. Run on each rank; see test/mpi.test.ts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activation } from '../../ts/core/activation.js';
import type { DType, FloatData, NdArray } from '../../ts/core/array.js';
import type { RidgeflowError } from '../../ts/core/errors.js';
import { RandomStream } from '../../ts/core/random.js';
import { takeRows } from '../../ts/core/rows.js';
import {
  type TrainDaeOptions,
  type TrainedDae,
  fineTune,
  trainComposedDae,
  trainDae,
  trainStackedDae,
} from '../../ts/dae/index.js';
import {
  type DenseLayer,
  type InputNoise,
  type Optimiser,
  parameterCount,
} from '../../ts/kernel/contract/training.js';
import { matrix, storage } from '../reference/clouds.js';
import { Random } from '../reference/random.js';
import { type Spread, differences, finish, mpi, native, ownRows, rank, shareOf, size } from './ranks.js';

const [spread = 'even'] = process.argv.slice(2) as [Spread?];
const random = new Random(11);
const over = { backend: 'mpi' } as const;
const alone = { backend: 'native' } as const;
const ADAM: Optimiser = { kind: 'adam', rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const SGD: Optimiser = { kind: 'sgd', rate: 0.02, momentum: 0.8 };

/** What one process and many ranks may differ by: rounding, relative to the largest of the values. */
const ALLOWED = { float64: 1e-11, float32: 2e-4 };

function near(name: string, found: FloatData, expected: FloatData, allowed: number): void {
  const largest = Math.max(...Array.from(expected, Math.abs));
  differences.compare(name, found, expected, () => allowed * largest);
}

function same(name: string, found: FloatData, expected: FloatData): void {
  const bytes = ({ buffer, byteOffset, byteLength }: FloatData) =>
    Buffer.from(buffer, byteOffset, byteLength);
  differences.check(name, bytes(found).equals(bytes(expected)));
}

/** What every rank has here is what the first has, to the bit. */
async function onAllRanks(name: string, values: FloatData): Promise<void> {
  const [first] = await mpi.everyPart(values);
  same(`${name} on all ranks`, values, first);
}

async function kernels(dtype: DType): Promise<void> {
  const [n, d] = [83, 5];
  const layers: DenseLayer[] = [
    { inputs: d, outputs: 12, activation: activation('tanh').kernel },
    { inputs: 12, outputs: d, skipFrom: 0 },
  ];
  const count = parameterCount(layers);
  const points = matrix(dtype, random.normals(n * d), n, d);
  const start = storage(dtype, random.normals(count)).map((value) => value / 2);
  const order = new RandomStream(1, 'shuffle').choose(n, n - 9);
  const models: InputNoise[] = [
    { kind: 'gaussian', scale: 0.3 },
    { kind: 'masking', threshold: -0.4 },
    { kind: 'factor', factor: storage(dtype, random.normals(d * d)) },
  ];
  for (const model of models) {
    const noise = { model, stream: new RandomStream(3, 'noise') };
    const problem = { layers, parameters: start, points, order, noise };
    const own = { ...problem, points: shareOf(points, spread) };
    const name = `${model.kind} ${dtype}`;
    const [gradient, expected] = [start.slice(), start.slice()];
    const losses = [await mpi.networkLoss({ ...own, gradient }), await mpi.networkLoss(own)];
    const wanted = await native.networkLoss({ ...problem, gradient: expected });
    near(`losses ${name}`, Float64Array.from(losses), Float64Array.of(wanted, wanted), ALLOWED[dtype] / 100);
    near(`gradient ${name}`, gradient, expected, ALLOWED[dtype] / 10);
    for (const optimiser of [ADAM, SGD]) {
      const run = { optimiser, batch: 16, step: 2 };
      const moments = storage(dtype, new Array<number>(2 * count).fill(0));
      const [mine, whole] = [0, 1].map(() => ({ parameters: start.slice(), moments: moments.slice() }));
      const loss = await mpi.trainNetwork({ ...own, ...run, ...mine });
      const known = await native.trainNetwork({ ...problem, ...run, ...whole });
      near(`${optimiser.kind} loss ${name}`, Float64Array.of(loss), Float64Array.of(known), ALLOWED[dtype]);
      near(`${optimiser.kind} parameters ${name}`, mine.parameters, whole.parameters, ALLOWED[dtype]);
      await onAllRanks(`${optimiser.kind} moments ${name}`, mine.moments);
      const again = { parameters: start.slice(), moments: moments.slice() };
      await mpi.trainNetwork({ ...own, ...run, ...again });
      same(`${optimiser.kind} the same bits twice ${name}`, again.parameters, mine.parameters);
    }
  }
}

function cloudOf(n: number, d: number, dtype: DType): NdArray {
  const data = storage(
    dtype,
    random.normals(n * d).map((value, i) => value * (1 + (i % d)) + 20),
  );
  return { data, shape: [n, d] };
}

/** This rank's rows. */
function own(cloud: NdArray): NdArray {
  const { first, count } = ownRows(cloud.shape[0], spread);
  return takeRows(
    cloud,
    Array.from({ length: count }, (_, i) => first + i),
  );
}

function weightsOf({ network: { A, b, C, bias } }: TrainedDae): Float64Array {
  return Float64Array.from([...A.data, ...b.data, ...C.data, ...bias.data]);
}

function lossesOf({ history }: Pick<TrainedDae, 'history'>): Float64Array {
  return Float64Array.from(history.flatMap(({ training, heldOut }) => [training, heldOut ?? 0]));
}

async function autoencoders(dtype: DType): Promise<void> {
  const cloud = cloudOf(70, 3, dtype);
  const common = { width: 9, noise: 0.3, epochs: 6, batch: 20, seed: 4 } as const;
  const covariance = { data: Float64Array.of(2, 1, 0, 1, 2, 0, 0, 0, 1), shape: [3, 3] };
  const cases: TrainDaeOptions[] = [
    { ...common, earlyStopping: { heldOut: 0.2, patience: 20 } },
    { ...common, noise: covariance, tied: true, residual: false, activation: 'relu' },
    { ...common, noise: { masking: 0.3 }, optimiser: { kind: 'sgd', rate: 1e-4 }, schedule: 'constant' },
    { ...common, epochs: 60, optimiser: { kind: 'sgd', rate: 0.2 }, earlyStopping: { patience: 2 } },
  ];
  for (const [number, options] of cases.entries()) {
    const name = `autoencoder ${number} ${dtype}`;
    const said: number[] = [];
    const onEpoch = ({ training }: { training: number }) => said.push(training);
    const found = await trainDae(own(cloud), { ...options, ...over, onEpoch });
    const expected = await trainDae(cloud, { ...options, ...alone });
    differences.check(
      `${name} ends by ${found.reason} after ${found.history.length}, not ${expected.reason} after ${expected.history.length}`,
      found.reason === expected.reason && found.history.length === expected.history.length,
    );
    differences.check(`${name} is heard of`, said.length === found.history.length);
    near(`${name} losses`, lossesOf(found), lossesOf(expected), ALLOWED[dtype]);
    near(`${name} weights`, weightsOf(found), weightsOf(expected), 10 * ALLOWED[dtype]);
    await onAllRanks(`${name} weights`, weightsOf(found));
    const moved = await found.apply(own(cloud), over);
    const there = own(await expected.apply(cloud, alone));
    near(`${name} moves`, moved.data, there.data, 10 * ALLOWED[dtype]);
  }
}

async function deep(): Promise<void> {
  const cloud = cloudOf(60, 2, 'float64');
  const options = { layers: 2, T: 0.4, width: 6, epochs: 4, batch: 16 } as const;
  const found = await trainComposedDae(own(cloud), { ...options, ...over });
  const expected = await trainComposedDae(cloud, { ...options, ...alone });
  const tuning = { noise: 0.4, epochs: 3, batch: 16 } as const;
  const tuned = await fineTune(found, own(cloud), { ...tuning, ...over });
  const known = await fineTune(expected, cloud, { ...tuning, ...alone });
  near('losses of fine-tuning', lossesOf(tuned), lossesOf(known), 1e-10);
  for (const [name, one, other] of [
    ['composition', found, expected],
    ['fine-tuned', tuned.dae, known.dae],
  ] as const) {
    const [states, whole] = [await one.trajectory(own(cloud), over), await other.trajectory(cloud, alone)];
    states.forEach((state, l) => near(`${name} after ${l}`, state.data, own(whole[l]).data, 1e-10));
  }
}

/** Layers on the features of those before, in which noise belongs to the rows of the whole cloud too. */
async function stacks(dtype: DType): Promise<void> {
  const cloud = cloudOf(61, 3, dtype);
  for (const featureNoise of ['lifted', 'isotropic'] as const) {
    const options = {
      noises: [0.3, 0.2, 0.1],
      widths: [9, 7, 5],
      epochs: 4,
      batch: 16,
      seed: 8,
      featureNoise,
    };
    const settings = { ...options, earlyStopping: { heldOut: 0.1 } };
    const found = await trainStackedDae(own(cloud), { ...settings, ...over });
    const expected = await trainStackedDae(cloud, { ...settings, ...alone });
    for (const [l, layer] of found.layers.entries()) {
      const name = `stack ${featureNoise} ${dtype} layer ${l}`;
      near(`${name} losses`, lossesOf(layer), lossesOf(expected.layers[l]), 10 * ALLOWED[dtype]);
      near(`${name} weights`, weightsOf(layer), weightsOf(expected.layers[l]), 100 * ALLOWED[dtype]);
      await onAllRanks(`${name} weights`, weightsOf(layer));
    }
    const again = await trainStackedDae(own(cloud), { ...settings, ...over });
    found.layers.forEach((layer, l) =>
      same(`stack ${featureNoise} twice, layer ${l}`, weightsOf(again.layers[l]), weightsOf(layer)),
    );
    const [states, whole] = [
      await found.trajectory(own(cloud), over),
      await expected.trajectory(cloud, alone),
    ];
    const [features, all] = [await found.encode(own(cloud), over), await expected.encode(cloud, alone)];
    const decoded = await found.decode(features, over);
    differences.check('features of as many rows', features.shape[0] === own(cloud).shape[0]);
    for (const [name, one, other] of [
      ...states.map((state, l) => [`after ${l}`, state, whole[l]] as const),
      ['features', features, all],
      ['decoded', decoded, whole[3]],
    ] as const)
      near(`stack ${featureNoise} ${dtype} ${name}`, one.data, own(other).data, 100 * ALLOWED[dtype]);
    const vectors = await found.jacobianVector(own(cloud), own(cloud), over);
    const along = own(await expected.jacobianVector(cloud, cloud, alone));
    near(`stack ${featureNoise} ${dtype} along`, vectors.data, along.data, 100 * ALLOWED[dtype]);
  }
}

/** A run that is interrupted goes on to the bits of one that is not. */
async function checkpoints(): Promise<void> {
  const cloud = cloudOf(50, 2, 'float32');
  const options = { width: 5, noise: 0.2, batch: 16, schedule: 'constant', ...over } as const;
  const named = rank === 0 ? await mkdtemp(join(tmpdir(), 'ridgeflow-ranks-')) : '';
  const [folder] = (await mpi.everyPart(new TextEncoder().encode(named))).map((part) =>
    new TextDecoder().decode(part),
  );
  const file = join(folder, 'training.safetensors');
  try {
    const whole = await trainDae(own(cloud), { ...options, epochs: 8 });
    await trainDae(own(cloud), { ...options, epochs: 5, checkpoint: { file, every: 2 } });
    const resumed = await trainDae(own(cloud), { ...options, epochs: 8, resume: file });
    same('weights after a checkpoint', weightsOf(resumed), weightsOf(whole));
    differences.check('losses from before', resumed.history.length === 8);
    const { batch, schedule } = options;
    const deep = { batch, schedule, widths: [5, 4], noises: [0.2, 0.1], ...over };
    const stack = await trainStackedDae(own(cloud), { ...deep, epochs: 4 });
    const stackFile = join(folder, 'stack.safetensors');
    const controller = new AbortController();
    let epochs = 0;
    const stopped = await failure(
      trainStackedDae(own(cloud), {
        ...deep,
        epochs: 4,
        signal: controller.signal,
        checkpoint: { file: stackFile, every: 2 },
        onEpoch: () => ++epochs === 7 && controller.abort(),
      }),
    );
    differences.check(`a stack is aborted: ${stopped?.message}`, stopped?.code === 'ABORTED');
    const gone = await trainStackedDae(own(cloud), { ...deep, epochs: 4, resume: stackFile });
    gone.layers.forEach((layer, l) =>
      same(`layer ${l} after a checkpoint`, weightsOf(layer), weightsOf(stack.layers[l])),
    );
    const other = await failure(trainDae(own(cloud), { ...options, epochs: 8, noise: 0.3, resume: file }));
    differences.check('another run', other?.code === 'INVALID_ARGUMENT');
    if (size > 1) {
      const byOne = await failure(trainDae(cloud, { ...options, epochs: 8, ...alone, resume: file }));
      differences.check(
        `on another number of ranks: ${byOne?.message}`,
        /number of ranks/.test(byOne?.message ?? ''),
      );
    }
  } finally {
    await mpi.sumOverRanks([1]);
    if (rank === 0) await rm(folder, { recursive: true });
  }
}

async function failure(call: Promise<unknown>): Promise<RidgeflowError | undefined> {
  return call.then(
    () => undefined,
    (error: unknown) => error as RidgeflowError,
  );
}

/** What fails on one rank, or is aborted on one, fails on all, and they go on together. */
async function failures(): Promise<void> {
  const cloud = cloudOf(50, 2, 'float64');
  const options = { width: 5, noise: 0.2, ...over };
  const controller = new AbortController();
  const onEpoch = ({ epoch }: { epoch: number }) => {
    if (epoch === 3 && rank === size - 1) controller.abort();
  };
  const { signal } = controller;
  const aborted = await failure(trainDae(own(cloud), { ...options, epochs: 100_000, signal, onEpoch }));
  differences.check(`an abort on one rank: ${aborted?.message}`, aborted?.code === 'ABORTED');
  const wild = { kind: 'sgd', rate: 1e150 } as const;
  const diverged = await failure(trainDae(own(cloud), { ...options, optimiser: wild }));
  differences.check(`a loss that is not finite: ${diverged?.message}`, diverged?.code === 'NOT_CONVERGED');
  const points = own(cloud);
  if (points.data.length > 0 && (rank === size - 1 || spread === 'last')) points.data[0] = NaN;
  const unknown = await failure(trainDae(points, options));
  differences.check(`NaN on one rank: ${unknown?.message}`, unknown?.code === 'NON_FINITE');
  const widths = [5, 4];
  const everyOther = { ...over, widths, layers: 2, T: 0.2, epochs: 100_000 };
  const stop = new AbortController();
  const inSecond = await failure(
    trainStackedDae(own(cloud), {
      ...everyOther,
      earlyStopping: { patience: 1 },
      signal: stop.signal,
      onProgress: (part) => {
        if (part > 0.5 && rank === 0) stop.abort();
      },
    }),
  );
  differences.check(`an abort in the second layer: ${inSecond?.message}`, inSecond?.code === 'ABORTED');
  if (size > 1) {
    const unlikeWidths = { ...everyOther, epochs: 2, widths: [5, 4 + rank] };
    const apart = await failure(trainStackedDae(own(cloud), unlikeWidths));
    differences.check(
      `ranks that disagree on widths: ${apart?.message}`,
      /widths/.test(apart?.message ?? ''),
    );
    const unlike = await failure(trainDae(own(cloud), { ...options, width: 5 + rank }));
    differences.check(
      `ranks that disagree: ${unlike?.message}`,
      /the same width/.test(unlike?.message ?? ''),
    );
  }
  const few = await failure(trainDae(own(cloudOf(1, 2, 'float64')), options));
  differences.check(`one point: ${few?.message}`, few?.code === 'EMPTY_CLOUD');
}

for (const dtype of ['float64', 'float32'] as const) {
  await kernels(dtype);
  await autoencoders(dtype);
  await stacks(dtype);
}
await deep();
await checkpoints();
await failures();
finish();
