import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '../../ts/core/array.js';

/**
 * Σ_i f(x_i) ψ(a·x_i − b)/n as a user of TensorFlow.js writes it, in its own operations, for ψ the second derivative of the
 * normal density (a table of another ψ would cost it more): two matrix products, and the nonlinearity on the whole matrix
 * between them. Units all at once: keep them few. The engine is set by useEngine of tfjs-score.ts.
 */
export function plainRidgelet(points: NdArray, values: NdArray, a: NdArray, b: NdArray): Float32Array {
  const [n, d] = points.shape;
  const [m] = a.shape;
  const result = tf.tidy(() => {
    const x = tf.tensor2d(points.data as Float32Array, [n, d]);
    const f = tf.tensor2d(values.data as Float32Array, [n, values.shape[1]]);
    const units = tf.tensor2d(a.data as Float32Array, [m, d]);
    const z = tf.sub(tf.matMul(units, x, false, true), tf.tensor2d(b.data as Float32Array, [m, 1]));
    const square = tf.square(z);
    const psi = tf.mul(tf.sub(square, 1), tf.exp(tf.mul(square, -0.5)));
    return tf.div(tf.matMul(psi, f), n * Math.sqrt(2 * Math.PI));
  });
  const out = result.dataSync() as Float32Array;
  result.dispose();
  return out;
}
