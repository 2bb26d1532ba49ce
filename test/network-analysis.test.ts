import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { RidgeflowError } from '../ts/core/errors.js';
import { nearestNeighbourEntropy, twoNearestNeighbourDimension } from '../ts/entropy/index.js';
import { writeOnnx } from '../ts/io/onnx-model.js';
import {
  type NetworkModel,
  analyseNetwork,
  blockDerivatives,
  openActivations,
  openModel,
  writeLayersModel,
  writeNetworkOnnx,
} from '../ts/network/index.js';
import {
  centredKernelAlignment,
  effectiveRank,
  fisherRatio,
  linearProbe,
  nearestNeighbourAccuracy,
  silhouette,
} from '../ts/representation/index.js';
import { slicedWasserstein } from '../ts/transport/index.js';
import { convolutionModel, labelled, normals, residualStream } from './network-models.js';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-analysis-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

const network = residualStream(5, 3);
const { points, labels } = labelled(150, 5, 2);
const near = (a: number | null, b: number, tolerance = 1e-6) =>
  a !== null && Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));

async function stream(name: string): Promise<NetworkModel> {
  const path = join(folder, `${name}.onnx`);
  await writeNetworkOnnx(path, network);
  return openModel(path);
}

test('every number of a layer is what its own function gives', async (t) => {
  const model = await stream('numbers');
  const analysis = await analyseNetwork(model, points, { layers: ['Add'], labels, seed: 3 });
  t.is(analysis.layers.length, 4);
  t.is(analysis.debiased, false);
  const names = analysis.layers.map(({ name }) => name);
  const clouds = await (await openActivations(model, points, { layers: ['Add'] })).collect(names);
  const last = clouds.get(names[3])!;
  for (const layer of analysis.layers) {
    const cloud = clouds.get(layer.name)!;
    const rank = await effectiveRank(cloud);
    t.is(layer.entropyRank, rank.entropyRank);
    t.is(layer.participationRatio, rank.participationRatio);
    t.true(
      near(
        layer.spread! ** 2,
        rank.spectrum.reduce((sum, value) => sum + value),
      ),
    );
    t.is(layer.intrinsicDimension, (await twoNearestNeighbourDimension(cloud)).value);
    t.true(near(layer.entropyPerDimension, (await nearestNeighbourEntropy(cloud)).value / 5));
    t.is(layer.alignmentWithLast, await centredKernelAlignment(cloud, last));
    const { separation } = layer;
    const neighbours = await nearestNeighbourAccuracy(cloud, labels);
    t.is(separation!.neighbourAccuracy, neighbours.accuracy);
    const probe = await linearProbe(cloud, labels, { seed: 3 });
    t.is(separation!.probeAccuracy, probe.accuracy);
    const fisher = await fisherRatio(cloud, labels);
    t.is(separation!.fisherRatio, fisher.ratio);
    const widths = await silhouette(cloud, labels);
    t.is(separation!.silhouette, widths.mean);
    t.is(separation!.centreDistances[0][1], fisher.centreDistances.data[1]);
    t.deepEqual(
      separation!.classes.map(({ label, count }) => [label, count]),
      [
        [0, 75],
        [1, 75],
      ],
    );
    t.is(separation!.classes[1].probeAccuracy, probe.classAccuracies[1]);
  }
  t.true(near(analysis.layers[3].alignmentWithLast, 1, 1e-5));
  await model.dispose();
});

test('steps of a stream: displacement, transport, continuation and divergence', async (t) => {
  const model = await stream('steps');
  const analysis = await analyseNetwork(model, points, { layers: ['Add'] });
  const names = analysis.layers.map(({ name }) => name);
  t.deepEqual(
    analysis.steps.map(({ from, to }) => [from, to]),
    [0, 1, 2].map((l) => [names[l], names[l + 1]]),
  );
  const clouds = await (await openActivations(model, points, { layers: ['Add'] })).collect(names);
  const moves = [0, 1, 2].map((l) => {
    const [a, b] = [clouds.get(names[l])!.data, clouds.get(names[l + 1])!.data];
    return Array.from({ length: 150 }, (_, i) =>
      Array.from({ length: 5 }, (_, k) => b[5 * i + k] - a[5 * i + k]),
    );
  });
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, k) => sum + value * b[k], 0);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value / values.length, 0);
  let action = 0;
  for (const [l, step] of analysis.steps.entries()) {
    const squares = moves[l].map((move) => dot(move, move));
    t.true(near(step.displacement, mean(squares.map(Math.sqrt)), 1e-5));
    t.true(near(step.action, mean(squares), 1e-5));
    t.true(near(step.relativeDisplacement, Math.sqrt(mean(squares)) / analysis.layers[l].spread!, 1e-5));
    action += 3 * mean(squares);
    const { value } = await slicedWasserstein(clouds.get(names[l])!, clouds.get(names[l + 1])!);
    t.is(step.slicedW2, value);
    t.true(near(step.straightness, Math.min(1, (5 * value ** 2) / mean(squares)), 1e-5));
    const cosine =
      l === 0
        ? null
        : mean(
            moves[l].map(
              (b, i) => dot(moves[l - 1][i], b) / Math.hypot(...moves[l - 1][i]) / Math.hypot(...b),
            ),
          );
    if (cosine === null) t.is(step.continuation, null);
    else t.true(near(step.continuation, cosine, 1e-5));
    const { network: layer, step: h } = network.layers[l];
    const exact = await layer.divergence(clouds.get(names[l])!);
    const truth = h * mean(Array.from(exact));
    // Over 64 of the points, with random signs.
    t.true(
      Math.abs(step.divergence! - truth) < 5 * step.divergenceError! + 0.02,
      `${step.divergence} ${truth}`,
    );
  }
  const [whole] = analysis.streams;
  t.deepEqual(whole.layers, names);
  t.true(near(whole.action, action, 1e-5));
  t.true(whole.straightness! > 0 && whole.straightness! <= 1);
  t.true(whole.pathStraightness! > 0 && whole.pathStraightness! <= 1);
  await model.dispose();
});

