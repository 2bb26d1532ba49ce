import test from 'ava';
import * as library from '../ts/index.js';
import type { CallOptions } from '../ts/index.js';
import { backends } from './conformance-backends.js';
import { Random } from './reference/random.js';

const { RidgeflowError, ndarray } = library;

function cloud(n: number, seed: number) {
  return ndarray(
    Array.from({ length: n }, () => new Random(seed++).normals(2)),
    undefined,
    'float32',
  );
}

const [a, b] = [cloud(30, 1), cloud(30, 100)];
const labels = Array.from({ length: 30 }, (_, i) => i % 2);
const mixture = library.smoothed({ points: a, variance: 0.3 });

/** One call of each way in which progress is told. */
const CALLS: Record<string, (options: CallOptions) => Promise<unknown>> = {
  score: (o) => library.score(a, b, { variance: 0.5, ...o }),
  sinkhorn: (o) => library.sinkhorn(a, b, { epsilon: 0.5, ...o }),
  slicedWasserstein: (o) => library.slicedWasserstein(a, b, { directions: 20, ...o }),
  nearestNeighbourEntropy: (o) => library.nearestNeighbourEntropy(a, o),
  linearProbe: (o) => library.linearProbe(a, labels, o),
  integrate: (o) => library.integrate(library.linearField({ matrix: -1 }), a, { to: 1, ...o }),
  transportCloud: (o) => library.transportCloud(a, { depth: 2, T: 0.05, smoothing: 0.2, ...o }),
  trainDae: (o) => library.trainDae(a, { width: 4, noise: 0.2, epochs: 2, ...o }),
  ridgelet: (o) => library.sampleRidgelet(mixture, 10, { pair: library.ridgeletPair('tanh', 2), ...o }),
  sirt: (o) =>
    library.sirt(ndarray([[1, 2, 3, 2, 1]]), {
      angles: [0],
      shape: [3, 3],
      iterations: 2,
      detector: { count: 5 },
      ...o,
    }),
};

for (const { name: backend } of backends) {
  for (const [name, call] of Object.entries(CALLS)) {
    test(`${backend}: ${name} ends with what its listener throws, at once or later`, async (t) => {
      const own = new RangeError('from the listener');
      const listeners: [string, () => unknown][] = [
        [
          'throws',
          () => {
            throw own;
          },
        ],
        ['rejects', () => Promise.reject(own)],
      ];
      for (const [how, listener] of listeners) {
        const error = await t.throwsAsync(call({ backend, onProgress: listener }), undefined, how);
        t.is(error, own as never, how);
      }
      for (const thrown of [undefined, null, 'text']) {
        const ways: (() => unknown)[] = [
          () => {
            // eslint-disable-next-line @typescript-eslint/only-throw-error -- what is no Error is the matter here
            throw thrown;
          },
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- so here
          () => Promise.reject(thrown),
        ];
        for (const listener of ways) {
          const error = await t.throwsAsync(call({ backend, onProgress: listener }), {
            instanceOf: RidgeflowError,
            code: 'INVALID_ARGUMENT',
            message: /for onProgress .*it threw/,
          });
          t.is(error.cause, thrown);
        }
      }
    });
  }
}

test('a promise that a listener returns is waited for', async (t) => {
  let [open, most] = [0, 0];
  await library.sinkhorn(a, b, {
    epsilon: 0.5,
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- JavaScript callers do it
    onProgress: async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
    },
  });
  t.is(most, 1);
  t.is(open, 0);
});

test('a projector of the caller’s that returns something else is named', async (t) => {
  const fake = {
    imageShape: [2, 2],
    dataShape: [1, 2],
    project: async () => undefined,
    backproject: async () => undefined,
    select: () => fake,
  };
  const sinogram = ndarray([[1, 2]]);
  for (const method of [library.cgls, library.sirt, library.sart])
    await t.throwsAsync(method(sinogram, { projector: fake as never, iterations: 1 }), {
      instanceOf: RidgeflowError,
      code: 'INVALID_ARGUMENT',
      message: /projector\.(back)?project\(\)/,
    });
  await t.throwsAsync(library.cgls(sinogram, { projector: { ...fake, dataShape: 'x' } as never }), {
    code: 'INVALID_SHAPE',
    message: /projector\.dataShape/,
  });
});
