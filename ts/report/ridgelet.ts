import { checkCall } from '../core/call.js';
import type { RidgeletReportContext } from './ridgelet-numbers.js';
import { SIGNATURES } from './signatures.js';

/**
 * The report of a network that was built without training: a single HTML file with the ridgelet spectrum and the units on
 * it, the fit, and the error by width. About 1 MB.
 */
export async function ridgeletReport(context: RidgeletReportContext): Promise<string> {
  checkCall(SIGNATURES.ridgeletReport, { context });
  // A page is loaded where one is made: most programs that import the library make none.
  const { ridgeletPage } = await import('./ridgelet-page.js');
  return ridgeletPage(context);
}
