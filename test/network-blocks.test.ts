import test from 'ava';
import type { NdArray } from '../ts/core/array.js';
import { RidgeflowError } from '../ts/core/errors.js';
import { continuousDaeFlow } from '../ts/flow/index.js';
import { gaussian, gaussianMixture } from '../ts/measure/index.js';
import {
  type BlockMap,
  type BlockNumbers,
  analyseBlocks,
  blockByDifferences,
  characterOf,
  compileFlow,
  lyapunovExponents,
  residualNetwork,
  shallowNetwork,
  streamVerdict,
} from '../ts/network/index.js';
import { firstOfLog, logAbsDeterminant } from '../ts/network/blocks/small-matrices.js';
import { normals, residualStream } from './network-models.js';

/** x ↦ Mx, with M by rows. */
function linear(M: ArrayLike<number>, d: number): BlockMap {
  const apply = ({ data, shape }: NdArray): Promise<NdArray> => {
    const out = Float64Array.from(data, (_, at) => {
      const [i, a] = [Math.floor(at / d), at % d];
      let sum = 0;
      for (let b = 0; b < d; b++) sum += M[a * d + b] * data[i * d + b];
      return sum;
    });
    return Promise.resolve({ data: out, shape });
  };
  return { dimension: d, evaluate: apply, jacobianVector: (_, u) => apply(u) };
}

const doubles = (...shape: number[]): NdArray => {
  const { data } = normals(...shape);
  return { data: Float64Array.from(data), shape };
};
/** I + scale · A. */
const besideIdentity = (d: number, entry: (a: number, b: number) => number) =>
  Float64Array.from({ length: d * d }, (_, at) => {
    const [a, b] = [Math.floor(at / d), at % d];
    return Number(a === b) + entry(a, b);
  });
const random = (d: number, scale: number) => {
  const { data } = normals(d, d);
  return besideIdentity(d, (a, b) => scale * data[a * d + b]);
};
const near = (a: number, b: number, tolerance: number) => Math.abs(a - b) <= tolerance;

test('the logarithm of small matrices: its real part is that of the size of the eigenvalues', (t) => {
  const of = (...entries: number[]) => firstOfLog(Float64Array.from(entries), Math.sqrt(entries.length), 48);
  t.true(near(of(3), Math.log(3), 1e-9));
  t.true(near(of(-3), Math.log(3), 1e-9), 'negative');
  t.true(near(of(0.05), Math.log(0.05), 1e-6));
  t.true(near(of(0, -2, 2, 0), Math.log(2), 1e-9), 'imaginary');
  // Eigenvalues 2 and 5 with eigenvectors (1, −1) and (1, 2).
  t.true(near(of(3, 1, 2, 4), (2 * Math.log(2) + Math.log(5)) / 3, 1e-9));
  t.true(near(logAbsDeterminant(Float64Array.of(0, 2, 3, 4), 2), Math.log(6), 1e-12));
  t.is(logAbsDeterminant(Float64Array.of(1, 2, 2, 4), 2), -Infinity);
});

test('a linear block: log-determinant, singular values, divergence and gradient share are those of its matrix', async (t) => {
  const d = 7;
  const M = random(d, 0.1);
  const x = doubles(400, d);
  const A = M.map((value, at) => value - Number(at % (d + 1) === 0));
  let [norm, symmetric, trace] = [0, 0, 0];
  for (let a = 0; a < d; a++) {
    trace += A[a * d + a];
    for (let b = 0; b < d; b++) {
      norm += A[a * d + b] ** 2;
      symmetric += ((A[a * d + b] + A[b * d + a]) / 2) ** 2;
    }
  }
  const truth = logAbsDeterminant(M.slice(), d);
  const block = ({ data, shape }: NdArray) =>
    linear(M, d)
      .evaluate({ data, shape })
      .then((y) => ({ data: Float32Array.from(y.data), shape }));
  for (const [map, tolerance] of [
    [linear(M, d), 1e-9],
    [blockByDifferences(block, { shape: [d], spread: Math.sqrt(d) }), 2e-3],
  ] as const) {
    const { blocks } = await analyseBlocks([map], x, { seed: 2 });
    const [{ local, logDeterminant, gradientShare, entropyChange, disagreement }] = blocks;
    t.true(local!.exact);
    t.true(near(logDeterminant!.value, truth, tolerance));
    t.true(near(local!.divergence.value, trace, tolerance));
    t.true(near(gradientShare!.value, symmetric / norm, tolerance));
    const { largest, smallest } = local!.singularValues!;
    t.true(
      local!.stretch.data!.high <= largest + tolerance && local!.stretch.data!.low >= smallest - tolerance,
    );
    // Entropy rises by log|det M| whatever the cloud: so say its neighbours.
    t.true(near(entropyChange!.value, truth, 4 * entropyChange!.standardError));
    t.true(Math.abs(disagreement!) < 4);
  }
});

