import { changeOf } from './compare.js';
import { formatNumber } from './format.js';
import type { Finding } from './html.js';

/** One estimate; null where the points do not allow it, with the reason. */
export interface EstimateRow {
  /** The function of the library that estimates it. */
  estimator: string;
  quantity: string;
  unit: string;
  value: number | null;
  standardError: number | null;
  reason?: string;
  /** The same estimate of as many points that fill all coordinates alike: what more than that cannot be told from. */
  filling?: { value: number; standardError: number };
}

/** What the estimates of a cloud of d coordinates say, in words chosen by the numbers and their standard errors. */
export function entropyFindings(estimates: readonly EstimateRow[], d: number): Finding[] {
  const of = (name: string) => {
    const row = estimates.find(({ estimator, value }) => estimator === name && value !== null);
    return row && { value: row.value!, error: row.standardError, filling: row.filling };
  };
  const found: Finding[] = [];
  const entropy = of('nearestNeighbourEntropy');
  if (entropy) {
    found.push({
      topic: 'Entropy, in nats',
      figure: formatNumber(entropy.value),
      sentence: entropySentence(entropy, of('gaussianEntropy')),
    });
  }
  const dimension = of('twoNearestNeighbourDimension');
  if (dimension) {
    found.push({
      topic: 'Intrinsic dimension',
      figure: formatNumber(dimension.value, 3),
      sentence: dimensionSentence(dimension, d),
    });
  }
  return found;
}

interface Estimate {
  value: number;
  error: number | null;
}

const twice = (...errors: readonly (number | null)[]) => 2 * Math.hypot(...errors.map((error) => error ?? 0));

function entropySentence(entropy: Estimate, gaussian: Estimate | undefined): string {
  const known = entropy.error === null ? '' : `, ± ${formatNumber(entropy.error, 2)}`;
  if (!gaussian) return `By nearest neighbours${known}.`;
  const error = twice(entropy.error, gaussian.error);
  const gap = formatNumber(Math.abs(gaussian.value - entropy.value), 3);
  return {
    same: `The same as that of the Gaussian of that covariance${error > 0 ? ', within two standard errors' : ''}.`,
    fell: `${gap} below that of the Gaussian of that covariance, the most that a cloud with it can have.`,
    rose: `${gap} above that of the Gaussian of that covariance, which no density exceeds: the estimate by neighbours is too high for so few points.`,
  }[changeOf(gaussian.value, entropy.value, error)];
}

function dimensionSentence(
  { value, error, filling }: Estimate & Pick<EstimateRow, 'filling'>,
  d: number,
): string {
  const coordinates = `${d} coordinate${d === 1 ? '' : 's'}`;
  const change = changeOf(d, value, twice(error));
  if (change === 'same')
    return `The points fill their ${d} dimension${d === 1 ? '' : 's'}${twice(error) > 0 ? ', within two standard errors' : ''}.`;
  if (change === 'rose') return `More than the ${coordinates}, as chance makes it at times.`;
  if (!filling)
    return `Fewer than the ${coordinates}: the points lie near a surface of about that dimension.`;
  const full = formatNumber(filling.value, 3);
  if (changeOf(filling.value, value, twice(error, filling.standardError)) === 'fell')
    return `Fewer than the ${coordinates}, and than the ${full} found of as many points that fill them: the points lie near a surface of about that dimension.`;
  return `Fewer than the ${coordinates}, and no fewer than the ${full} found of as many points that fill them: so few points cannot tell.`;
}
