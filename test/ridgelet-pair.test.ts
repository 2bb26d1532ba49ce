import test from 'ava';
import { ACTIVATION_NAMES, activation, gaussianDerivative } from '../ts/core/activation.js';
import { functionOfTable } from '../ts/core/piecewise.js';
import { RidgeflowError } from '../ts/core/errors.js';
import { ridgeletPair } from '../ts/ridgelet/index.js';
import { hermiteFunction } from '../ts/ridgelet/hermite.js';

const close = (actual: number, expected: number, tolerance: number) =>
  Math.abs(actual - expected) <= tolerance * Math.max(Math.abs(expected), 1e-300);

// By Simpson's rule in ζ, from the definition: another rule, another variable, no logarithms.
test('((η, ψ)) = 1 by quadrature, for every activation and d = 1, 2, 3, 10', (t) => {
  for (const name of ACTIVATION_NAMES) {
    const { transform, atoms } = activation(name);
    for (const d of [1, 2, 3, 10]) {
      const pair = ridgeletPair(name, d);
      const integrand = (w: number) => {
        const [eta, psi] = [transform(w), pair.transform(w)];
        return (eta.re * psi.re + eta.im * psi.im) * w ** -d;
      };
      let sum = 0;
      const [from, to, steps] = [1e-6, 24, 6_000];
      const h = (to - from) / steps;
      for (let i = 0; i <= steps; i++) {
        sum += (i === 0 || i === steps ? 1 : i % 2 ? 4 : 2) * integrand(from + i * h);
      }
      sum *= (2 * h) / 3;
      for (const { frequency, mass } of atoms) {
        sum += mass.re * pair.transform(frequency).re * Math.abs(frequency) ** -d;
      }
      t.true(
        close((2 * Math.PI) ** (d - 1) * sum, 1, 1e-5),
        `${name} d = ${d}: ${(2 * Math.PI) ** (d - 1) * sum}`,
      );
    }
  }
});

test('the constant of the standard normal density and its second derivative in d = 2 is −2π√π', (t) => {
  const { constant, profile } = ridgeletPair('gaussian', 2);
  const size = gaussianDerivative(0, 2) / profile.value(0);
  t.true(close(constant.sign * Math.exp(constant.log) * size, -2 * Math.PI * Math.sqrt(Math.PI), 1e-12));
});

test('every activation has a pair in every dimension to 100', (t) => {
  for (const name of ACTIVATION_NAMES) {
    for (const d of [1, 2, 3, 4, 5, 8, 21, 64, 99, 100]) {
      const { constant, scale } = ridgeletPair(name, d);
      t.true(Number.isFinite(constant.log) && Number.isFinite(scale) && scale !== 0, `${name} ${d}`);
    }
  }
  // A narrow ridgelet has a constant far beyond what a number holds.
  const narrow = ridgeletPair('relu', 100, { width: 1000 });
  t.true(Math.abs(narrow.constant.log) > 600);
});

test('ψ̂ is the transform of ψ', (t) => {
  for (const pair of [
    ridgeletPair('relu', 2),
    ridgeletPair('tanh', 3, { width: 0.6 }),
    ridgeletPair({ value: (z) => (z > 0 ? z : Math.expm1(z)) }, 2),
  ]) {
    const reach = pair.profile.reach(1e-14);
    for (const w of [-2.3, 0.7, 1.9, 4.1]) {
      let [re, im] = [0, 0];
      const h = 1 / 64;
      for (let z = -reach; z <= reach; z += h) {
        re += h * pair.value(z) * Math.cos(w * z);
        im -= h * pair.value(z) * Math.sin(w * z);
      }
      const expected = pair.transform(w);
      const size = Math.abs(pair.scale) * 1e-8;
      t.true(
        Math.hypot(re - expected.re, im - expected.im) < size,
        `${w}: ${re} ${im} ${JSON.stringify(expected)}`,
      );
    }
  }
});

test('profiles: size 1, and no more than the tolerance beyond their reach and bandwidth', (t) => {
  const pairs = [
    ...[1, 2, 17, 64, 100].map((d) => ridgeletPair('relu', d)),
    ridgeletPair('step', 5, { width: 30 }),
    ridgeletPair({ value: (z) => z / (1 + Math.exp(-z)) }, 3),
    ridgeletPair({ value: (z) => (z > 0 ? z : Math.expm1(z)) }, 1),
  ];
  for (const { profile } of pairs) {
    for (const tolerance of [1e-3, 1e-8, 1e-13]) {
      const reach = profile.reach(tolerance);
      let inside = 0;
      for (let i = -1000; i <= 1000; i++) {
        inside = Math.max(inside, Math.abs(profile.value((i / 1000) * reach)));
        const outside = reach * (1.001 + Math.abs(i) / 200);
        t.true(
          Math.abs(profile.value((i < 0 ? -1 : 1) * outside)) <= tolerance,
          `${tolerance} at ${outside}: ${profile.value(outside)}`,
        );
      }
      t.true(inside > 0.8 && inside < 1.01, `${inside}`);
      const band = profile.bandwidth(tolerance);
      let most = 0;
      for (let i = 1; i <= 1000; i++) most = Math.max(most, Math.exp(profile.polar((band * i) / 1000).log));
      t.true(Math.exp(profile.polar(1.01 * band).log) <= tolerance * most * 1.01);
    }
  }
});

