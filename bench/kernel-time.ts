import { loadBackend } from '../ts/kernel/backend.js';

/** How long a call took, in seconds. */
export interface KernelTime {
  seconds: number;
  /** In kernels of any kind: what is left is the overhead of everything above them. */
  kernelSeconds: number;
  /** In kernels that make one pass over arrays, which an integrator calls between evaluations of its field. */
  passSeconds: number;
}

/** Those that are synchronous: everything heavier is a promise. */
const PASSES = ['linearCombination', 'squaredRowLengths', 'scaledError', 'firstNonFinite'] as const;

/** Runs `call` on the native backend and returns how long it took and how much of that the kernels did. */
export async function withKernelTime(call: () => Promise<unknown>): Promise<KernelTime> {
  const kernels = await loadBackend('native');
  const original = { ...kernels };
  const inside = { passes: 0, others: 0 };
  for (const [name, kernel] of Object.entries<unknown>({ ...original })) {
    if (typeof kernel !== 'function') continue;
    const kind = PASSES.some((pass) => pass === name) ? 'passes' : 'others';
    const timed = (...args: unknown[]): unknown => {
      const begin = performance.now();
      const note = () => (inside[kind] += performance.now() - begin);
      const result: unknown = Reflect.apply(kernel, undefined, args);
      if (result instanceof Promise) return result.finally(note);
      note();
      return result;
    };
    Object.assign(kernels, { [name]: timed });
  }
  try {
    const begin = performance.now();
    await call();
    const seconds = (performance.now() - begin) / 1000;
    const { passes, others } = inside;
    return { seconds, kernelSeconds: (passes + others) / 1000, passSeconds: passes / 1000 };
  } finally {
    Object.assign(kernels, original);
  }
}
