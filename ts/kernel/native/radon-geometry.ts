import { type FloatData, allocate, dtypeOf, elementCount } from '../../core/array.js';
import type { HyperplaneProblem, LineProblem, RadonGeometryKernels, XrayProblem } from '../contract.js';
import type { Addon } from './addon.js';
import { withControl } from './control.js';

/** As bindings/radon_geometry.cpp counts them. */
const KERNEL_NUMBERS = { joseph: 1, strip: 2, interpolated: 3 } as const;
/** Axes of the addon's grids; lower dimensions have leading extents of 1. */
const AXES = 4;

const like = (data: FloatData, length: number, what: string) => allocate(dtypeOf({ data }), length, what);

function gridOf(problem: HyperplaneProblem & { kernel: keyof typeof KERNEL_NUMBERS }) {
  const { extents, steps, detectorCount, detectorSpacing, firstDetector, cellVolume, shadows } = problem;
  const missing = AXES - extents.length;
  const directionCount = steps.length / extents.length;
  const wide = new Float64Array(directionCount * AXES);
  for (let l = 0; l < directionCount; l++) {
    wide.set(steps.subarray(l * extents.length, (l + 1) * extents.length), l * AXES + missing);
  }
  return {
    ...extentFields([...new Array<number>(missing).fill(1), ...extents]),
    steps: wide,
    directionCount,
    detectorCount,
    detectorSpacing,
    firstDetector,
    cellVolume,
    kernel: KERNEL_NUMBERS[problem.kernel],
    ...shadows,
  };
}

function extentFields(extents: readonly number[]): Record<string, number> {
  return Object.fromEntries(extents.map((extent, axis) => [`extent${axis}`, extent]));
}

const linesOf = ({ rows, columns, pixelSize, lines }: LineProblem) => ({
  rows,
  columns,
  pixelSize,
  lines,
  count: lines.length / 2,
});

const viewsOf = ({ extents, cellSize, views, detectorRows, detectorColumns }: XrayProblem) => ({
  ...extentFields(extents),
  cellSize,
  views,
  count: views.length / 12,
  detectorRows,
  detectorColumns,
});

/** The kernels of further Radon geometries on the addon. */
export function radonGeometryKernels(addon: Addon): RadonGeometryKernels {
  return {
    async projectHyperplanes(problem, run) {
      const grid = gridOf(problem);
      const { values } = problem;
      const projections = like(values, grid.directionCount * grid.detectorCount, 'projections');
      await withControl(run, (control) =>
        addon.projectHyperplanes({ ...grid, values, projections, control }),
      );
      return projections;
    },
    async backprojectHyperplanes(problem, run) {
      const { projections, extents } = problem;
      const values = like(projections, elementCount(extents), 'a grid');
      await withControl(run, (control) =>
        addon.backprojectHyperplanes({ ...gridOf(problem), values, projections, control }),
      );
      return values;
    },
    async integrateLines(problem, run) {
      const { image, lines } = problem;
      const integrals = like(image, lines.length / 2, 'line integrals');
      await withControl(run, (control) =>
        addon.integrateLines({ ...linesOf(problem), image, integrals, control }),
      );
      return integrals;
    },
    async backprojectLineIntegrals(problem, run) {
      const { integrals, rows, columns } = problem;
      const image = like(integrals, rows * columns, 'an image');
      await withControl(run, (control) =>
        addon.backprojectLineIntegrals({ ...linesOf(problem), image, integrals, control }),
      );
      return image;
    },
    async projectXray(problem, run) {
      const views = viewsOf(problem);
      const { volume } = problem;
      const size = views.count * views.detectorRows * views.detectorColumns;
      const projections = like(volume, size, 'projections');
      await withControl(run, (control) => addon.projectXray({ ...views, volume, projections, control }));
      return projections;
    },
    async backprojectXray(problem, run) {
      const { projections, extents } = problem;
      const volume = like(projections, elementCount(extents), 'a volume');
      await withControl(run, (control) =>
        addon.backprojectXray({ ...viewsOf(problem), volume, projections, control }),
      );
      return volume;
    },
    async backprojectFan(problem, run) {
      const { filtered, rows, columns, angles } = problem;
      const image = like(filtered, rows * columns, 'an image');
      await withControl(run, (control) =>
        addon.backprojectFan({ ...problem, angleCount: angles.length, filtered, image, control }),
      );
      return image;
    },
  };
}