test('tables hold ψ₀ to their tolerance', (t) => {
  for (const pair of [
    ridgeletPair('relu', 1),
    ridgeletPair('tanh', 64),
    ridgeletPair('gaussian', 100),
    ridgeletPair({ value: (z) => (z > 0 ? z : Math.expm1(z)) }, 2),
  ]) {
    for (const [dtype, tolerance] of [
      ['float32', 1e-8],
      ['float64', 2e-14],
    ] as const) {
      const table = pair.table(dtype);
      const f = functionOfTable(table);
      t.is(pair.table(dtype), table);
      for (let z = -1.1 * table.to; z < 1.1 * table.to; z += table.to / 997) {
        t.true(Math.abs(f(z) - pair.profile.value(z)) < 3 * tolerance, `${dtype} at ${z}`);
      }
    }
  }
});

test('a formula and a transform of the same activation give the same pair', (t) => {
  for (const d of [1, 2, 7, 64]) {
    for (const name of ['relu', 'tanh', 'softplus', 'gelu', 'gaussian-derivative-3'] as const) {
      const { value, transform } = activation(name);
      const byFormula = ridgeletPair({ value }, d);
      const byTransform = ridgeletPair({ transform }, d);
      t.true(Math.abs(byFormula.constant.log - byTransform.constant.log) < 1e-6, `${name} ${d}`);
      t.true(close(byFormula.value(0.37), byTransform.value(0.37), 1e-5));
      t.is(byFormula.profile.parity, activation(name).parity);
    }
  }
});

test('hermiteFunction: closed forms', (t) => {
  for (const z of [-3, -0.2, 0, 1.4]) {
    t.true(
      Math.abs(hermiteFunction(z, 3) - ((z ** 3 - 3 * z) / Math.sqrt(6)) * Math.exp((-z * z) / 2)) < 1e-14,
    );
  }
  t.is(hermiteFunction(1e200, 50), 0);
});

test('inadmissible pairs say why', (t) => {
  const reasonOf = (make: () => unknown) => {
    const error = t.throws(make, { instanceOf: RidgeflowError });
    t.is(error?.code, 'INVALID_ARGUMENT');
    return error?.details.reason;
  };
  t.is(
    reasonOf(() => ridgeletPair('relu', 2, { order: 2 })),
    'divergent',
  );
  t.is(
    reasonOf(() => ridgeletPair('step', 3, { order: 3 })),
    'divergent',
  );
  t.is(
    reasonOf(() => ridgeletPair('tanh', 2, { order: 4 })),
    'zero',
  );
  t.is(
    reasonOf(() => ridgeletPair({ value: (z) => z * z - 1 }, 2)),
    'zero',
  );
  t.is(
    reasonOf(() => ridgeletPair({ value: () => 0 }, 2)),
    'zero',
  );
  t.is(
    reasonOf(() => ridgeletPair({ transform: () => ({ re: 0, im: 0 }) }, 2)),
    'zero',
  );
  t.is(
    reasonOf(() => ridgeletPair({ value: Math.exp }, 2)),
    'growth',
  );
  t.is(
    reasonOf(() => ridgeletPair({ transform: () => ({ re: NaN, im: 0 }) }, 2)),
    'transform',
  );
});

test('bad arguments of ridgeletPair', (t) => {
  const codeOf = (make: () => unknown) => t.throws(make, { instanceOf: RidgeflowError })?.code;
  for (const make of [
    () => ridgeletPair('swish' as 'relu', 2),
    () => ridgeletPair('relu', 0),
    () => ridgeletPair('relu', 101),
    () => ridgeletPair('relu', 1.5),
    () => ridgeletPair('relu', 2, { width: 0 }),
    () => ridgeletPair('relu', 2, { width: NaN }),
    () => ridgeletPair('relu', 2, { order: -1 }),
    () => ridgeletPair({}, 2),
    () => ridgeletPair({ value: 3 as unknown as () => number }, 2),
    () => ridgeletPair(null as unknown as 'relu', 2),
    () => ridgeletPair({ value: Math.tanh }, 2, { order: 4 }),
  ]) {
    t.is(codeOf(make), 'INVALID_ARGUMENT');
  }
  t.is(
    codeOf(() => ridgeletPair({ value: () => NaN }, 2)),
    'NON_FINITE',
  );
});
