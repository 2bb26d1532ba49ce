import test from 'ava';
import { RandomStream } from '../ts/core/random.js';
import { localStretch } from '../ts/flow/index.js';

function gaussian(...shape: number[]) {
  const data = new Float64Array(shape.reduce((a, b) => a * b, 1));
  new RandomStream(1, 'sample').fillNormal(data);
  return { data, shape };
}

test('local stretch: singular values of any matrix', async (t) => {
  // Rows of U diag(s) Vᵀ with rotations U and V; the small value is far below what MᵀM could hold.
  const rotation = (angle: number) => [
    [Math.cos(angle), -Math.sin(angle)],
    [Math.sin(angle), Math.cos(angle)],
  ];
  const product = (a: number[][], b: number[][]) =>
    a.map((row) => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)));
  const scaled = (s: readonly number[]) => [
    [s[0], 0],
    [0, s[1]],
  ];
  const values = [
    [3, 2],
    [1, 1e-9],
    [5, 5],
    [0, 0],
  ];
  const data = values.flatMap((s, i) =>
    product(product(rotation(i + 0.3), scaled(s)), rotation(2 * i + 1)).flat(),
  );
  const { data: found, shape } = await localStretch({ data: Float64Array.from(data), shape: [4, 2, 2] });
  t.deepEqual(shape, [4, 2]);
  values
    .flat()
    .forEach((value, i) => t.true(Math.abs(found[i] - value) <= 1e-15 + 1e-6 * value, `${found[i]}`));
  // Frobenius norm and determinant of a larger one.
  const large = gaussian(3, 20, 20);
  const singular = await localStretch(large);
  for (let i = 0; i < 3; i++) {
    const row = Array.from(singular.data.subarray(i * 20, (i + 1) * 20));
    const frobenius = Math.hypot(...large.data.subarray(i * 400, (i + 1) * 400));
    t.true(Math.abs(Math.hypot(...row) - frobenius) < 1e-10);
    t.deepEqual(
      row,
      [...row].sort((a, b) => b - a),
    );
    t.true(row[19] > 0);
  }
  await t.throwsAsync(localStretch(gaussian(4, 2)), { code: 'INVALID_SHAPE', message: /\[n, d, d\]/ });
  await t.throwsAsync(localStretch({ data: new Float64Array(12), shape: [2, 2, 3] }), {
    code: 'INVALID_SHAPE',
  });
});
