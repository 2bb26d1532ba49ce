import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type NdArray, zeros } from '../ts/core/array.js';
import { floatTensor } from '../ts/io/onnx-model.js';
import {
  type AttentionLayerAnalysis,
  analyseAttention,
  analyseNetwork,
  attentionLayers,
  openActivations,
  openModel,
} from '../ts/network/index.js';
import { floatValueInfo, writeOnnx } from '../ts/io/onnx-model.js';
import { normals } from './network-models.js';
import { ModelWriter } from './residual-models.js';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-attention-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

const T = 6;
/** Scores of three heads: to itself, to all alike, and to the position before (the first to itself). */
const SCORES = [
  (q: number, k: number) => (q === k ? 200 : 0),
  () => 0,
  (q: number, k: number) => (k === Math.max(0, q - 1) ? 200 : 0),
].map((score) => Float32Array.from({ length: T * T }, (_, at) => score(Math.floor(at / T), at % T)));
const near = (a: number, b: number) => Math.abs(a - b) < 1e-5;

/** n examples that are the identity, of which every product is the scores themselves. */
function identities(n: number): NdArray {
  const x = zeros([n, T, T]);
  for (let i = 0; i < n; i++) for (let t = 0; t < T; t++) x.data[(i * T + t) * T + t] = 1;
  return x;
}

/** softmax(x S_h xᵀ) x with the heads as an axis, or joined with the batch as PyTorch's own layer has them. */
async function heads(path: string, joined: boolean): Promise<string> {
  const integers = (name: string, values: number[]) => ({
    name,
    dims: [values.length],
    dataType: 7,
    int64Data: values,
  });
  await writeOnnx(path, {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'heads',
      node: [
        { opType: 'Unsqueeze', input: ['x', 'one'], output: ['u'] },
        { opType: 'MatMul', input: ['u', 'S'], output: ['q'] },
        { opType: 'Transpose', input: ['u'], output: ['k'], attribute: [{ name: 'perm', type: 7, ints: [0, 1, 3, 2] }] },
        { opType: 'MatMul', input: ['q', 'k'], output: ['scores'] },
        { opType: 'Reshape', input: ['scores', joined ? 'pairs' : 'fours'], output: ['arranged'] },
        { opType: 'Softmax', input: ['arranged'], output: ['weights'], name: '/layer.0/attention/Softmax' },
        { opType: 'Reshape', input: ['weights', 'fours'], output: ['back'] },
        { opType: 'MatMul', input: ['back', 'u'], output: ['values'] },
        { opType: 'ReduceMean', input: ['values'], output: ['y'], attribute: [{ name: 'axes', type: 7, ints: [1, 2] }] },
      ],
      initializer: [
        integers('one', [1]),
        integers('pairs', [-1, T, T]),
        integers('fours', [-1, 3, T, T]),
        floatTensor('S', [3, T, T], Float32Array.from(SCORES.flatMap((scores) => [...scores]))),
      ],
      input: [floatValueInfo('x', ['n', T, T])],
      output: [{ name: 'y' }],
    },
  }); // prettier-ignore
  return path;
}

/** The mean over all pairs of how far apart they are. */
const EVEN = (T * T - 1) / (3 * T);

function checkHeads(t: import('ava').ExecutionContext, { heads, ...layer }: AttentionLayerAnalysis): void {
  const [self, even, before] = heads;
  t.deepEqual([heads.length, layer.queries, layer.keys], [3, T, T]);
  t.true(near(self.entropy.value, 0) && near(self.distance!.value, 0));
  t.true(near(even.entropy.value, Math.log(T)) && near(even.distance!.value, EVEN));
  t.true(near(before.entropy.value, 0) && near(before.distance!.value, (T - 1) / T));
  t.true(
    heads.every(({ entropy, distance }) => entropy.standardError < 1e-6 && distance!.standardError < 1e-6),
  );
}

for (const joined of [false, true])
  test(`heads of known attention, ${joined ? 'joined with the batch' : 'as an axis'}`, async (t) => {
    const model = await openModel(await heads(join(folder, `heads-${joined}.onnx`), joined));
    const { layers, fused } = attentionLayers(model);
    t.deepEqual([layers, fused], [[{ name: 'weights', path: '/layer.0/attention' }], []]);
    const found = await analyseAttention(model, identities(7));
    t.deepEqual([found.examples, found.layers.length, found.leftOut], [7, 1, []]);
    checkHeads(t, found.layers[0]);
    await model.dispose();
  });

