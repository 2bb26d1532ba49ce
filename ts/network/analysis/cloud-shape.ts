import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import type { CallOptions } from '../../core/options.js';
import {
  type CloudMoments,
  type CloudSpectrum,
  cloudMoments,
  spectrumOf,
} from '../../representation/moments.js';

/** The moments of a layer's cloud and their spectrum: found once, for all measures that are made of them. */
export interface CloudShape {
  readonly moments: CloudMoments;
  readonly spectrum: CloudSpectrum;
}

/** Null where all points coincide. O(ndm + m³) time with m = min(n, d). */
export function cloudShape(points: NdArray, options: CallOptions): Promise<CloudShape | null> {
  return orNull(async () => {
    const moments = await cloudMoments(points, options);
    return { moments, spectrum: await spectrumOf(moments) };
  });
}

/** Null where the cloud has no extent. */
export async function orNull<Result>(measure: () => Promise<Result>): Promise<Result | null> {
  try {
    return await measure();
  } catch (error) {
    if (error instanceof RidgeflowError && error.code === 'DEGENERATE_CLOUD') return null;
    throw error;
  }
}
