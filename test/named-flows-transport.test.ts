import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';
import { sinkhornDivergenceFlow, slicedWassersteinFlow } from '../ts/flow/index.js';
import { exactTransport, slicedWasserstein } from '../ts/transport/index.js';
import { backendNames, exactly } from './native.js';

function normals(n: number, d: number, seed: number, shift = 0, scale = 1): NdArray & { data: Float64Array } {
  const data = new Float64Array(n * d);
  new RandomStream(seed, 'sample').fillNormal(data);
  return { data: data.map((v) => shift + scale * v), shape: [n, d] };
}

exactly('on the line the sliced flow moves every particle to its quantile, as exp(−t)', async (t) => {
  const [start, target] = [normals(30, 1, 1), normals(30, 1, 2, 5, 2)];
  const { end } = await slicedWassersteinFlow(target, { to: 1.5 }).transport(start, {
    tolerance: { relative: 1e-9 },
  });
  const sorted = target.data.slice().sort();
  const order = Array.from({ length: 30 }, (_, i) => i).sort((i, j) => start.data[i] - start.data[j]);
  order.forEach((row, rank) => {
    const expected = sorted[rank] + Math.exp(-1.5) * (start.data[row] - sorted[rank]);
    t.true(Math.abs(end.positions.data[row] - expected) < 1e-6);
  });
});

exactly('with other numbers of particles each goes to its share of the quantiles', async (t) => {
  const target = ndarray([[0], [1], [2], [3]], undefined, 'float64');
  const go = async (start: number[]) => {
    const cloud = ndarray(start, [start.length, 1], 'float64');
    const { velocity } = await slicedWassersteinFlow(target, { to: 1 }).field.evaluate(cloud, 0, {});
    return start.map((x, i) => x + velocity.data[i]);
  };
  const close = (a: number[], b: number[]) =>
    a.forEach((v, i) => t.true(Math.abs(v - b[i]) < 1e-12, `${a.join()}`));
  close(await go([5, -5]), [2.5, 0.5]);
  close(await go([0, 1, 2, 3, 4, 5, 6, 7]), [0, 0, 1, 1, 2, 2, 3, 3]);
  close(await go([0, 0.1, 0.2]), [0.25, 1.5, 2.75]);
});

for (const step of [undefined, 0.1]) {
  exactly(`the sliced flow carries a cloud to its target in the plane, step = ${step}`, async (t) => {
    const [start, target] = [normals(150, 2, 1), normals(100, 2, 2, 4, 0.5)];
    const flow = slicedWassersteinFlow(target, { to: 12, step });
    const { states } = await flow.transport(start, {
      saveAt: [2],
      tolerance: step ? undefined : { relative: 1e-3 },
    });
    const distances: number[] = [];
    for (const { positions } of states) {
      distances.push(Math.sqrt((await exactTransport(positions, target)).cost));
    }
    t.true(distances[0] > 5 && distances[1] < 0.5 * distances[0] && distances[2] < 0.3, distances.join(', '));
    t.true((await slicedWasserstein(states[2].positions, states[2].positions)).value < 1e-6);
  });
}

exactly('the Sinkhorn divergence flow shifts a cloud along the line between, as exp(−t)', async (t) => {
  const start = normals(40, 2, 3);
  const target = { data: start.data.map((v, i) => v + (i % 2 ? -1 : 3)), shape: start.shape };
  const flow = sinkhornDivergenceFlow(target, {
    epsilon: 0.5,
    tolerance: 1e-9,
    maximumIterations: 100_000,
    to: 1,
  });
  const { end } = await flow.transport(start, { tolerance: { relative: 1e-6 } });
  end.positions.data.forEach((v, i) => {
    const expected = target.data[i] + Math.exp(-1) * (start.data[i] - target.data[i]);
    t.true(Math.abs(v - expected) < 1e-4, `${v}, not ${expected}`);
  });
});

exactly('the Sinkhorn divergence flow carries a cloud to another', async (t) => {
  const [start, target] = [normals(60, 2, 4), normals(50, 2, 5, 3, 0.6)];
  const flow = sinkhornDivergenceFlow(target, { epsilon: 0.1, to: 5 });
  const { end } = await flow.transport(start, { step: { steps: 15 } });
  const before = (await exactTransport(start, target)).cost;
  t.true((await exactTransport(end.positions, target)).cost < 0.02 * before);
  await t.throwsAsync(
    sinkhornDivergenceFlow(target, { epsilon: 1e-3, maximumIterations: 1, to: 1 }).transport(start),
    {
      code: 'NOT_CONVERGED',
    },
  );
});

for (const backend of backendNames) {
  test(`${backend}: both flows run in float32 and stop when asked`, async (t) => {
    const [start, target] = [normals(20, 2, 6), normals(20, 2, 7, 1)];
    for (const flow of [
      slicedWassersteinFlow(target, { to: 0.5 }),
      sinkhornDivergenceFlow(target, { epsilon: 1, to: 0.5 }),
    ]) {
      const options = { backend, dtype: 'float32' as const, step: { steps: 2 } };
      const { end } = await flow.transport(start, options);
      const moved = end.positions.data.map((v: number, i: number) => v - start.data[i]);
      const mean = Array.from(moved).reduce((sum, v) => sum + v, 0) / moved.length;
      t.true(mean > 0.15 && mean < 0.6, `${flow.name}: ${mean}`);
      await t.throwsAsync(flow.transport(start, { ...options, signal: AbortSignal.abort() }), {
        code: 'ABORTED',
      });
    }
  });
}

test('bad input is refused with its code', async (t) => {
  const target = ndarray([
    [0, 1],
    [2, 3],
  ]);
  const refuse = (code: string, call: () => unknown) => t.throws(call, { code });
  refuse('INVALID_ARGUMENT', () => slicedWassersteinFlow(target, { to: 0 }));
  refuse('INVALID_ARGUMENT', () => slicedWassersteinFlow(target, { to: 1, directions: 0 }));
  refuse('INVALID_ARGUMENT', () => slicedWassersteinFlow(target, { to: 1, step: -1 }));
  refuse('INVALID_ARGUMENT', () => sinkhornDivergenceFlow(target, { to: 1, epsilon: 0 }));
  refuse('INVALID_SHAPE', () => slicedWassersteinFlow({ data: target.data, shape: [4] }, { to: 1 }));
  refuse('EMPTY_CLOUD', () =>
    sinkhornDivergenceFlow({ data: new Float32Array(0), shape: [0, 2] }, { to: 1, epsilon: 1 }),
  );
  const bad = ndarray([
    [0, NaN],
    [2, 3],
  ]);
  await t.throwsAsync(slicedWassersteinFlow(bad, { to: 1 }).transport(target), { code: 'NON_FINITE' });
  await t.throwsAsync(sinkhornDivergenceFlow(bad, { to: 1, epsilon: 1 }).transport(target), {
    code: 'NON_FINITE',
  });
  await t.throwsAsync(slicedWassersteinFlow(target, { to: 1 }).transport(ndarray([[1], [2]])), {
    code: 'INVALID_SHAPE',
  });
});
