// The engines of TensorFlow.js share settings of one process.
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { loadEngine } from '../ts/kernel/tfjs/engine.js';

test('an engine computes while another one is being loaded', async (t) => {
  const cpu = await loadEngine('tfjs-cpu');
  let isLoading = true;
  const loading = loadEngine('tfjs-wasm').finally(() => (isLoading = false));
  let products = 0;
  while (isLoading) {
    t.deepEqual(cpu.product(Float32Array.of(2), Float32Array.of(3), 1, 1, 1), Float32Array.of(6));
    products++;
    await setImmediate();
  }
  t.true(products > 1);
  const wasm = await loading;
  t.deepEqual(wasm.product(Float32Array.of(2), Float32Array.of(3), 1, 1, 1), Float32Array.of(6));
});
