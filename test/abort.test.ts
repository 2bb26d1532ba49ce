// Loops of small kernels: each would hold the event loop for minutes if it did not let it turn, so that the timer that
// aborts it could not fire.
import test from 'ava';
import * as rf from '../ts/index.js';
import { exportedCalls } from './exported-calls.js';
import { backendNames } from './native.js';
import { kernels, scalarSystem, vector } from './reference/flow.js';
import { Random } from './reference/random.js';

type Call = (options: rf.CallOptions) => Promise<unknown>;

/** More rounds than any test waits for, and as many where memory is kept for each. */
const ENDLESS = 1e9;
const LONG = 1e6;

/** Where a call may come to its end by itself: once more, for ever. */
const again =
  (call: Call): Call =>
  async (options) => {
    for (;;) await call(options);
  };

const normals = (rows: number, columns: number, seed = 1) =>
  rf.ndarray(new Random(seed).normals(rows * columns), [rows, columns], 'float64');
const a = normals(10, 2);
const b = normals(12, 2, 2);
const cost = normals(10, 12, 3);
const line = normals(10, 1);
const masses = new Float64Array(10).fill(0.1);
const sinogram = normals(12, 24, 4);
const beam = { angles: rf.equalAngles(12), shape: [16, 16] as [number, number], iterations: ENDLESS };
const single = ({ data, shape }: rf.NdArray) => rf.ndarray(Float32Array.from(data), shape);
const target = { points: single(normals(30, 2)), values: single(normals(30, 1, 5)) };
const training = { width: 3, epochs: LONG, batch: 5 };
const deep = { epochs: LONG, batch: 5, layers: 2, T: 0.1 };
const layers = { ...deep, width: 3 };
const impossible = { tolerance: 1e-300, maximumIterations: ENDLESS };
const oneByOne = { from: 0, to: 1, step: 1e-7, maximumSteps: ENDLESS };
const gaussians = [1, 3].map((height) =>
  rf.gaussian({ mean: [0, 0], covariance: rf.ndarray([2, 1, 1, height], [2, 2], 'float64') }),
);
const rotation = rf.fieldFromFunction(
  ({ data, shape }) => {
    const velocity = data.slice();
    for (let i = 0; i < data.length; i += 2) [velocity[i], velocity[i + 1]] = [-data[i + 1], data[i]];
    return { data: velocity, shape };
  },
  { dimension: 2 },
);

/** Every exported call that iterates, on little data, for as good as ever. */
const CALLS: Readonly<Record<string, Call>> = {
  cgls: (o) => rf.cgls(sinogram, { ...beam, ...o }),
  sirt: (o) => rf.sirt(sinogram, { ...beam, ...o }),
  sart: (o) => rf.sart(sinogram, { ...beam, ...o }),
  totalVariation: (o) => rf.totalVariation(sinogram, { ...beam, weight: 0.1, ...o }),
  sinkhorn: again((o) => rf.sinkhorn(a, b, { epsilon: 1e-3, ...impossible, ...o })),
  sinkhornMatrix: again((o) => rf.sinkhornMatrix(cost, { epsilon: 1e-3, ...impossible, ...o })),
  sinkhornDivergence: again((o) => rf.sinkhornDivergence(a, b, { epsilon: 1e-3, ...impossible, ...o })),
  fixedSupportBarycentre: again((o) =>
    rf.fixedSupportBarycentre(a, [masses], { epsilon: 1e-2, ...impossible, ...o }),
  ),
  freeSupportBarycentre: again((o) => rf.freeSupportBarycentre([a, b], { epsilon: 0.1, ...o })),
  gaussianBarycentre: again((o) => rf.gaussianBarycentre(gaussians, o)),
  maxSlicedWasserstein: again((o) => rf.maxSlicedWasserstein(a, b, { maximumIterations: LONG, ...o })),
  jkoFlow: again((o) => rf.jkoFlow({ entropy: 1 }, line, { step: 0.01, steps: 1000, ...o })),
  entropicJkoFlow: again((o) =>
    rf.entropicJkoFlow({ entropy: 1 }, line, masses, { step: 0.1, steps: 1000, epsilon: 0.1, ...o }),
  ),
  integrate: (o) => rf.integrate(rotation, a, { ...oneByOne, ...o }),
  solve: ({ signal }) =>
    rf.solve(
      scalarSystem((time) => Math.sin(time)),
      [vector(0)],
      { ...oneByOne, kernels, signal },
    ),
  diffuse: (o) => rf.diffuse(rotation, a, { ...oneByOne, noise: 0.1, ...o }),
  rectifiedFlow: again((o) =>
    rf.rectifiedFlow(gaussians[0], gaussians[1], { variance: 0.1, pairs: 8, ...o }),
  ),
  trainDae: (o) => rf.trainDae(a, { ...training, noise: 0.1, ...o }),
  trainComposedDae: (o) => rf.trainComposedDae(a, { ...layers, ...o }),
  trainStackedDae: (o) => rf.trainStackedDae(a, { ...deep, widths: 3, ...o }),
  compareStacking: (o) => rf.compareStacking(a, { ...deep, widths: [3], ...o }),
  fineTune: async (o) => {
    const map = await rf.trainComposedDae(a, { ...layers, epochs: 1 });
    return rf.fineTune(map, a, { epochs: LONG, noise: 0.1, ...o });
  },
  trainNetwork: (o) => rf.trainNetwork(target, { width: 3, steps: LONG, ...o }),
  fitNetwork: again((o) => rf.fitNetwork(target, { width: 8, solver: 'conjugate-gradients', ...o })),
  chooseByFolds: again((o) => rf.chooseByFolds(target, { widths: [4, 8], ...o })),
  errorByWidth: again((o) => rf.errorByWidth(target, { widths: [4, 8], ...o })),
};

for (const backend of backendNames)
  for (const [name, call] of Object.entries(CALLS)) {
    test.serial(`${backend}: ${name} is ended by a timer that aborts it`, async (t) => {
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(), 30);
      await t.throwsAsync(call({ signal: controller.signal, backend, dtype: 'float32' }), {
        code: 'ABORTED',
      });
      clearTimeout(timer);
    });
  }

test('every exported call that iterates is in the list', (t) => {
  const rounds = ['iterations', 'maximumIterations', 'epochs', 'steps', 'maximumSteps', 'rounds'];
  const iterative = [...exportedCalls()].filter(
    ([, names]) => names.has('signal') && (names.has('step') || rounds.some((name) => names.has(name))),
  );
  t.true(iterative.length > 20);
  t.deepEqual(
    iterative.map(([name]) => name).filter((name) => !(name in CALLS)),
    [],
  );
});
