import { type FloatData, allocate, elementCount } from '../../core/array.js';
import { Pace } from '../../core/pace.js';
import type { Kernels, LineProblem, RunControl, XrayProblem } from '../contract.js';

// Loops along rays: TensorFlow.js has no operation that fits.

/** Calls `visit(line, pixel, weight)` for the two pixels on either side of a line in every row, or column, it crosses. */
async function forEachPixel(
  { rows, columns, pixelSize, lines }: LineProblem,
  run: RunControl | undefined,
  visit: (line: number, pixel: number, weight: number) => void,
): Promise<void> {
  const count = lines.length / 2;
  const pace = new Pace(run, count);
  for (let line = 0; line < count; line++) {
    const [cosine, sine] = [Math.cos(lines[2 * line]), Math.sin(lines[2 * line])];
    const place = lines[2 * line + 1] / pixelSize;
    const steep = Math.abs(cosine) >= Math.abs(sine);
    const [extent, across] = steep ? [rows, columns] : [columns, rows];
    const [stride, step] = steep ? [columns, 1] : [1, columns];
    const [middleRow, middleColumn] = [(rows - 1) / 2, (columns - 1) / 2];
    const slope = steep ? sine / cosine : cosine / sine;
    const intercept = steep
      ? middleColumn + (place - middleRow * sine) / cosine
      : middleRow - (place + middleColumn * cosine) / sine;
    const scale = pixelSize / Math.max(Math.abs(cosine), Math.abs(sine));
    for (let i = 0; i < extent; i++) {
      const at = intercept + slope * i;
      if (!(at > -1 && at < across)) continue;
      const below = Math.floor(at);
      const fraction = at - below;
      if (below >= 0) visit(line, i * stride + below * step, scale * (1 - fraction));
      if (below + 1 < across) visit(line, i * stride + (below + 1) * step, scale * fraction);
    }
    await pace.tick(1);
  }
  await pace.finish();
}

/** {@link Kernels.integrateLines}, summed in float64. */
export async function integrateLines(
  problem: Parameters<Kernels['integrateLines']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const { image, lines } = problem;
  const sums = allocate('float64', lines.length / 2, 'line integrals');
  await forEachPixel(problem, run, (line, pixel, weight) => {
    sums[line] += weight * image[pixel];
  });
  return Float32Array.from(sums);
}

/** {@link Kernels.backprojectLineIntegrals}, summed in float64. */
export async function backprojectLineIntegrals(
  problem: Parameters<Kernels['backprojectLineIntegrals']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const { integrals, rows, columns } = problem;
  const sums = allocate('float64', rows * columns, 'an image');
  await forEachPixel(problem, run, (line, pixel, weight) => {
    sums[pixel] += weight * integrals[line];
  });
  return Float32Array.from(sums);
}

/** Calls `visit(ray, cell, weight)` for the four cells around a ray in every plane of cells it crosses. */
async function forEachCell(
  { extents, cellSize, views, detectorRows, detectorColumns }: XrayProblem,
  run: RunControl | undefined,
  visit: (ray: number, cell: number, weight: number) => void,
): Promise<void> {
  const count = views.length / 12;
  const strides = [extents[1] * extents[2], extents[2], 1];
  const pace = new Pace(run, count * detectorRows * detectorColumns);
  for (let view = 0; view < count; view++) {
    const [origin, direction, column, row] = [0, 3, 6, 9].map((part) =>
      views.subarray(12 * view + part, 12 * view + part + 3),
    );
    const sizes = Array.from(direction, Math.abs);
    const main = sizes.indexOf(Math.max(...sizes));
    const axes = [0, 1, 2].filter((axis) => axis !== main);
    const scale = (cellSize * Math.hypot(...direction)) / sizes[main];
    for (let l = 0; l < detectorRows; l++) {
      for (let k = 0; k < detectorColumns; k++) {
        const ray = (view * detectorRows + l) * detectorColumns + k;
        const at = (axis: number) => origin[axis] + k * column[axis] + l * row[axis];
        for (let c = 0; c < extents[main]; c++) {
          const time = (c - at(main)) / direction[main];
          const places = axes.map((axis) => at(axis) + time * direction[axis]);
          if (!places.every((place, i) => place > -1 && place < extents[axes[i]])) continue;
          const [i, j] = places.map(Math.floor);
          const [p, q] = [places[0] - i, places[1] - j];
          for (const [a, b, weight] of [
            [i, j, (1 - p) * (1 - q)],
            [i, j + 1, (1 - p) * q],
            [i + 1, j, p * (1 - q)],
            [i + 1, j + 1, p * q],
          ]) {
            if (a < 0 || b < 0 || a >= extents[axes[0]] || b >= extents[axes[1]]) continue;
            visit(ray, c * strides[main] + a * strides[axes[0]] + b * strides[axes[1]], scale * weight);
          }
        }
        await pace.tick(1);
      }
    }
  }
  await pace.finish();
}

/** {@link Kernels.projectXray}, summed in float64. */
export async function projectXray(
  problem: Parameters<Kernels['projectXray']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const { volume, views, detectorRows, detectorColumns } = problem;
  const sums = allocate('float64', (views.length / 12) * detectorRows * detectorColumns, 'projections');
  await forEachCell(problem, run, (ray, cell, weight) => {
    sums[ray] += weight * volume[cell];
  });
  return Float32Array.from(sums);
}

/** {@link Kernels.backprojectXray}, summed in float64. */
export async function backprojectXray(
  problem: Parameters<Kernels['backprojectXray']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const { projections, extents } = problem;
  const sums = allocate('float64', elementCount(extents), 'a volume');
  await forEachCell(problem, run, (ray, cell, weight) => {
    sums[cell] += weight * projections[ray];
  });
  return Float32Array.from(sums);
}

/** {@link Kernels.backprojectFan}, summed in float64. */
export async function backprojectFan(
  problem: Parameters<Kernels['backprojectFan']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const { rows, columns, pixelSize, angles, sourceDistance, filtered, flat } = problem;
  const { detectorCount, firstDetector, detectorSpacing } = problem;
  const pace = new Pace(run, rows * columns * angles.length);
  const sums = allocate('float64', rows * columns, 'an image');
  const unit = pixelSize / sourceDistance;
  for (let a = 0; a < angles.length; a++) {
    const [cosine, sine] = [Math.cos(angles[a]), Math.sin(angles[a])];
    const value = (k: number) => (k >= 0 && k < detectorCount ? filtered[a * detectorCount + k] : 0);
    for (let i = 0; i < rows; i++) {
      const y = ((rows - 1) / 2 - i) * unit;
      for (let j = 0; j < columns; j++) {
        const x = (j - (columns - 1) / 2) * unit;
        const across = x * cosine + y * sine;
        const along = 1 - x * sine + y * cosine;
        if (!(along > 0)) continue;
        const ratio = across / along;
        const place = ((flat ? ratio : Math.atan(ratio)) - firstDetector) / detectorSpacing;
        const below = Math.floor(place);
        const inside = value(below) + (place - below) * (value(below + 1) - value(below));
        sums[i * columns + j] += inside / (flat ? along ** 2 : across ** 2 + along ** 2);
      }
      await pace.tick(columns);
    }
  }
  await pace.finish();
  return Float32Array.from(sums);
}