test('derivatives of a linear block are its trace and its length', async (t) => {
  const d = 6;
  const A = normals(d, d);
  const block = async ({ data, shape }: NdArray): Promise<NdArray> => {
    const out = Float64Array.from({ length: data.length }, (_, at) => {
      const row = Math.floor(at / d);
      let sum = 0;
      for (let k = 0; k < d; k++) sum += A.data[(at % d) * d + k] * data[row * d + k];
      return sum;
    });
    return Promise.resolve({ data: out, shape });
  };
  const found = await blockDerivatives(
    block,
    normals(300, d),
    { shape: [d], spread: Math.sqrt(d) },
    { seed: 1 },
  );
  let [trace, squares] = [-d, 0];
  for (let k = 0; k < d; k++) trace += A.data[k * d + k];
  for (const value of A.data) squares += value ** 2;
  t.true(Math.abs(found.divergence - trace) < 5 * found.divergenceError + 1e-3);
  t.true(Math.abs(found.stretch / Math.sqrt(squares / d) - 1) < 0.25);
});

test('little memory, other batches and other engines give the same numbers', async (t) => {
  const model = await stream('memory');
  const options = { layers: ['Add'], labels };
  const whole = await analyseNetwork(model, points, options);
  const parts = await analyseNetwork(model, points, { ...options, memoryLimit: 1, batch: 40 });
  t.deepEqual(parts.layers, whole.layers);
  t.deepEqual(parts.steps, whole.steps);
  t.deepEqual(parts.streams, whole.streams);
  await model.dispose();
  await writeLayersModel(join(folder, 'layers'), network);
  const other = await openModel(join(folder, 'layers'), { backend: 'tfjs-cpu' });
  const analysis = await analyseNetwork(other, points, options);
  for (const [l, layer] of analysis.layers.entries())
    t.true(near(layer.entropyRank, whole.layers[l].entropyRank!, 1e-4));
  t.true(near(analysis.streams[0].action, whole.streams[0].action, 1e-4));
  t.true(near(analysis.steps[1].divergence, whole.steps[1].divergence!, 1e-2));
  await other.dispose();
});

test('planes are turned to agree with those before', async (t) => {
  const model = await stream('planes');
  const { layers, drawn } = await analyseNetwork(model, points, { layers: ['Add'], drawn: 90 });
  t.is(drawn.length, 90);
  for (let l = 1; l < layers.length; l++) {
    const [a, b] = [layers[l - 1].plane.positions.data, layers[l].plane.positions.data];
    let [xx, xy, yx, yy] = [0, 0, 0, 0];
    for (let i = 0; i < a.length; i += 2) {
      xx += a[i] * b[i];
      xy += a[i] * b[i + 1];
      yx += a[i + 1] * b[i];
      yy += a[i + 1] * b[i + 1];
    }
    // At the best rotation or reflection the cross-covariance is symmetric, and its trace is not negative.
    t.true(
      Math.abs(xy - yx) < 1e-9 * Math.abs(xx + yy) ||
        Math.abs(xy + yx) < 1e-9 * (Math.abs(xx) + Math.abs(yy)),
    );
    t.true(xx + yy >= 0);
  }
  await model.dispose();
});

test('feature maps by position, with labels for each', async (t) => {
  const path = join(folder, 'maps.onnx');
  await writeOnnx(path, convolutionModel(normals(3, 1, 2, 2)));
  const model = await openModel(path);
  const { points: images, labels: classes } = labelled(40, 16, 3);
  const analysis = await analyseNetwork(model, images, { featureMaps: 'positions', labels: classes });
  const maps = analysis.layers.find(({ name }) => name === 'maps')!;
  t.deepEqual([maps.rows, maps.width, maps.separation!.classes[0].count], [360, 3, 180]);
  t.is(analysis.layers[0].alignmentWithLast, null);
  const pooled = await analyseNetwork(model, images, { featureMaps: 'mean', labels: classes });
  t.is(pooled.layers[1].rows, 40);
  t.true(pooled.layers[1].alignmentWithLast! <= 1 + 1e-6);
  await model.dispose();
});

test('bad input has its code, and an abort stops the work', async (t) => {
  const model = await stream('bad');
  const code = async (work: () => Promise<unknown>) => {
    const error = await t.throwsAsync(work, { instanceOf: RidgeflowError });
    return error.code;
  };
  t.is(await code(() => analyseNetwork(model, points, { labels: labels.subarray(1) })), 'INVALID_SHAPE');
  t.is(await code(() => analyseNetwork(model, points, { labels: new Int32Array(150) })), 'DEGENERATE_CLOUD');
  t.is(await code(() => analyseNetwork(model, normals(1, 5))), 'EMPTY_CLOUD');
  t.is(await code(() => analyseNetwork(model, normals(4, 3))), 'INVALID_SHAPE');
  const controller = new AbortController();
  const run = analyseNetwork(model, points, {
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  t.is(await code(() => run), 'ABORTED');
  const same = ndarray(new Float32Array(50).fill(1), [10, 5]);
  const { layers, steps } = await analyseNetwork(model, same, { layers: ['Add'] });
  t.is(layers[1].entropyRank, null);
  t.is(layers[1].intrinsicDimension, null);
  t.is(steps[0].relativeDisplacement, null);
  await model.dispose();
});
