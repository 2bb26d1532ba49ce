import { type DType, type NdArray, zeros } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { checkInteger, checkPositive } from '../core/options.js';
import { type Ellipsoid, checkEllipsoid } from './exact.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Value, semi-axes, centre (x, y, z), and the angle in degrees by which the axes are turned in the x–y plane. */
type Row = readonly [
  value: number,
  a: number,
  b: number,
  c: number,
  x: number,
  y: number,
  z: number,
  degrees: number,
];

/** In the plane z counts for nothing. */
const PLANE: readonly Row[] = [
  [1, 0.69, 0.92, 1, 0, 0, 0, 0],
  [-0.8, 0.6624, 0.874, 1, 0, -0.0184, 0, 0],
  [-0.2, 0.11, 0.31, 1, 0.22, 0, 0, -18],
  [-0.2, 0.16, 0.41, 1, -0.22, 0, 0, 18],
  [0.1, 0.21, 0.25, 1, 0, 0.35, 0, 0],
  [0.1, 0.046, 0.046, 1, 0, 0.1, 0, 0],
  [0.1, 0.046, 0.046, 1, 0, -0.1, 0, 0],
  [0.1, 0.046, 0.023, 1, -0.08, -0.605, 0, 0],
  [0.1, 0.023, 0.023, 1, 0, -0.606, 0, 0],
  [0.1, 0.023, 0.046, 1, 0.06, -0.605, 0, 0],
];

const SPACE: readonly Row[] = [
  [1, 0.69, 0.92, 0.81, 0, 0, 0, 0],
  [-0.8, 0.6624, 0.874, 0.78, 0, -0.0184, 0, 0],
  [-0.2, 0.11, 0.31, 0.22, 0.22, 0, 0, -8],
  [-0.2, 0.16, 0.41, 0.28, -0.22, 0, 0, 28],
  [0.1, 0.21, 0.25, 0.41, 0, 0.35, -0.15, 0],
  [0.1, 0.046, 0.046, 0.05, 0, 0.1, 0.25, 0],
  [0.1, 0.046, 0.046, 0.05, 0, -0.1, 0.25, 0],
  [0.1, 0.046, 0.023, 0.05, -0.08, -0.605, 0, 0],
  [0.1, 0.023, 0.023, 0.02, 0, -0.606, 0, 0],
  [0.1, 0.023, 0.046, 0.02, 0.06, -0.605, 0, 0],
];

/**
 * The Shepp–Logan head phantom as ellipsoids in [−1, 1]^d, d = 2 or 3, with the contrast that P. Toft (The Radon
 * transform: theory and implementation, 1996) raised so that the eye can see it. Its image is `rasterise(phantom, …)`,
 * its exact Radon transform `projectEllipsoids(phantom, rays)`. Source of the shapes: L. A. Shepp, B. F. Logan, IEEE
 * Trans. Nucl. Sci. 21 (1974) 21; in space, the table of M. Schabel's phantom3d (2005).
 *
 * @throws INVALID_ARGUMENT for another dimension.
 */
export function sheppLogan(options: { dimension?: 2 | 3 } = {}): Ellipsoid[] {
  checkCall(SIGNATURES.sheppLogan, { options });
  const { dimension = 2 } = options;
  if (dimension !== 2 && dimension !== 3) throw invalidArgument('dimension', '2 or 3', dimension);
  return (dimension === 2 ? PLANE : SPACE).map(([value, a, b, c, x, y, z, degrees]) => {
    const angle = (degrees * Math.PI) / 180;
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    const axes = [
      [cosine, sine, 0],
      [-sine, cosine, 0],
      [0, 0, 1],
    ];
    return {
      value,
      centre: [x, y, z].slice(0, dimension),
      semiAxes: [a, b, c].slice(0, dimension),
      axes: axes.slice(0, dimension).map((axis) => axis.slice(0, dimension)),
    };
  });
}

/** Options of {@link rasterise}. */
export interface RasteriseOptions {
  /** [rows, columns], or [slices, rows, columns]. */
  shape: readonly number[];
  /** Edge of a pixel. Default: 2 / the largest extent, so that [−1, 1]^d fills it. */
  pixelSize?: number;
  /** Points per pixel and axis at which the ellipsoids are looked at, 1 to 16. Default 4. */
  subsamples?: number;
  dtype?: DType;
}

/**
 * The image of a sum of ellipsoids in d = 2 or 3: each pixel's mean over a grid of points in it. Columns run along x,
 * rows against y (row 0 is on top), slices along z; the origin is the centre of the image.
 *
 * @throws INVALID_SHAPE, INVALID_ARGUMENT, NON_FINITE, OUT_OF_MEMORY. O(number · pixels · subsamples^d) time.
 */
export function rasterise(ellipsoids: readonly Ellipsoid[], options: RasteriseOptions): NdArray {
  checkCall(SIGNATURES.rasterise, { ellipsoids, options });
  const { shape, subsamples = 4, dtype = 'float32' } = options;
  const d = shape.length;
  if ((d !== 2 && d !== 3) || !shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected two or three extents of at least 1 for shape but received [${shape.join(', ')}]`,
      { details: { parameter: 'shape' } },
    );
  }
  checkInteger(subsamples, 'subsamples', 1, 16);
  const pixelSize = checkPositive(options.pixelSize ?? 2 / Math.max(...shape), 'pixelSize');
  const [slices, rows, columns] = d === 3 ? shape : [1, ...shape];
  const image = zeros(shape, dtype, 'an image');
  const share = 1 / subsamples ** d;
  const place = (i: number, extent: number, part: number) =>
    (i - (extent - 1) / 2 + (part + 0.5) / subsamples - 0.5) * pixelSize;
  for (const ellipsoid of ellipsoids) {
    const { centre, semiAxes, axes, value } = checkEllipsoid(ellipsoid, d);
    const matrix = axes.map((axis, k) => axis.map((component) => component / semiAxes[k]));
    for (let s = 0; s < slices * (d === 3 ? subsamples : 1); s++) {
      const z = d === 3 ? place(Math.floor(s / subsamples), slices, s % subsamples) - centre[2] : 0;
      for (let r = 0; r < rows * subsamples; r++) {
        const y = -place(Math.floor(r / subsamples), rows, r % subsamples) - centre[1];
        const start =
          ((d === 3 ? Math.floor(s / subsamples) : 0) * rows + Math.floor(r / subsamples)) * columns;
        for (let c = 0; c < columns * subsamples; c++) {
          const x = place(Math.floor(c / subsamples), columns, c % subsamples) - centre[0];
          let square = 0;
          for (const row of matrix) square += (row[0] * x + row[1] * y + (d === 3 ? row[2] * z : 0)) ** 2;
          if (square <= 1) image.data[start + Math.floor(c / subsamples)] += value * share;
        }
      }
    }
  }
  return image;
}