test('a GraphModel of TensorFlow.js', async (t) => {
  const path = join(folder, 'graph');
  await mkdir(path);
  const type = { type: 'DT_FLOAT' };
  const attr = { T: type, adj_x: { b: false }, adj_y: { b: false } };
  const shape = { shape: { dim: [{ size: '-1' }, { size: '3' }, { size: String(T) }, { size: String(T) }] } };
  const node = [
    { name: 'x', op: 'Placeholder', attr: { dtype: type, shape } },
    { name: 'S', op: 'Const', attr: { dtype: type } },
    { name: 'q', op: 'BatchMatMulV2', input: ['x', 'S'], attr },
    { name: 'scores', op: 'BatchMatMulV2', input: ['q', 'x'], attr: { ...attr, adj_y: { b: true } } },
    { name: 'block/attention/softmax/Softmax', op: 'Softmax', input: ['scores'], attr: { T: type } },
    { name: 'y', op: 'BatchMatMulV2', input: ['block/attention/softmax/Softmax', 'x'], attr },
  ];
  const weights = [{ name: 'S', shape: [1, 3, T, T], dtype: 'float32' }];
  const json = {
    format: 'graph-model',
    modelTopology: { versions: { producer: 1 }, node },
    weightsManifest: [{ paths: ['weights.bin'], weights }],
  };
  await writeFile(join(path, 'model.json'), JSON.stringify(json));
  await writeFile(join(path, 'weights.bin'), Buffer.concat(SCORES.map(({ buffer }) => Buffer.from(buffer))));
  const model = await openModel(path, { backend: 'tfjs-cpu' });
  const one = identities(4);
  const x = zeros([4, 3, T, T]);
  for (let i = 0; i < 12; i++) x.data.set(one.data.subarray(0, T * T), i * T * T);
  const { layers } = await analyseAttention(model, x);
  t.deepEqual(
    layers.map(({ path }) => path),
    ['block/attention'],
  );
  checkHeads(t, layers[0]);
  await model.dispose();
});

test('tokens that a mask leaves out do not attend, and are not attended to', async (t) => {
  const writer = new ModelWriter();
  const bias = writer.node('Unsqueeze', [
    writer.node('Mul', [writer.node('Sub', [writer.constant(1), 'attention_mask']), writer.constant(-1e4)]),
    writer.integers(1),
  ]);
  let y = writer.linear('embed', 'x', 3, 4);
  for (const l of [0, 1])
    y = writer.within(`layer.${l}`, () => writer.node('Add', [writer.attention(y, 4, bias), y]));
  const inputs = { x: ['n', 5, 3], attention_mask: ['n', 5] };
  const model = await openModel(await writer.write(join(folder, 'masked.onnx'), inputs, y));
  const lengths = [5, 3, 2, 4, 1, 5];
  const mask = Float32Array.from({ length: 30 }, (_, at) => Number(at % 5 < lengths[Math.floor(at / 5)]));
  const points = { x: normals(6, 5, 3), attention_mask: { data: mask, shape: [6, 5] } };
  const { layers } = await analyseAttention(model, points, { batch: 4 });
  t.deepEqual(
    layers.map(({ path }) => path),
    ['/layer.0/attention', '/layer.1/attention'],
  );
  const opened = await openActivations(model, points, { layers: ['Softmax'], featureMaps: 'flatten' });
  const all = await opened.collect(layers.map(({ name }) => name));
  for (const { name, heads, evenEntropy, evenDistance } of layers) {
    const weights = all.get(name)!.data;
    // In plain loops over the tokens that there are, example by example.
    const means = lengths.map((length, i) => {
      let [entropy, distance] = [0, 0];
      for (let q = 0; q < length; q++)
        for (let k = 0; k < length; k++) {
          const p = weights[i * 25 + q * 5 + k];
          entropy -= (p * Math.log(p)) / length;
          distance += (p * Math.abs(q - k)) / length;
        }
      return { entropy, distance };
    });
    for (const what of ['entropy', 'distance'] as const) {
      const values = means.map((mean) => mean[what]);
      const mean = values.reduce((a, b) => a + b) / 6;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 5;
      t.is(heads.length, 1);
      t.true(near(heads[0][what]!.value, mean));
      t.true(near(heads[0][what]!.standardError, Math.sqrt(variance / 6)));
    }
    const tokens = lengths.reduce((a, b) => a + b);
    t.true(near(evenEntropy, lengths.reduce((sum, length) => sum + length * Math.log(length), 0) / tokens));
    t.true(near(evenDistance!, lengths.reduce((sum, length) => sum + (length * length - 1) / 3, 0) / tokens));
  }
  await model.dispose();
});

