import { readFile } from 'node:fs/promises';
import test from 'ava';
import { readCloud } from '../ts/io/index.js';
import {
  alignmentMatrix,
  analyseNetwork,
  analyseStreams,
  openActivations,
  openModel,
} from '../ts/network/index.js';
import { linearProbe } from '../ts/representation/index.js';

// test/fixtures/models/make-torch-blocks.py says how the numbers were made.
const FOLDER = 'test/fixtures/models/';
const POINTS = 200;

interface BlockNumbers {
  singularValues: [number, number, number];
  logDeterminant: [number, number];
  divergence: [number, number];
  gradientShare: number;
  action: number;
  relativeDisplacement: number;
  continuation: number | null;
  optimality: number;
  entropyChange: [number, number];
  withoutAgreement: number;
  withoutChange: number;
}
interface Expected {
  blocks: BlockNumbers[];
  layers: Record<'spread' | 'participationRatio' | 'entropyRank', number>[];
  separations: Record<'silhouette' | 'neighbourAccuracy' | 'probeAccuracy', number>[];
  alignmentWithLast: number[];
  alignment: number[][];
  outputs: number[][];
}

const expected = JSON.parse(await readFile(`${FOLDER}torch-blocks.json`, 'utf8')) as Expected;
const { points: all, labels: classes } = await readCloud('data/digits.csv.gz', { labelColumn: -1 });
const d = all.shape[1];
const points = {
  data: Float32Array.from(all.data.subarray(0, POINTS * d), (value) => value / 16),
  shape: [POINTS, d],
};
const labels = classes!.values.slice(0, POINTS);
const model = await openModel(`${FOLDER}torch-blocks.onnx`);
test.after.always(() => model.dispose());

test('blocks: Jacobians, volumes, gradients and transport are those of PyTorch and SciPy', async (t) => {
  const [{ blocks, dimension, examples }] = await analyseStreams(model, points);
  t.deepEqual([blocks.length, dimension, examples], [expected.blocks.length, 12, POINTS]);
  t.deepEqual(
    blocks.map(({ path }) => path),
    ['/block1', '/block2', '/block3'],
    'the modules that PyTorch notes',
  );
  const near = (found: number, value: number, tolerance: number, what: string) =>
    t.true(Math.abs(found - value) <= tolerance, `${what}: ${found} for ${value}`);
  for (const [b, want] of expected.blocks.entries()) {
    const found = blocks[b];
    const { singularValues, divergence, points: count } = found.local!;
    t.is(count, POINTS, 'J is known at every point');
    [singularValues!.largest, singularValues!.median, singularValues!.smallest].forEach((value, k) =>
      near(value, want.singularValues[k], 2e-4 * want.singularValues[k], `singular value ${k} of block ${b}`),
    );
    // Sums of twelve logarithms or entries, each to the 1e-4 that differences in float32 have.
    near(found.logDeterminant!.value, want.logDeterminant[0], 2e-3, 'log|det J|');
    near(found.logDeterminant!.standardError, want.logDeterminant[1], 2e-4, 'its error');
    near(divergence.value, want.divergence[0], 2e-3, 'divergence');
    near(divergence.standardError, want.divergence[1], 2e-4, 'its error');
    near(found.gradientShare!.value, want.gradientShare, 5e-4, 'gradient share');
    near(found.action, want.action, 1e-5 * want.action, 'action');
    near(found.relativeDisplacement!, want.relativeDisplacement, 1e-5, 'relative displacement');
    if (want.continuation !== null) near(found.continuation!, want.continuation, 1e-5, 'continuation');
    near(found.optimality!, want.optimality, 1e-5, 'optimality');
    near(found.entropyChange!.value, want.entropyChange[0], 1e-3, 'change of entropy');
    near(found.entropyChange!.standardError, want.entropyChange[1], 1e-4, 'its error');
    t.is(found.without!.agreement!.value, want.withoutAgreement);
    near(found.without!.change!, want.withoutChange, 1e-4, 'change without the block');
  }
});

test('layers: spectra, alignments and classes are those of NumPy and scikit-learn', async (t) => {
  const analysis = await analyseNetwork(model, points, { labels });
  const { layers } = analysis;
  const names = layers.map(({ name }) => name);
  t.is(names.length, expected.layers.length, names.join());
  const close = (found: number | null, value: number, what: string) =>
    t.true(Math.abs(found! - value) <= 2e-5 * Math.abs(value), `${what}: ${found} for ${value}`);
  for (const [l, want] of expected.layers.entries()) {
    const { spread, participationRatio, entropyRank, separation } = layers[l];
    close(spread, want.spread, `${names[l]} spread`);
    close(participationRatio, want.participationRatio, `${names[l]} participation ratio`);
    close(entropyRank, want.entropyRank, `${names[l]} entropy rank`);
    close(separation!.silhouette, expected.separations[l].silhouette, `${names[l]} silhouette`);
    t.is(separation!.neighbourAccuracy, expected.separations[l].neighbourAccuracy, names[l]);
  }
  const activations = await openActivations(model, points, { layers: names.slice(1) });
  const clouds = await activations.collect(names.slice(1));
  clouds.set(names[0], points);
  for (const [l, name] of names.entries()) {
    // Each point by what all the others teach, so that nothing is drawn at random.
    const { accuracy } = await linearProbe(clouds.get(name)!, labels, { folds: POINTS, ridge: 0.01 });
    t.is(accuracy, expected.separations[l].probeAccuracy, name);
  }
  const last = clouds.get(names[names.length - 1])!;
  expected.outputs.flat().forEach((value, k) => t.true(Math.abs(last.data[k] - value) < 1e-4));
  const { rows, values, standardErrors } = await alignmentMatrix(activations, undefined, { batch: POINTS });
  t.deepEqual(rows, names);
  for (const [a, row] of values.entries()) {
    for (const [b, value] of row.entries())
      close(value, expected.alignment[a][b], `${names[a]} with ${names[b]}`);
  }
  t.true(
    standardErrors.flat().every((value) => value === null),
    'a single batch tells no error',
  );
  const debiased = d > POINTS / 10; // by the widest layer, the data
  for (const [l, value] of expected[debiased ? 'alignment' : 'alignmentWithLast'].entries())
    close(layers[l].alignmentWithLast, Array.isArray(value) ? value[value.length - 1] : value, names[l]);
});
