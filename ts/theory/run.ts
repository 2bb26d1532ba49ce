import { invalidArgument } from '../core/errors.js';
import { throwIfAborted, tell } from '../core/options.js';
import { backwardHeat } from './backward-heat.js';
import type { ClaimExperiment, ClaimOptions, ClaimResult } from './claim.js';
import { composition } from './composition.js';
import { deeper } from './deeper.js';
import { posteriorMean } from './posterior-mean.js';
import { ridgeletSpectra } from './ridgelet-spectrum.js';
import { separation } from './separation.js';
import { stacking } from './stacking.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** The statements of the theory that there are experiments for, in their order. */
export const CLAIMS: readonly ClaimExperiment[] = [
  posteriorMean,
  composition,
  backwardHeat,
  deeper,
  separation,
  stacking,
  ridgeletSpectra,
];

/**
 * Puts one statement of the theory to the test.
 *
 * @param claim Its number, one of those in {@link CLAIMS}.
 * @throws INVALID_ARGUMENT for another number; ABORTED; what the calls of the experiment throw.
 *
 * Under 20 s with `quick`, else minutes, on two cores. The same seed gives the same findings.
 */
export async function runClaim(claim: number, options: ClaimOptions = {}): Promise<ClaimResult> {
  checkCall(SIGNATURES.runClaim, { options });
  const experiment = CLAIMS.find((candidate) => candidate.claim === claim);
  if (!experiment) {
    const numbers = CLAIMS.map((candidate) => candidate.claim);
    throw invalidArgument('claim', `one of ${numbers.join(', ')}`, claim);
  }
  throwIfAborted(options.signal);
  const start = performance.now();
  const { checks, figures, remarks = [] } = await experiment.run(options);
  await tell(options.onProgress, 1);
  return {
    claim,
    title: experiment.title,
    verdict: checks.length > 0 && checks.every(({ holds }) => holds) ? 'holds' : 'fails',
    checks,
    figures,
    remarks,
    seconds: (performance.now() - start) / 1000,
  };
}
