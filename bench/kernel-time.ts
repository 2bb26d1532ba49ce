import { loadBackend } from '../ts/kernel/backend.js';
import type { Kernels } from '../ts/kernel/contract.js';

/**
 * Runs `call` on the native backend and returns how long it took and how much of that the kernels did: what is left is
 * the overhead of everything above them.
 */
export async function withKernelTime(
  call: () => Promise<unknown>,
): Promise<{ seconds: number; kernelSeconds: number }> {
  const kernels = (await loadBackend('native')) as { -readonly [K in keyof Kernels]: Kernels[K] };
  const original = { ...kernels };
  let inside = 0;
  const timed =
    <A extends unknown[], R>(kernel: (...args: A) => Promise<R>) =>
    async (...args: A) => {
      const begin = performance.now();
      try {
        return await kernel(...args);
      } finally {
        inside += performance.now() - begin;
      }
    };
  kernels.score = timed(original.score);
  kernels.nearestNeighbours = timed(original.nearestNeighbours);
  kernels.matmul = timed(original.matmul);
  kernels.linearCombination = (out, terms) => {
    const begin = performance.now();
    original.linearCombination(out, terms);
    inside += performance.now() - begin;
  };
  try {
    const begin = performance.now();
    await call();
    return { seconds: (performance.now() - begin) / 1000, kernelSeconds: inside / 1000 };
  } finally {
    Object.assign(kernels, original);
  }
}