test('in many dimensions the same comes from few products, within its error', async (t) => {
  const d = 300;
  const M = random(d, 0.02);
  const x = doubles(60, d);
  const truth = logAbsDeterminant(M.slice(), d);
  const { blocks } = await analyseBlocks([linear(M, d)], x, { seed: 1 });
  const { local, logDeterminant, gradientShare } = blocks[0];
  t.false(local!.exact);
  t.is(local!.singularValues, null);
  const { value, standardError } = logDeterminant!;
  t.true(near(value, truth, 4 * standardError), `${value} ± ${standardError}, ${truth}`);
  t.true(standardError < 0.05 * d);
  t.true(near(gradientShare!.value, 0.5, 0.05));
});

test('the gradient share of a rotation is 0, of a symmetric map 1, known whole or by probes', async (t) => {
  for (const d of [6, 120]) {
    const { data } = normals(d, d);
    const scale = 0.1 / Math.sqrt(d);
    const maps = [1, -1].map((sign) =>
      linear(
        besideIdentity(d, (a, b) => scale * (data[a * d + b] + sign * data[b * d + a])),
        d,
      ),
    );
    const x = doubles(200, d);
    const [symmetric, rotation] = await Promise.all(maps.map((map) => analyseBlocks([map], x)));
    t.true(near(symmetric.blocks[0].gradientShare!.value, 1, 1e-6));
    t.true(near(rotation.blocks[0].gradientShare!.value, 0, 1e-6));
    t.true(symmetric.blocks[0].potential!.potential.value > (d === 6 ? 0.999 : 0.3));
    t.true(rotation.blocks[0].potential!.potential.value < 0.05);
    if (d === 6)
      t.true(rotation.blocks[0].potential!.field > 0.999, 'a field explains what a potential cannot');
    t.is(rotation.verdict.runs[0].character, 'turns');
  }
});

test('blocks that flatten or do nothing have no log-determinant or gradient share', async (t) => {
  const d = 120;
  const flat = besideIdentity(d, (a, b) => (a === b && a % 2 === 0 ? -1 : 0));
  for (const size of [d, 8]) {
    const map = linear(size === d ? flat : besideIdentity(8, (a, b) => (a === b && a < 2 ? -1 : 0)), size);
    const { blocks } = await analyseBlocks([map], doubles(60, size));
    t.is(blocks[0].logDeterminant, null, `${size}`);
    t.is(blocks[0].local!.singular, 1);
  }
  const { blocks, verdict } = await analyseBlocks(
    [
      linear(
        besideIdentity(5, () => 0),
        5,
      ),
    ],
    doubles(60, 5),
  );
  t.is(blocks[0].gradientShare, null);
  t.is(blocks[0].optimality, null);
  t.is(verdict.runs[0].character, 'unknown');
});

test('Lyapunov exponents are the logarithms of what stretches most, per block', async (t) => {
  const d = 5;
  const rates = [0.4, 0.1, -0.2, -0.5, -1];
  const map = linear(
    besideIdentity(d, (a, b) => (a === b ? Math.exp(rates[a]) - 1 : 0)),
    d,
  );
  const blocks = Array.from({ length: 60 }, () => map);
  const { exponents, standardErrors, points } = await lyapunovExponents(blocks, doubles(40, d), { count: 3 });
  t.deepEqual([exponents.length, exponents[59].length, points], [60, 3, 32]);
  for (const k of [0, 1, 2]) t.true(near(exponents[59][k], rates[k], 0.05), `${exponents[59][k]}`);
  t.true(standardErrors[59].every((error) => error < 0.05));
  // All of them sum to the logarithm of the volume, after one block already.
  const all = await lyapunovExponents([map], doubles(40, d), { count: d });
  t.true(
    near(
      all.exponents[0].reduce((sum, value) => sum + value),
      -1.2,
      1e-6,
    ),
  );
});

