import { type NdArray, checkArray, dtypeOf, toDtype } from '../core/array.js';
import { invalidArgument, RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, partOf } from '../core/options.js';
import { evenTransform } from '../core/even-transform.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import { unitSphereArea } from './exact.js';
import { type FilterName, checkFilter, filterWindow, transformLength } from './filter.js';
import { type HyperplaneGeometry, resolveHyperplanes } from './hyperplanes.js';
import { checkShapeIs } from './projector.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link inverseRadonTransform}. */
export interface InverseRadonOptions extends HyperplaneGeometry, CallOptions {
  /** Window on |ω|^{d−1}. Default `ramp`, no window. */
  filter?: FilterName;
  /**
   * Quadrature weights of the directions, at least 0; for a complete set they sum to the area of the unit sphere, u and
   * −u being the same hyperplanes. Default: equal, as suits directions that are spread evenly over the sphere or over
   * half of it.
   */
  directionWeights?: readonly number[] | Float64Array;
}

/**
 * Reconstruction of a function on a grid in d = 1 to 4 dimensions from its integrals over hyperplanes:
 * f = ½ (2π)^{1−d} P* Λ^{d−1} Pf. Every projection is filtered by the band-limited |ω|^{d−1} times a window (in odd
 * dimensions a derivative, and local), and the results, interpolated linearly between detectors, are added up.
 *
 * @param data [directions, detectors], finite, as `hyperplaneProjector` gives them. `detector.count` is taken from it.
 * @returns The grid, of shape `options.shape`.
 * @throws As hyperplaneProjector; INVALID_SHAPE for data or weights that do not fit, INVALID_ARGUMENT for an unknown
 *   filter or negative weights.
 *
 * The error falls as grid and directions are refined together; too few directions leave streaks. O(directions · (cells +
 * detectors log detectors)) time. Source: F. Natterer, The Mathematics of Computerized Tomography (1986), ch. II.2.
 *
 * @example
 * const directions = directionSet(2000, 3, { kind: 'fibonacci' });
 * const volume = await inverseRadonTransform(data, { directions, shape: [64, 64, 64] });
 */
export async function inverseRadonTransform(
  data: NdArrayLike,
  options: InverseRadonOptions,
): Promise<NdArray> {
  ({ data } = checkCall(SIGNATURES.inverseRadonTransform, { data, options }));
  checkArray(data, 'data');
  const detector = { ...options.detector, count: options.detector?.count ?? data.shape[1] };
  const problem = resolveHyperplanes({ ...options, detector });
  const { extents, steps, detectorCount, detectorSpacing } = problem;
  const d = extents.length;
  const count = steps.length / d;
  checkShapeIs(data.shape, [count, detectorCount], 'data');
  const filter = checkFilter(options.filter);
  const weights = checkWeights(options.directionWeights, count, d);
  const input = toDtype(data, options.dtype ?? dtypeOf(data));
  const kernels = await kernelsFor(options, dtypeOf(input));
  checkFinite(kernels, data, 'data');
  const length = transformLength(2 * detectorCount);
  const unit = 0.5 * (2 * Math.PI * detectorSpacing) ** (1 - d);
  const filtered = await kernels.filterRows(
    {
      data: asMatrix(input),
      length,
      response: powerResponse(d - 1, length).map((value, k) => value * filterWindow(filter, k / length)),
      scales: weights.map((weight) => weight * unit),
    },
    partOf(options, 0, 0.1),
  );
  const grid = await kernels.backprojectHyperplanes(
    { ...problem, projections: filtered, kernel: 'interpolated' },
    partOf(options, 0.1, 1),
  );
  return { data: grid, shape: extents };
}

function checkWeights(
  weights: InverseRadonOptions['directionWeights'],
  count: number,
  d: number,
): Float64Array {
  if (weights === undefined) return new Float64Array(count).fill(unitSphereArea(d) / count);
  if (weights.length !== count) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${count} directionWeights, one per direction, but received ${weights.length}`,
      { details: { parameter: 'directionWeights' } },
    );
  }
  const values = Float64Array.from(weights);
  const bad = values.find((weight) => !(weight >= 0 && Number.isFinite(weight)));
  if (bad !== undefined) throw invalidArgument('directionWeights', 'finite numbers of at least 0', bad);
  return values;
}

/**
 * Samples h(n) = (1/2π) ∫ |ω|^power e^{iωn} dω over |ω| ≤ π: sampling |ω|^power itself would wrap the kernel around.
 */
function powerKernel(power: number, n: number): number {
  if (n === 0) return Math.PI ** power / (power + 1);
  const sign = n % 2 ? -1 : 1;
  switch (power) {
    case 0:
      return 0;
    case 1:
      return (sign - 1) / (Math.PI * n * n);
    case 2:
      return (2 * sign) / (n * n);
    default:
      return (3 * Math.PI * sign) / (n * n) - (6 * (sign - 1)) / (Math.PI * n ** 4);
  }
}

/** Response of the band-limited |ω|^power, 0 to 3, at k/length cycles per sample, k = 0 … length/2. */
function powerResponse(power: number, length: number): Float64Array {
  return evenTransform(Float64Array.from({ length: length / 2 + 1 }, (_, n) => powerKernel(power, n)));
}
