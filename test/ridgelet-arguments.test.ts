import { ndarray } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import {
  dualRidgeletTransform,
  functionOnGrid,
  normalisedReconstruction,
  ridgeletPair,
  ridgeletTransform,
  ridgeletTransformOfMeasure,
} from '../ts/ridgelet/index.js';
import { exactly } from './native.js';
import { normals } from './reference/ridgelet.js';

exactly('bad arguments', async (t) => {
  const pair = ridgeletPair('relu', 2);
  const [points, a, b] = [normals(1, [5, 2]), normals(2, [4, 2]), normals(3, [4])];
  const nan = ndarray(Float64Array.of(1, NaN, 0, 2), [2, 2]);
  const rejects = async (call: () => Promise<unknown>, code: ErrorCode) => {
    const error = await t.throwsAsync(call, { instanceOf: RidgeflowError });
    t.is(error?.code, code, error?.message);
  };
  const bad = undefined as never;
  await rejects(() => ridgeletTransform(bad, { a, b }, { pair }), 'INVALID_ARGUMENT');
  await rejects(() => ridgeletTransform({ points }, bad, { pair }), 'INVALID_ARGUMENT');
  await rejects(() => ridgeletTransform({ points }, { a, b }, { pair: bad }), 'INVALID_ARGUMENT');
  await rejects(() => ridgeletTransform({ points: normals(1, [0, 2]) }, { a, b }, { pair }), 'EMPTY_CLOUD');
  await rejects(
    () => ridgeletTransform({ points }, { a: normals(1, [0, 2]), b: normals(1, [0]) }, { pair }),
    'EMPTY_CLOUD',
  );
  await rejects(() => ridgeletTransform({ points: normals(1, [5, 3]) }, { a, b }, { pair }), 'INVALID_SHAPE');
  await rejects(() => ridgeletTransform({ points }, { a, b: normals(1, [3]) }, { pair }), 'INVALID_SHAPE');
  await rejects(
    () => ridgeletTransform({ points, values: normals(1, [4, 1]) }, { a, b }, { pair }),
    'INVALID_SHAPE',
  );
  await rejects(
    () => ridgeletTransform({ points, weights: normals(1, [4]) }, { a, b }, { pair }),
    'INVALID_SHAPE',
  );
  await rejects(() => ridgeletTransform({ points: nan }, { a, b }, { pair }), 'NON_FINITE');
  await rejects(() => ridgeletTransform({ points }, { a: nan, b: normals(1, [2]) }, { pair }), 'NON_FINITE');
  await rejects(
    () => ridgeletTransform({ points }, { a, b }, { pair, dtype: 'float64', backend: 'tfjs-cpu' }),
    'UNSUPPORTED',
  );
  await rejects(
    () => ridgeletTransform({ points }, { a, b }, { pair, signal: AbortSignal.abort() }),
    'ABORTED',
  );
  const extreme = ridgeletPair('relu', 100, { width: 1000 });
  const [x100, a100] = [normals(1, [3, 100]), normals(2, [4, 100])];
  await rejects(
    () => ridgeletTransform({ points: x100 }, { a: a100, b }, { pair: extreme, dtype: 'float32' }),
    'INVALID_ARGUMENT',
  );
  await t.notThrowsAsync(
    ridgeletTransform({ points: x100 }, { a: a100, b }, { pair: extreme, normalisation: 'profile' }),
  );
  await rejects(
    () => dualRidgeletTransform(points, { a, b, coefficients: normals(1, [3]) }, { activation: pair }),
    'INVALID_SHAPE',
  );
  await rejects(
    () => dualRidgeletTransform(points, { a, b, coefficients: b }, { activation: 'x' as 'relu' }),
    'INVALID_ARGUMENT',
  );
  await rejects(() => ridgeletTransformOfMeasure({} as never, { a, b }, { pair }), 'INVALID_ARGUMENT');
  await rejects(
    () => dualRidgeletTransform(points, undefined as never, { activation: pair }),
    'INVALID_ARGUMENT',
  );
  await rejects(
    () =>
      normalisedReconstruction(points, { a, b, coefficients: b }, undefined as never, { activation: pair }),
    'INVALID_ARGUMENT',
  );
  await rejects(
    () => normalisedReconstruction(points, { a, b, coefficients: b }, normals(1, [3]), { activation: pair }),
    'INVALID_SHAPE',
  );
  for (const call of [
    () => functionOnGrid(normals(1, [2, 2, 2, 2]), { from: [0, 0, 0, 0], spacing: 1 }),
    () => functionOnGrid(normals(1, [2, 2]), { from: [0], spacing: 1 }),
    () => functionOnGrid(normals(1, [2, 2]), { from: [0, 0], spacing: 0 }),
  ]) {
    const code = t.throws(call, { instanceOf: RidgeflowError })?.code;
    t.true(code === 'INVALID_SHAPE' || code === 'INVALID_ARGUMENT', code);
  }
});
