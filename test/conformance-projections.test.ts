import test from 'ava';
import { type FloatData, allocate } from '../ts/core/array.js';
import { Differences, combinations } from './conformance-backends.js';
import { Random } from './reference/random.js';

for (const { kernels, dtype, tolerance, title } of combinations) {
  test(`${title}: binProjections and projectionExtents do what their definitions say`, async (t) => {
    const random = new Random(71);
    const differences = new Differences();
    for (const [n, d, count] of [
      [1, 1, 1],
      [17, 3, 2],
      [513, 5, 33],
      [300, 4500, 2],
      [2100, 2, 1],
    ]) {
      const normals = (rows: number, columns: number) => {
        const data: FloatData = allocate(dtype, rows * columns, 'normals');
        data.forEach((_, i) => (data[i] = random.normal() / Math.sqrt(columns)));
        return { data, rows, columns };
      };
      const points = normals(n, d);
      const directions = normals(count, d);
      const weights = Float64Array.from({ length: n }, () => random.uniform());
      const projection = (line: number, i: number) => {
        let sum = 0;
        for (let k = 0; k < d; k++) sum += directions.data[line * d + k] * points.data[i * d + k];
        return sum;
      };
      const values = Array.from({ length: count * n }, (_, i) => projection(Math.floor(i / n), i % n));

      const before = -0.01;
      const extents = Float64Array.from({ length: 2 * count }, () => before);
      await kernels.projectionExtents({ points, directions, extents });
      const lines = Array.from({ length: count }, (_, line) => values.slice(line * n, (line + 1) * n));
      const expected = lines.flatMap((line) => [Math.min(before, ...line), Math.max(before, ...line)]);
      differences.compare(`extents of ${n} × ${d}`, extents, expected, () => tolerance);

      for (const smooth of [false, true]) {
        for (const given of [undefined, weights]) {
          const bins = { first: -0.55, spacing: 0.11, width: 11, smooth };
          const sums = new Float64Array(count * bins.width).fill(1);
          await kernels.binProjections({ points, directions, weights: given, bins, sums });
          const wanted = new Float64Array(sums.length).fill(1);
          // A value on the edge of a bin may fall to either side: what such values weigh.
          const doubtful = new Float64Array(sums.length).fill(tolerance * n);
          values.forEach((value, j) => {
            const base = Math.floor(j / n) * bins.width;
            const weight = given ? given[j % n] : 1;
            const place = (value - bins.first) / bins.spacing;
            const cell = Math.floor(smooth ? place : place + 0.5);
            if (smooth ? cell < 1 || cell > bins.width - 3 : cell < 0 || cell >= bins.width) return;
            if (!smooth) {
              wanted[base + cell] += weight;
              return;
            }
            const cubic = (x: number) =>
              x < 1 ? (4 - 6 * x ** 2 + 3 * x ** 3) / 6 : Math.max(0, 2 - x) ** 3 / 6;
            for (let k = cell - 1; k <= cell + 2; k++)
              wanted[base + k] += weight * cubic(Math.abs(place - k));
          });
          values.forEach((value, j) => {
            const place = (value - bins.first) / bins.spacing + (smooth ? 0 : 0.5);
            if (Math.abs(place - Math.round(place)) > 1e-4) return;
            const base = Math.floor(j / n) * bins.width;
            for (let k = 0; k < bins.width; k++)
              if (Math.abs(k - place) < 3) doubtful[base + k] += given ? given[j % n] : 1;
          });
          differences.compare(
            `${n} × ${d} on ${count}, smooth ${smooth}, weights ${given !== undefined}`,
            sums,
            wanted,
            (i) => doubtful[i],
          );
        }
      }
    }
    t.deepEqual(differences.found, []);
  });
}