test('differences through a block agree with exact derivatives', async (t) => {
  const network = residualStream(9, 1);
  const x = normals(80, 9);
  const [exact] = (await analyseBlocks([network], x)).blocks;
  const block = ({ data, shape: [n] }: NdArray) => network.evaluate({ data, shape: [n, 9] });
  const [found] = (
    await analyseBlocks([blockByDifferences(block, { shape: [3, 3], spread: 3 })], x)
  ).blocks.map((entry) => entry);
  t.true(near(found.logDeterminant!.value, exact.logDeterminant!.value, 5e-3));
  t.true(near(found.gradientShare!.value, exact.gradientShare!.value, 5e-3));
  t.is(found.optimality, exact.optimality);
});

test('a continuous DAE that is compiled is a gradient flow that lowers entropy; with its velocities turned it is none', async (t) => {
  const laws = [
    gaussian({ mean: [0, 1], variance: 1 }),
    gaussianMixture({
      weights: [0.4, 0.6],
      means: [
        [-1.5, 0],
        [1.5, 0.5],
      ],
      variances: [0.6, 0.5],
    }),
  ];
  for (const law of laws) {
    const flow = continuousDaeFlow(law, { to: 0.12 });
    const { network } = await compileFlow(flow, { depth: 6, width: 150, seed: 4 });
    const points = await law.sample(600, { seed: 5 });
    const maps = network.layers.map((layer) => residualNetwork({ layers: [layer] }));
    const { verdict, blocks, lyapunov } = await analyseBlocks(maps, points, { seed: 1 });
    t.deepEqual(verdict.runs, [{ first: 1, last: 6, character: 'lowers' }], verdict.sentence);
    t.is(verdict.sentence, 'Blocks 1–6 behave like steps of one gradient flow that lowers entropy.');
    t.true(blocks.every(({ optimality }) => optimality! > 0.99));
    t.true(blocks.every(({ disagreement }) => Math.abs(disagreement!) < 5));
    t.true(lyapunov!.exponents[5][1] < 0);

    const turned = network.layers.map(({ network: { activation, A, b, C, bias }, step }) => {
      const turn = ({ data, shape }: NdArray): NdArray => ({
        data: data.map((_, at) => (at % 2 === 0 ? -data[at + 1] : data[at - 1])),
        shape,
      });
      const made = shallowNetwork({
        activation: activation.name,
        A,
        b,
        C: turn(C),
        bias: turn(bias),
      });
      return residualNetwork({ layers: [{ network: made, step }] });
    });
    const other = await analyseBlocks(turned, points, { seed: 1 });
    // Of a fitted network single points in the tail may leave a block open, but none is taken for a gradient flow.
    const characters = new Set(other.verdict.runs.map(({ character }) => character));
    t.deepEqual(
      [...characters].filter((character) => character !== 'unknown'),
      ['turns'],
    );
    t.is(other.verdict.runs[0].character, 'turns', other.verdict.sentence);
    t.regex(other.verdict.sentence, /no gradient flow/);
    // Run backwards the flow raises entropy.
    const backwards = network.layers.map(({ network, step }) =>
      residualNetwork({ layers: [{ network, step: -step }] }),
    );
    const rising = await analyseBlocks([...backwards].reverse(), await network.evaluate(points), { seed: 1 });
    t.true(
      rising.verdict.runs.every(({ character }) => character === 'raises'),
      rising.verdict.sentence,
    );
  }
});

