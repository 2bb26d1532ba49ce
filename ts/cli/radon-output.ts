import { join } from 'node:path';
import type { NdArray } from '../core/array.js';
import { throwIfAborted } from '../core/options.js';
import { writeNpy, writeTextAtomic } from '../io/index.js';
import { type GreyWindow, rangeOf, writePng } from '../io/png.js';
import { type RadonReportContext, radonReport } from '../report/radon.js';
import type { RadonNumbers } from '../report/radon-findings.js';
import { commandLine, versions } from './provenance.js';
import type { Geometry, GeometryOptions, ReconstructionOptions } from './radon-geometry.js';
import { packageVersion } from './version.js';

/** What a run of `ridgeflow radon` has made. */
export interface RadonResult {
  command: 'forward' | 'inverse';
  input: string;
  options: GeometryOptions & ReconstructionOptions & { dtype: string };
  geometry: Geometry;
  notes: string[];
  /** The image, or the one to compare with. */
  image?: NdArray;
  sinogram: NdArray;
  /** The projections of the reconstruction. */
  fitted?: NdArray;
  reconstruction: NdArray;
  residuals?: Float64Array;
}

/** What summary.json holds. */
export interface RadonSummary extends RadonNumbers {
  command: 'forward' | 'inverse';
  input: string;
  version: string;
  geometry: 'parallel' | 'fan';
  kernel: string;
  method: string;
  filter: string | null;
  iterations: number | null;
  nonNegative: boolean;
  dtype: string;
  angles: number;
  detectors: number;
  shape: number[];
  pixelSize: number;
  /** Values that are black and white in the pictures. */
  windows: { sinogram: GreyWindow; reconstruction: GreyWindow };
  notes: string[];
}

/** Writes everything a run leaves behind, the summary last: where it is, the rest is whole. */
export async function writeRadonResults(
  folder: string,
  result: RadonResult,
  signal: AbortSignal,
): Promise<RadonSummary> {
  const { sinogram, reconstruction } = result;
  const windows = { sinogram: rangeOf(sinogram), reconstruction: rangeOf(reconstruction) };
  for (const [name, array] of [
    ['sinogram', sinogram],
    ['reconstruction', reconstruction],
  ] as const) {
    await writeNpy(join(folder, `${name}.npy`), array, { signal });
    await writePng(join(folder, `${name}.png`), array, windows[name], { signal });
    throwIfAborted(signal);
  }
  const summary = summarise(result, windows);
  const context: RadonReportContext = {
    ...result,
    ...summary,
    fromSinogram: result.command === 'inverse',
    command: commandLine(),
    versions: versions(),
  };
  await writeTextAtomic(join(folder, 'report.html'), await radonReport(context, result), { signal });
  await writeTextAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}

function summarise(result: RadonResult, windows: RadonSummary['windows']): RadonSummary {
  const { command, input, options, notes, image, sinogram, fitted, reconstruction, residuals } = result;
  const { geometry, kernel, method, filter, nonNegative = false, dtype, pixelSize } = options;
  const difference = image && differenceOf(reconstruction, image);
  const misfit = fitted && differenceOf(fitted, sinogram);
  return {
    ...{ command, input, version: packageVersion(), geometry, kernel, method },
    filter: method === 'fbp' ? filter : null,
    iterations: residuals ? residuals.length - 1 : null,
    nonNegative: method === 'tv' || method === 'sirt' || method === 'sart' ? nonNegative : false,
    dtype,
    angles: sinogram.shape[0],
    detectors: sinogram.shape[1],
    shape: [...reconstruction.shape],
    pixelSize,
    rootMeanSquareError: difference?.rootMeanSquare ?? null,
    relativeError: difference?.relative ?? null,
    residual: misfit?.relative ?? residuals?.at(-1) ?? null,
    mass: massOf(reconstruction) * pixelSize ** 2,
    imageMass: image ? massOf(image) * pixelSize ** 2 : null,
    windows,
    notes,
  };
}

function massOf({ data }: NdArray): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i];
  return sum;
}

function differenceOf(
  actual: NdArray,
  expected: NdArray,
): { rootMeanSquare: number; relative: number | null } {
  let [square, size] = [0, 0];
  for (let i = 0; i < actual.data.length; i++) {
    square += (actual.data[i] - expected.data[i]) ** 2;
    size += expected.data[i] ** 2;
  }
  return {
    rootMeanSquare: Math.sqrt(square / actual.data.length),
    relative: size > 0 ? Math.sqrt(square / size) : null,
  };
}
