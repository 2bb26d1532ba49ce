import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { RidgeflowError } from '../ts/core/errors.js';
import {
  ONNX_ATTRIBUTES,
  type OnnxModel,
  type OnnxTensor,
  floatTensor,
  floatValueInfo,
  floatValues,
  readOnnx,
  writeOnnx,
} from '../ts/io/onnx-model.js';
import { analyseNetwork, openActivations, openModel } from '../ts/network/index.js';
import { leftOutSentence } from '../ts/network/analysis/left-out.js';
import { emptyFolder } from './command-line.js';
import { convolutionModel, normals } from './network-models.js';

const FIXTURES = fileURLToPath(new URL('fixtures/models/', import.meta.url));
type Rows = number[][];
interface Expected {
  images: Rows;
  float32: Record<'conv' | 'relu' | 'pool' | 'units' | 'out', Rows>;
  qdq: { out: Rows };
  qoperator: { out: Rows };
  dynamic: { out: Rows };
  sklearn: { points: Rows; probabilities: Rows };
}
let expected: Expected;
test.before(async () => {
  expected = JSON.parse(await readFile(join(FIXTURES, 'onnx.json'), 'utf8')) as Expected;
});

async function rowsOf(file: string, x: NdArray) {
  const model = await openModel(join(FIXTURES, file));
  const activations = await openActivations(model, x, { featureMaps: 'flatten' });
  const { layers, leftOut } = activations;
  const rows = await activations.collect(layers.map(({ name }) => name));
  await model.dispose();
  return { rows, kinds: layers.slice(1).map(({ name, kind }) => `${name} ${kind}`), leftOut };
}

function close(t: ExecutionContext, found: NdArray | undefined, right: Rows, within: number, what: string) {
  t.deepEqual(found?.shape, [right.length, right[0].length], what);
  const worst = right.flat().reduce((most, value, i) => Math.max(most, Math.abs(value - found!.data[i])), 0);
  t.true(worst <= within, `${what}: ${worst}`);
}

test('weights and activations of float16 are float32 numbers', async (t) => {
  const { rows, kinds } = await rowsOf('float16.onnx', ndarray(expected.images));
  t.deepEqual(kinds, [
    'conv Conv',
    'relu Relu',
    'pool MaxPool',
    'hidden MatMul',
    'units Sigmoid',
    'out MatMul',
  ]);
  for (const name of ['conv', 'relu', 'pool', 'units', 'out'] as const)
    close(t, rows.get(name), expected.float32[name], 4e-3, name);
});

test('int8 in the QDQ format: every layer as the next one sees it, in floating point', async (t) => {
  const { rows, kinds } = await rowsOf('qdq.onnx', ndarray(expected.images));
  t.deepEqual(kinds, ['relu Conv', 'pool MaxPool', 'hidden MatMul', 'units Sigmoid', 'out MatMul']);
  for (const name of ['relu', 'pool', 'units', 'out'] as const)
    close(t, rows.get(name), expected.float32[name], 0.05, name);
  close(t, rows.get('out'), expected.qdq.out, 1e-5, 'out');
  // Multiples of the scale, from 0 on: rounded as the next layer sees them.
  const { graph } = await readOnnx(join(FIXTURES, 'qdq.onnx'));
  const scale = floatValues(graph.initializer!.find(({ name }) => name === 'units_scale')!)![0];
  t.true(
    rows.get('units')!.data.every((value) => Math.abs(value / scale - Math.round(value / scale)) < 1e-3),
  );
});

