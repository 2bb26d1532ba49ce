import type { Depth } from '../dae/depth-comparison.js';
import type { NetworkAnalysis } from '../network/index.js';
import { changeOf } from './compare.js';
import { formatCount } from './format.js';
import { smallPercent } from './radon-findings.js';

/** What stands under the headings of reports and depends on the data: each a function of the numbers that it speaks of. */

/** Under the charts against depth. */
export function depthLead(depths: readonly Depth[]): string {
  const finite = depths.filter((depth) => depth !== 'continuous');
  if (finite.length === 0) return 'The noise is removed along the flow that ever deeper networks tend to.';
  if (depths.length === 1) {
    return finite[0] === 1
      ? 'The noise is removed in one step, by a shallow network.'
      : `The noise is removed in ${formatCount(finite[0])} equal steps.`;
  }
  const steps = finite.includes(1)
    ? 'in one step by a shallow network, in ever smaller steps by deeper ones'
    : 'in the smaller steps the deeper the network is';
  return `The same noise is removed at every depth: ${steps}.`;
}

/** Over a moving cloud of `runs` depths. */
export function flowLead(runs: number): string {
  const play = runs > 1 ? 'Choose a depth, then play' : 'Play,';
  return `The cloud at the start, and where it ends. ${play} or drag through the removal of noise from 0 to T.`;
}

/** Which points of two clouds a picture of at most `most` of each shows; nothing where it shows them all. */
export function sampledClouds(n: number, m: number, most: number): string | undefined {
  const count = formatCount(most);
  if (n > most && m > most) return `A sample of ${count} points of each cloud.`;
  if (n > most) return `A sample of ${count} of the ${formatCount(n)} points of the first cloud.`;
  if (m > most) return `A sample of ${count} of the ${formatCount(m)} points of the second cloud.`;
  return undefined;
}

/** What the lines between two clouds are, or why there are none. */
export function planLead(hasPlan: boolean, method: string): string {
  if (hasPlan)
    return 'Every line is mass that the optimal plan carries from a point of the first cloud to one of the second.';
  return method === 'exact'
    ? 'The plan between so many points is not drawn.'
    : 'This method has no plan between single points; the exact one has.';
}

/** What the first layer of a page is. */
export function dataSentence({ layers: [{ tokens }] }: Pick<NetworkAnalysis, 'layers'>): string {
  return tokens === undefined
    ? 'Layer 0 is the data as they go in.'
    : `Layer 0 is the share of each of ${formatCount(tokens)} tokens in an example: their ids are names, not coordinates.`;
}

/** Over the lines of examples through a network. */
export function riverLead(isLabelled: boolean): string {
  return isLabelled
    ? 'How the examples run through the network: where lines of one colour come together, it brings their label together.'
    : 'How the examples run through the network: where lines come together, it brings examples together.';
}

/** Whether the figures of a radon report are pictures of every pixel. */
export function averagedSentence(shape: readonly number[], shown: readonly number[]): string | undefined {
  if (shape.every((edge, axis) => edge === shown[axis])) return undefined;
  return `Shown by means of ${shape.map((edge, axis) => Math.ceil(edge / shown[axis])).join(' × ')} values`;
}

/** On how many of the points something was measured. */
export function measuredOn(measured: number, n: number): string {
  return measured < n
    ? `Measured on ${formatCount(measured)} of the ${formatCount(n)} points, chosen at random.`
    : `Measured on all ${formatCount(n)} points.`;
}

/** How the misfit went over the iterations of a reconstruction. */
export function courseSubtitle(residuals: ArrayLike<number>): string {
  const [first, last] = [residuals[0], residuals[residuals.length - 1]].map(smallPercent);
  const change = changeOf(residuals[0], residuals[residuals.length - 1]);
  return first === last || change === 'same'
    ? `|Pf − g| / |g|, ${first} at the start and at the end`
    : `|Pf − g| / |g|, which ${change === 'fell' ? 'falls' : 'rises'} from ${first} to ${last}`;
}
