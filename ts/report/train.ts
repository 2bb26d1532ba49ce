import { checkCall } from '../core/call.js';
import type { TrainNumbers, TrainReportContext } from './train-numbers.js';
import { SIGNATURES } from './signatures.js';

/**
 * The report of one training: a single HTML file with the loss curves, what the autoencoder makes of noise, the points on
 * their way through its layers, and how their classes lie apart after each. Throws INVALID_SHAPE, INVALID_ARGUMENT where the
 * context does not fit the numbers.
 */
export async function trainReport(numbers: TrainNumbers, context: TrainReportContext): Promise<string> {
  checkCall(SIGNATURES.trainReport, { numbers, context });
  // A page is loaded where one is made: most programs that import the library make none.
  const { trainPage } = await import('./train-page.js');
  return trainPage(numbers, context);
}
