import { checkCall } from '../core/call.js';
import type { NetworkAnalysis } from '../network/index.js';
import type { NetworkReportContext } from './network-page.js';
import { SIGNATURES } from './signatures.js';

export type { NetworkPageData, NetworkReportContext } from './network-page.js';

/** The report of an analysis: one HTML file that needs nothing else. Throws INVALID_SHAPE for labels that do not fit. */
export async function networkReport(
  analysis: NetworkAnalysis,
  context: NetworkReportContext,
): Promise<string> {
  checkCall(SIGNATURES.networkReport, { analysis, context });
  // A page is loaded where one is made: most programs that import the library make none.
  const { networkPage } = await import('./network-page.js');
  return networkPage(analysis, context);
}
