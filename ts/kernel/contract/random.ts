import type { FloatData } from '../../core/array.js';
import type { RandomStream } from '../../core/random.js';
import type { RunControl } from './control.js';

/** Random numbers. */
export interface RandomKernels {
  /**
   * Fills `out` with the standard normal numbers of a stream at positions from `first` (default 0) on: those of
   * `stream.fillNormal`, to the bit, on every backend and for any number of threads.
   */
  normals(problem: { stream: RandomStream; out: FloatData; first?: number }, run?: RunControl): Promise<void>;
}
