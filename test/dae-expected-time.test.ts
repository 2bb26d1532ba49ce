import type { NdArray } from '../ts/core/array.js';
import { expectedTime } from '../ts/dae/expected-time.js';
import { loadBackend } from '../ts/kernel/backend.js';
import { exactly } from './native.js';

const cloudOf = (n: number, d: number): NdArray => ({
  data: Float32Array.from({ length: n * d }, (_, i) => Math.sin(i * i)),
  shape: [n, d],
});

exactly('how long a comparison takes is asked of large clouds only', async (t) => {
  const kernels = await loadBackend('native');
  for (const [n, d] of [
    [200, 784],
    [100_000, 3],
  ])
    t.is(await expectedTime(kernels, cloudOf(n, d), [1], 1, {}), undefined);
  const large = cloudOf(12_000, 128);
  const expected = await expectedTime(kernels, large, [1, 2, 4], 1, {});
  t.is(expected?.evaluations, 7);
  t.true(expected !== undefined && expected.seconds > 0 && Number.isFinite(expected.seconds));
  t.true((await expectedTime(kernels, large, ['continuous'], 1, {}))!.evaluations > 7);
  const signal = AbortSignal.abort();
  await t.throwsAsync(expectedTime(kernels, large, [1], 1, { signal }), { code: 'ABORTED' });
});
