import test from 'ava';
import { analyseBlocks, residualNetwork, shallowNetwork } from '../ts/network/index.js';
import { normals } from './network-models.js';

const D = 2;
const POINTS = 120;
const STRENGTH = 0.6;
const REPEATS = 100;

/** Mean of f over the standard normal law, by the trapezium rule, exact to rounding for smooth f. */
function expectation(f: (x: number) => number): number {
  const step = 0.01;
  let sum = 0;
  for (let x = -9; x <= 9; x += step) sum += f(x) * Math.exp((-x * x) / 2);
  return (sum * step) / Math.sqrt(2 * Math.PI);
}

test('intervals of 95 % hold what is true in about 95 of 100 samples: volume, divergence, entropy by neighbours', async (t) => {
  // x + s tanh(x), coordinate by coordinate: its Jacobian is diagonal, 1 + s/cosh²(x).
  const one = { data: Float32Array.of(1, 0, 0, 1), shape: [D, D] };
  const C = { data: one.data.map((value) => STRENGTH * value), shape: [D, D] };
  const b = { data: new Float32Array(D), shape: [D] };
  const network = shallowNetwork({ activation: 'tanh', A: one, b, C });
  const block = residualNetwork({ layers: [{ network, step: 1 }] });
  const slope = (x: number) => STRENGTH / Math.cosh(x) ** 2;
  const volume = D * expectation((x) => Math.log1p(slope(x)));
  const truth = { volume, divergence: D * expectation(slope), entropy: volume };
  const held = { volume: 0, divergence: 0, entropy: 0 };
  const all = normals(REPEATS * POINTS, D);
  for (let r = 0; r < REPEATS; r++) {
    const x = { data: all.data.slice(r * POINTS * D, (r + 1) * POINTS * D), shape: [POINTS, D] };
    const [{ logDeterminant, local, entropyChange }] = (await analyseBlocks([block], x, { seed: r })).blocks;
    const found = { volume: logDeterminant!, divergence: local!.divergence, entropy: entropyChange! };
    for (const name of ['volume', 'divergence', 'entropy'] as const) {
      const { value, standardError } = found[name];
      if (Math.abs(value - truth[name]) <= 1.96 * standardError) held[name]++;
    }
  }
  // Of 100 at 95 %, 4.6 standard deviations below are 85; none may be so wide that it always holds.
  for (const [name, count] of Object.entries(held))
    t.true(count >= 85 && count < REPEATS, `${name}: ${count}`);
});
