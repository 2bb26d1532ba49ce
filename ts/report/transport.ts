import { checkCall } from '../core/call.js';
import type { DepthComparison } from '../dae/depth-comparison.js';
import type { TransportReportContext } from './transport-page.js';
import { SIGNATURES } from './signatures.js';

export type { TransportPageData, TransportReportContext } from './transport-page.js';

/**
 * The report of one comparison of depths: a single HTML file that needs nothing else. Vega's runtime, the charts and the
 * (sampled, quantised) motion are inside; 0.6 MB and 4 bytes per point shown and key frame, at most 10 000 points.
 * Throws INVALID_ARGUMENT without runs, and INVALID_SHAPE, INVALID_ARGUMENT or EMPTY_CLOUD where the context does not fit
 * the comparison.
 * O(points shown · snapshots · d) time.
 */
export async function transportReport(
  comparison: DepthComparison,
  context: TransportReportContext,
): Promise<string> {
  checkCall(SIGNATURES.transportReport, { comparison, context });
  // A page is loaded where one is made: most programs that import the library make none.
  const { transportPage } = await import('./transport-page.js');
  return transportPage(comparison, context);
}
