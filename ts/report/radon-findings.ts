import { formatNumber } from './format.js';
import type { Finding } from './html.js';

/** What was measured of a reconstruction. */
export interface RadonNumbers {
  /** Root of the mean squared difference to the image; null without one. */
  rootMeanSquareError: number | null;
  /** |reconstruction − image| / |image|. */
  relativeError: number | null;
  /** |Pf − g| / |g|, f the reconstruction and g the sinogram. */
  residual: number | null;
  /** Sum of the values times the pixels' area. */
  mass: number;
  imageMass: number | null;
}

/** What the numbers of a reconstruction say. */
export function radonFindings(numbers: RadonNumbers): Finding[] {
  return [error, misfit, mass].flatMap((find) => find(numbers) ?? []);
}

function error({ relativeError, rootMeanSquareError }: RadonNumbers): Finding | undefined {
  if (relativeError === null) return undefined;
  const worse = relativeError >= 1 ? ' No image at all would be as near.' : '';
  return {
    topic: 'Error of the reconstruction',
    figure: smallPercent(relativeError),
    sentence: `Of the image’s own size, in the mean square; ${formatNumber(rootMeanSquareError ?? NaN)} in its units.${worse}`,
  };
}

function misfit({ residual }: RadonNumbers): Finding | undefined {
  if (residual === null) return undefined;
  const worse = residual >= 1 ? ' An empty image would fit as well: the geometry may be another.' : '';
  return {
    topic: 'Misfit to the sinogram',
    figure: smallPercent(residual),
    sentence: `What the projections of the reconstruction differ from the sinogram by, in the mean square.${worse}`,
  };
}

function mass({ mass: found, imageMass }: RadonNumbers): Finding {
  const figure = formatNumber(found);
  if (imageMass === null)
    return {
      topic: 'Mass',
      figure,
      sentence: 'Sum of the reconstruction’s values times the area of a pixel.',
    };
  const same = formatNumber(found, 3) === formatNumber(imageMass, 3);
  return {
    topic: 'Mass',
    figure,
    sentence: `The image has ${same ? 'the same to three digits' : formatNumber(imageMass)}: values times the area of a pixel.`,
  };
}

/** A share as a percentage of three digits, or as a number where it is far below one percent. */
export function smallPercent(fraction: number): string {
  return fraction < 0.001 ? formatNumber(fraction, 2) : `${formatNumber(100 * fraction, 3)}%`;
}