test('int8 in the QOperator format, and dynamic', async (t) => {
  const quantised = await rowsOf('qoperator.onnx', ndarray(expected.images));
  t.deepEqual(quantised.kinds, [
    'conv_quantized QLinearConv',
    'pool_quantized MaxPool',
    'hidden_quantized QLinearMatMul',
    'units_quantized QLinearSigmoid',
    'out QLinearMatMul',
  ]);
  for (const [name, layer] of [
    ['relu', 'conv_quantized'],
    ['pool', 'pool_quantized'],
    ['units', 'units_quantized'],
    ['out', 'out'],
  ] as const)
    close(t, quantised.rows.get(layer), expected.float32[name], 0.05, name);
  close(t, quantised.rows.get('out'), expected.qoperator.out, 1e-5, 'out');
  const dynamic = await rowsOf('dynamic.onnx', ndarray(expected.images));
  t.deepEqual(dynamic.kinds, [
    'convquant_scaled_output ConvInteger',
    'conv Add',
    'relu Relu',
    'pool MaxPool',
    'hidden MatMulInteger',
    'units Sigmoid',
    'out MatMulInteger',
  ]);
  for (const name of ['conv', 'relu', 'pool', 'units', 'out'] as const)
    close(t, dynamic.rows.get(name), expected.float32[name], 0.05, name);
  t.deepEqual([...quantised.leftOut, ...dynamic.leftOut], []);
});

test('a classifier of scikit-learn gives its probabilities, not a dictionary', async (t) => {
  const { points, probabilities } = expected.sklearn;
  const { rows, kinds, leftOut } = await rowsOf('sklearn.onnx', ndarray(points));
  t.deepEqual(kinds, ['variable Scaler', 'probabilities LinearClassifier']);
  close(t, rows.get('probabilities'), probabilities, 1e-5, 'probabilities');
  t.deepEqual(leftOut, []);
});

/** The tensor in 16 bits, as raw bytes or as integers, and what is left of the values. */
function halved(tensor: OnnxTensor, dataType: 10 | 16, raw: boolean): OnnxTensor {
  const values = floatValues(tensor)!;
  const bits = Uint16Array.from(values, (value) => {
    const word = new DataView(new ArrayBuffer(4));
    word.setFloat32(0, value);
    if (dataType === 16) return word.getUint16(0);
    // Small integers are exact in float16: sign, exponent, leading bits.
    if (value === 0) return 0;
    const exponent = Math.floor(Math.log2(Math.abs(value)));
    const fraction = Math.round((Math.abs(value) / 2 ** exponent - 1) * 1024);
    return ((value < 0 ? 1 : 0) << 15) | ((exponent + 15) << 10) | fraction;
  });
  const { name, dims } = tensor;
  return raw
    ? { name, dims, dataType, rawData: new Uint8Array(bits.buffer) }
    : { name, dims, dataType, int32Data: [...bits] };
}

test('16-bit floats of both kinds, raw and as integers, in weights, constants, casts and inputs', async (t) => {
  const folder = emptyFolder(t);
  const weights = ndarray([1, -2, 0.5, 3, 4, -0.25, 0, 1, 2, 1, -1, -3], [3, 1, 2, 2]);
  const x = normals(5, 16);
  const read = async (name: string, model: OnnxModel) => {
    const path = join(folder, name);
    await writeOnnx(path, model);
    const opened = await openModel(path);
    const rows = await (
      await openActivations(opened, x, { featureMaps: 'flatten' })
    ).collect(['maps', 'features']);
    await opened.dispose();
    return rows;
  };
  const plain = await read('plain.onnx', convolutionModel(weights));
  for (const [dataType, raw] of [
    [10, true],
    [10, false],
    [16, true],
    [16, false],
  ] as const) {
    const model = convolutionModel(weights);
    const { graph } = model;
    const half = halved(graph.initializer![0], dataType, raw);
    const cast = { name: 'to', type: ONNX_ATTRIBUTES.int, i: dataType };
    graph.initializer = [];
    graph.node = [
      {
        opType: 'Constant',
        input: [],
        output: ['weights'],
        attribute: [{ name: 'value', type: ONNX_ATTRIBUTES.tensor, t: { ...half, name: '' } }],
      },
      { opType: 'Cast', input: ['image'], output: ['half image'], attribute: [cast] },
      { ...graph.node[0], input: ['half image', 'weights'] },
      graph.node[1],
    ];
    graph.output[0].type!.tensorType!.elemType = dataType;
    t.deepEqual(await read(`${dataType}-${raw}.onnx`, model), plain);
    graph.node.splice(1, 1);
    graph.node[1].input[0] = 'image';
    graph.input[0].type!.tensorType!.elemType = dataType;
    t.deepEqual(await read(`${dataType}-${raw}-input.onnx`, model), plain);
  }
});

