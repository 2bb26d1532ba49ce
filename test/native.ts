import test, { type TestFn } from 'ava';
import type { DType } from '../ts/core/array.js';
import { RidgeflowError } from '../ts/core/errors.js';
import { loadAddon } from '../ts/kernel/native/addon.js';

function loads(): boolean {
  try {
    loadAddon();
    return true;
  } catch (error) {
    if (error instanceof RidgeflowError) return false;
    throw error;
  }
}

const nativeLoads = loads();

/** The native backend where it loads, and the best of the fallback that is always there. */
export const backendNames: readonly ('native' | 'tfjs-wasm')[] = nativeLoads
  ? ['native', 'tfjs-wasm']
  : ['tfjs-wasm'];

/** These backends with each element type they compute in. */
export const places: readonly { backend: 'native' | 'tfjs-wasm'; dtype: DType }[] = backendNames.flatMap(
  (backend) =>
    (backend === 'native' ? (['float64', 'float32'] as const) : (['float32'] as const)).map((dtype) => ({
      backend,
      dtype,
    })),
);

/** Tests in float64, which only the native backend has. */
export const exactly: TestFn | TestFn['skip'] = nativeLoads ? test : test.skip;
