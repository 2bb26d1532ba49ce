import * as tf from '@tensorflow/tfjs-core';
// Gradients register with it.
import '@tensorflow/tfjs-layers';
import type { NdArray } from '../../ts/core/array.js';

/**
 * Training a two-layer denoising autoencoder as a user of TensorFlow.js writes it: its gradients, its Adam, its random
 * numbers. Returns a function that runs so many steps of minibatches; dispose of it by the second.
 */
export function plainTraining(
  points: NdArray,
  { width, variance, batch, rate }: { width: number; variance: number; batch: number; rate: number },
): { run: (steps: number) => number; dispose: () => void } {
  const [n, d] = points.shape;
  const normal = (shape: [number, number], size: number) =>
    tf.tidy(() => tf.variable(tf.mul(tf.randomNormal(shape), size)));
  const weights = [normal([d, width], 1 / Math.sqrt(d)), normal([width, d], 1 / Math.sqrt(width))];
  const biases = [tf.variable(tf.zeros([width])), tf.variable(tf.zeros([d]))];
  const optimiser = tf.train.adam(rate);
  const all = tf.tensor2d(points.data as Float32Array, [n, d]);
  let at = 0;
  const step = () =>
    tf.tidy(() => {
      const first = at + batch > n ? (at = 0) : at;
      at += batch;
      const x = tf.slice(all, [first, 0], [batch, d]);
      const corrupted = tf.add(x, tf.mul(tf.randomNormal([batch, d]), Math.sqrt(variance)));
      const loss = optimiser.minimize(() => {
        const hidden = tf.tanh(tf.add(tf.matMul(corrupted, weights[0]), biases[0]));
        const moved = tf.add(tf.matMul(hidden, weights[1]), biases[1]);
        return tf.mean<tf.Scalar>(tf.sum(tf.square(tf.sub(moved, x)), 1));
      }, true);
      return loss!.dataSync()[0];
    });
  return {
    run(steps) {
      let loss = 0;
      for (let k = 0; k < steps; k++) loss = step();
      return loss;
    },
    dispose() {
      optimiser.dispose();
      tf.dispose([all, ...weights, ...biases]);
    },
  };
}