/** y = relu of what a branch makes of x, and its largest place. */
async function branching(path: string): Promise<void> {
  const then = {
    name: 'then',
    node: [
      { opType: 'Mul', input: ['x', 'two'], output: ['doubled'] },
      { opType: 'Tanh', input: ['doubled'], output: ['bounded'] },
    ],
    input: [],
    output: [{ name: 'bounded' }],
  };
  const other = { ...then, name: 'else', node: [{ opType: 'Neg', input: ['x'], output: ['bounded'] }] };
  const graph = (name: string, g: typeof then) => ({ name, type: 5, g });
  await writeOnnx(path, {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'branching',
      node: [
        {
          opType: 'If',
          name: 'choice',
          input: ['yes'],
          output: ['chosen'],
          attribute: [graph('then_branch', then), graph('else_branch', other)],
        },
        { opType: 'Relu', input: ['chosen'], output: ['y'] },
        { opType: 'ArgMax', input: ['y'], output: ['place'] },
        { opType: 'ReduceMean', input: ['y'], output: ['mean'] },
        { opType: 'Shape', input: ['y'], output: ['shape'] },
        { opType: 'Gather', input: ['shape', 'first'], output: ['rows'] },
      ],
      initializer: [
        floatTensor('two', [], [2]),
        { name: 'yes', dims: [], dataType: 9, rawData: Uint8Array.of(1) },
        { name: 'first', dims: [], dataType: 7, int64Data: [0] },
      ],
      input: [floatValueInfo('x', ['n', 3])],
      output: [{ name: 'y' }],
    },
  });
}

test('layers that cannot be shown are counted, with the reason', async (t) => {
  const path = join(emptyFolder(t), 'branching.onnx');
  await branching(path);
  const model = await openModel(path);
  const x = normals(9, 3);
  const activations = await openActivations(model, x);
  t.deepEqual(
    activations.layers.map(({ name }) => name),
    ['input', 'chosen', 'y'],
  );
  const chosen = (await activations.collect(['chosen'])).get('chosen')!;
  chosen.data.forEach((value, i) => t.true(Math.abs(value - Math.tanh(2 * x.data[i])) < 1e-6));
  t.deepEqual(
    activations.leftOut.map(({ name, kind, reason }) => [name, kind, reason]),
    [
      ['chosen/doubled', 'Mul', 'is inside the If choice'],
      ['chosen/bounded', 'Tanh', 'is inside the If choice'],
      ['chosen/bounded', 'Neg', 'is inside the If choice'],
      ['place', 'ArgMax', 'gives no floating-point numbers'],
      ['mean', 'ReduceMean', 'does not give one set of numbers for every example'],
    ],
  );
  const analysis = await analyseNetwork(model, x);
  t.is(
    leftOutSentence(analysis.layers.length - 1, analysis.leftOut),
    '5 of 7 layers are left out, because each is inside the If choice (chosen/doubled, chosen/bounded, chosen/bounded) or ' +
      'gives no floating-point numbers (place) or does not give one set of numbers for every example (mean)',
  );
  const error = await t.throwsAsync(openActivations(model, x, { layers: ['*/doubled'] }), {
    instanceOf: RidgeflowError,
  });
  t.is(error.code, 'UNSUPPORTED');
  t.regex(error.message, /is inside the If choice/);
  await model.dispose();
});
