import type { NdArray } from '../ts/core/array.js';
import { compareDepths } from '../ts/dae/index.js';
import { flowScoreTolerance } from '../ts/dae/transport-cloud.js';
import { exactly } from './native.js';
import { Random } from './reference/random.js';

/** Points about some places, in float32. */
function clusters(n: number, d: number, places: number, seed: number): NdArray {
  const random = new Random(seed);
  const centres = random.normals(places * d).map((value) => 3 * value);
  const data = Float32Array.from(random.normals(n * d), (value, i) => {
    const place = Math.floor(i / d) % places;
    return centres[place * d + (i % d)] + value;
  });
  return { data, shape: [n, d] };
}

exactly('the tolerance of sums follows from that of the flow', (t) => {
  t.is(flowScoreTolerance('float64', 784), 1e-10);
  t.is(flowScoreTolerance('float32', 784), 1e-3);
  for (const d of [1, 2, 3, 64, 784, 5000]) {
    const tolerance = flowScoreTolerance('float32', d);
    t.true(tolerance > 1e-6 && tolerance <= 1e-3 && tolerance <= 1e-4 * Math.sqrt(d));
  }
});

for (const [n, d] of [
  [2500, 3],
  [2000, 8],
  [1500, 64],
]) {
  exactly(`sums within the default tolerance move no number of a comparison, d = ${d}`, async (t) => {
    const cloud = clusters(n, d, 10, d);
    const smoothing = d === 3 ? 0.1 : 0.3;
    const run = (scoreTolerance?: number) =>
      compareDepths(cloud, { depths: [1, 4, 'continuous'], smoothing, scoreTolerance, snapshots: 2 });
    const [exact, fast] = [await run(0), await run()];
    const width = Math.sqrt(smoothing * d);
    for (const [i, a] of exact.runs.entries()) {
      const b = fast.runs[i];
      const where = `depth ${a.depth}`;
      // What the integrator is held to, over a few steps; layers are compared by the same measure.
      t.true(Math.abs(b.finalSmoothing / a.finalSmoothing - 1) < 1e-4, where);
      for (const name of ['displacement', 'w2', 'slicedW2'] as const)
        t.true(Math.abs(b[name] - a[name]) < 1e-3 * width, `${where} ${name}: ${a[name]} ${b[name]}`);
      t.true(Math.abs(b.action / a.action - 1) < 1e-3, `${where} action: ${a.action} ${b.action}`);
      t.true(Math.abs(b.straightness / a.straightness - 1) < 3e-3, where);
      // A thousandth of a nat in every dimension, far below the estimate's own standard error.
      t.true(Math.abs(b.entropy - a.entropy) < 1e-3 * d, `${where} entropy: ${a.entropy} ${b.entropy}`);
    }
  });
}
