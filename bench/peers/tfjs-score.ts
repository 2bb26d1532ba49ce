import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '../../ts/core/array.js';

/**
 * The score as a user of TensorFlow.js writes it, in its own operations: squared distances by a matrix product, a
 * softmax, a second product. Queries all at once: keep them few. Returns what ridgeflow's `score` does.
 */
export function plainScore(queries: NdArray, centres: NdArray, variance: number): Float32Array[] {
  const [n, d] = queries.shape;
  const m = centres.shape[0];
  const results = tf.tidy(() => {
    const x = tf.tensor2d(queries.data as Float32Array, [n, d]);
    const c = tf.tensor2d(centres.data as Float32Array, [m, d]);
    const xSquare = tf.sum(tf.square(x), 1, true);
    const cSquare = tf.sum(tf.square(c), 1);
    const squares = tf.sub(tf.add(xSquare, cSquare), tf.mul(tf.matMul(x, c, false, true), 2));
    const logits = tf.div(squares, -2 * variance);
    const weights = tf.softmax(logits);
    const mean = tf.matMul(weights, c);
    const moment = tf.squeeze(tf.matMul(weights, tf.expandDims(cSquare, 1)), [1]);
    const trace = tf.sub(moment, tf.sum(tf.square(mean), 1));
    const logNormaliser = (d / 2) * Math.log(2 * Math.PI * variance) + Math.log(m);
    const logDensity = tf.sub(tf.logSumExp(logits, 1), logNormaliser);
    return [mean, logDensity, tf.div(tf.sub(tf.div(trace, variance), d), variance)];
  });
  const values = results.map((tensor) => tensor.dataSync() as Float32Array);
  tf.dispose(results);
  return values;
}

/** Makes an engine of TensorFlow.js the current one; false where it does not load. */
export async function useEngine(name: 'tfjs-node' | 'tfjs-wasm' | 'tfjs-cpu'): Promise<boolean> {
  const require = createRequire(import.meta.url);
  try {
    if (name === 'tfjs-node') {
      require('@tensorflow/tfjs-node');
      await tf.setBackend('tensorflow');
    } else if (name === 'tfjs-wasm') {
      const wasm = await import('@tensorflow/tfjs-backend-wasm');
      wasm.setWasmPaths(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep);
      await tf.setBackend('wasm');
    } else {
      await import('@tensorflow/tfjs-backend-cpu');
      await tf.setBackend('cpu');
    }
    await tf.ready();
    return true;
  } catch {
    return false;
  }
}