test('softmaxes that weigh nothing are no attention; a fused operator says that its weights cannot be seen', async (t) => {
  const writer = new ModelWriter();
  // A classifier, and pooling by weights that come of one vector of the model, not of two of the data.
  const scores = writer.node('Softmax', [writer.linear('score', 'x', 4, 1)], { axis: 1 });
  const pooled = writer.node('MatMul', [writer.node('Transpose', [scores], { perm: [0, 2, 1] }), 'x']);
  const out = writer.node('Softmax', [writer.linear('classify', pooled, 4, 3)], { axis: -1 });
  const plain = await openModel(await writer.write(join(folder, 'plain.onnx'), { x: ['n', 5, 4] }, out));
  t.deepEqual(attentionLayers(plain), { layers: [], fused: [] });
  t.deepEqual(await analyseAttention(plain, normals(3, 5, 4)), { layers: [], leftOut: [], examples: 3 });
  await plain.dispose();
  await writeOnnx(join(folder, 'fused.onnx'), {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }, { domain: 'com.microsoft', version: 1 }],
    graph: {
      name: 'fused',
      node: [
        { opType: 'MatMul', input: ['x', 'W'], output: ['q'] },
        {
          opType: 'MultiHeadAttention',
          domain: 'com.microsoft',
          input: ['q', 'x', 'x'],
          output: ['y'],
          attribute: [{ name: 'num_heads', type: 2, i: 2 }],
        },
      ],
      initializer: [floatTensor('W', [4, 4], normals(4, 4).data)],
      input: [floatValueInfo('x', ['n', 5, 4])],
      output: [floatValueInfo('y', ['n', 5, 4])],
    },
  }); // prettier-ignore
  const fused = await openModel(join(folder, 'fused.onnx'));
  const { layers, leftOut } = await analyseAttention(fused, normals(3, 5, 4));
  t.deepEqual(layers, []);
  t.deepEqual(leftOut, [
    { name: 'y', kind: 'MultiHeadAttention', reason: 'computes attention in one operator' },
  ]);
  await fused.dispose();
});

test('sequences are pooled, and their tokens are points, without padding', async (t) => {
  const writer = new ModelWriter();
  const masked = writer.node('Mul', ['x', writer.node('Unsqueeze', ['attention_mask', writer.integers(2)])]);
  const y = writer.node('Add', [masked, 'x']);
  const inputs = { x: ['n', 5, 3], attention_mask: ['n', 5] };
  const model = await openModel(await writer.write(join(folder, 'tokens.onnx'), inputs, y));
  // The second is padded on the left; the last has no tokens at all, and counts with all its positions.
  const marks = ['11100', '00111', '11111', '10000', '00000'];
  const mask = Float32Array.from(marks.join(''), Number);
  const x = normals(5, 5, 3);
  const points = { x, attention_mask: { data: mask, shape: [5, 5] } };
  const values = x.data.map((value, at) => value * (1 + mask[Math.floor(at / 3)]));
  const tokens = marks.map((row) => {
    const kept = [...row].flatMap((mark, p) => (mark === '1' ? p : []));
    return kept.length > 0 ? kept : [0, 1, 2, 3, 4];
  });
  const at = (i: number, p: number) => [...values.subarray((i * 5 + p) * 3, (i * 5 + p + 1) * 3)];
  for (const pool of ['cls', 'last'] as const) {
    const opened = await openActivations(model, points, { pool, layers: ['Add'], batch: 2 });
    const rows = (await opened.collect([y])).get(y)!;
    t.deepEqual(
      [...rows.data],
      tokens.flatMap((kept, i) => at(i, kept.at(pool === 'cls' ? 0 : -1)!)),
    );
  }
  const opened = await openActivations(model, points, { featureMaps: 'positions', batch: 2 });
  const { name, positions, masked: partly } = opened.layers.at(-1)!;
  t.deepEqual([name, positions, partly], [y, 17 / 5, true]);
  t.deepEqual(
    [...opened.tokenExamples!],
    tokens.flatMap((kept, i) => kept.map(() => i)),
  );
  const rows = (await opened.collect([y])).get(y)!;
  t.deepEqual(rows.shape, [17, 3]);
  t.deepEqual(
    [...rows.data],
    tokens.flatMap((kept, i) => kept.flatMap((p) => at(i, p))),
  );
  const few = await openActivations(model, points, { featureMaps: 'positions', rows: 10 });
  t.deepEqual([...few.tokenExamples!], [0, 0, 1, 1, 2, 2, 3, 4, 4]);
  const labels = Int32Array.of(0, 1, 0, 1, 1);
  const options = { featureMaps: 'positions', labels, layers: ['Mul', 'Add'] } as const;
  const { layers } = await analyseNetwork(model, points, options);
  t.deepEqual(
    layers.map((layer) => layer.rows),
    [5, 17, 17],
  );
  t.deepEqual(
    layers[2].separation!.classes.map(({ count }) => count),
    [8, 9],
  );
  const error = await t.throwsAsync(openActivations(model, points, { pool: 'cls', featureMaps: 'flatten' }));
  t.regex(error.message, /pool/);
  await model.dispose();
});