test('verdicts follow the numbers, in both directions and at their bounds', (t) => {
  const sure = (value: number) => ({ value, standardError: 0.01 });
  const flow: BlockNumbers = {
    relativeDisplacement: 0.1,
    continuation: 0.9,
    gradientShare: sure(0.95),
    logDeterminant: sure(-0.5),
    entropyChange: sure(-0.5),
    optimality: 0.99,
  };
  t.is(characterOf(flow), 'lowers');
  t.is(characterOf({ ...flow, logDeterminant: sure(0.5) }), 'raises');
  t.is(characterOf({ ...flow, logDeterminant: sure(0.015) }), 'keeps');
  t.is(characterOf({ ...flow, logDeterminant: null, entropyChange: sure(0.2) }), 'raises');
  t.is(characterOf({ ...flow, logDeterminant: null, entropyChange: null }), 'unknown');
  t.is(characterOf({ ...flow, gradientShare: sure(0.77) }), 'turns');
  t.is(characterOf({ ...flow, gradientShare: { value: 0.77, standardError: 0.2 } }), 'unknown');
  t.is(characterOf({ ...flow, gradientShare: { value: 0.9, standardError: 0.2 } }), 'unknown');
  t.is(characterOf({ ...flow, gradientShare: null }), 'unknown');
  t.is(characterOf({ ...flow, relativeDisplacement: 0.6 }), 'far');
  t.is(characterOf({ ...flow, optimality: 0.5 }), 'dear');
  const turning = { ...flow, gradientShare: sure(0.3) };
  t.is(
    streamVerdict([flow, flow, flow, turning, { ...flow, relativeDisplacement: 2 }]).sentence,
    'Blocks 1–3 behave like steps of one gradient flow that lowers entropy; block 4 is no gradient flow (gradient share 0.30); ' +
      'block 5 moves points too far for a step of a flow (2.00 of the spread).',
  );
  t.deepEqual(
    streamVerdict([flow, { ...flow, continuation: -0.9 }]).runs.map(({ first }) => first),
    [1, 2],
    'back where it came from is another flow',
  );
  t.deepEqual(streamVerdict([]), { runs: [], sentence: '' });
});

test('points that coincide, and displacements below the resolution of differences, are known for what they are', async (t) => {
  const network = residualStream(4, 2);
  const maps = network.layers.map((layer) => residualNetwork({ layers: [layer] }));
  const { data } = normals(1, 4);
  const same = { data: Float32Array.from({ length: 120 }, (_, at) => data[at % 4]), shape: [30, 4] };
  const { blocks, lyapunov } = await analyseBlocks(maps, same);
  t.deepEqual(
    blocks.map(({ relativeDisplacement, local, entropyChange }) => [
      relativeDisplacement,
      local,
      entropyChange,
    ]),
    [
      [null, null, null],
      [null, null, null],
    ],
  );
  t.is(lyapunov, null);
  const far = normals(60, 4);
  far.data.forEach((value: number, at: number) => (far.data[at] = 1e6 * value));
  const [map] = maps.map((block) =>
    blockByDifferences((points) => block.evaluate(points), { shape: [4], spread: 2e6 }),
  );
  const found = await analyseBlocks([map], far);
  t.is(found.blocks[0].gradientShare, null);
  t.is(found.verdict.runs[0].character, 'unknown');
});

test('blocks: bad input, and an abort', async (t) => {
  const map = linear(random(3, 0.1), 3);
  const code = async (promise: Promise<unknown>) =>
    (await t.throwsAsync(promise, { instanceOf: RidgeflowError }))?.code;
  t.is(await code(analyseBlocks([], doubles(9, 3))), 'INVALID_ARGUMENT');
  t.is(await code(analyseBlocks([map], doubles(9, 4))), 'INVALID_SHAPE');
  t.is(await code(analyseBlocks([map, linear(random(4, 0.1), 4)], doubles(9, 3))), 'INVALID_SHAPE');
  t.is(await code(analyseBlocks([map], doubles(3, 3))), 'EMPTY_CLOUD');
  t.is(await code(analyseBlocks([map], doubles(9, 3), { signal: AbortSignal.abort() })), 'ABORTED');
  t.is(await code(lyapunovExponents([map], doubles(9, 3), { count: 0 })), 'INVALID_ARGUMENT');
});
