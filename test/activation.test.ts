import test from 'ava';
import { ACTIVATION_NAMES, activation, gaussianDerivative } from '../ts/core/activation.js';
import { RidgeflowError } from '../ts/core/errors.js';

const names = ACTIVATION_NAMES;

test('activations: the derivative is the limit of differences, away from kinks', (t) => {
  for (const name of names) {
    const { value, derivative } = activation(name);
    for (const z of [-7.3, -2.1, -0.4, 0.3, 1.7, 6.2]) {
      const h = 1e-4;
      const slope = (8 * (value(z + h) - value(z - h)) - (value(z + 2 * h) - value(z - 2 * h))) / (12 * h);
      t.true(Math.abs(slope - derivative(z)) < 1e-9 * (1 + Math.abs(slope)), `${name} at ${z}`);
    }
  }
});

test('activations: finite and exact in the tails', (t) => {
  for (const name of names) {
    for (const z of [-1e300, -800, 800, 1e300]) {
      const { value, derivative } = activation(name);
      t.true(Number.isFinite(value(z)) && Number.isFinite(derivative(z)), `${name} at ${z}`);
    }
  }
  const close = (actual: number, expected: number) => {
    t.true(Math.abs(actual / expected - 1) < 1e-14, `${actual}, expected ${expected}`);
  };
  close(activation('sigmoid').value(-40), Math.exp(-40));
  close(activation('softplus').value(-40), Math.exp(-40));
  close(activation('tanh').derivative(30), 4 * Math.exp(-60));
  t.is(activation('softplus').value(900), 900);
  // Φ(1), and −5 Φ(−5).
  close(activation('gelu').value(1), 0.841344746068543);
  close(activation('gelu').value(-5), -5 * 2.866515718791939e-7);
  t.is(activation('gelu').value(900), 900);
  t.is(activation('relu').derivative(0), 0);
  t.is(activation('step').value(0), 0);
  close(gaussianDerivative(1.5, 3), -(1.5 ** 3 - 3 * 1.5) * gaussianDerivative(1.5, 0));
});

// ∫ η g = (1/2π) ∫ η̂ ĝ* dζ for a Schwartz function g whose transform vanishes to high order at 0. With
// ĝ(ζ) = (iζ)^p e^{−(sζ)²/2}·e^{iζc}, g is the p-th derivative of a Gaussian of width s, moved to −c.
test('activations: the Fourier transform agrees with the function, by Parseval', (t) => {
  for (const name of names) {
    const { value, transform, atoms } = activation(name);
    for (const [p, s, c] of [
      [4, 1, 0.3],
      [5, 0.7, -0.8],
    ]) {
      let space = 0;
      const h = 1 / 512;
      for (let z = -24 + h / 2; z < 24; z += h) {
        space += h * value(z) * gaussianDerivative((z + c) / s, p) * s ** (-p - 1);
      }
      // ĝ* = (−iζ)^p e^{−(sζ)²/2} e^{−iζc}; the integrand at −ζ is the conjugate of that at ζ.
      const size = (w: number) => w ** p * Math.exp(-((s * w) ** 2) / 2);
      const realPart = (w: number, { re, im }: { re: number; im: number }) => {
        const angle = (-Math.PI / 2) * p - w * c;
        return size(w) * (re * Math.cos(angle) - im * Math.sin(angle));
      };
      let frequency = 0;
      for (let w = h / 2; w < 24; w += h) frequency += 2 * h * realPart(w, transform(w));
      for (const atom of atoms) if (atom.frequency > 0) frequency += 2 * realPart(atom.frequency, atom.mass);
      frequency /= 2 * Math.PI;
      t.true(
        Math.abs(space - frequency) < 1e-4 * (0.1 + Math.abs(space)),
        `${name} ${p}: ${space} ${frequency}`,
      );
    }
  }
});

test('activations: parity and singularity say what the transform does', (t) => {
  for (const name of names) {
    const { transform, parity, singularity } = activation(name);
    for (const w of [0.1, 0.9, 2.3]) {
      const [plus, minus] = [transform(w), transform(-w)];
      t.true(Math.abs(plus.re - minus.re) + Math.abs(plus.im + minus.im) < 1e-14, name);
      t.is(parity === 'even' ? plus.im : plus.re, 0, name);
    }
    if (!Number.isFinite(singularity)) continue;
    const size = (w: number) => Math.hypot(transform(w).re, transform(w).im);
    const exponent = Math.log(size(1e-3) / size(2e-3)) / Math.LN2;
    t.true(Math.abs(exponent - singularity) < 1e-3, name);
  }
});

test('activations: an unknown name', (t) => {
  const error = t.throws(() => activation('swish' as 'relu'), { instanceOf: RidgeflowError });
  t.is(error?.code, 'INVALID_ARGUMENT');
});
