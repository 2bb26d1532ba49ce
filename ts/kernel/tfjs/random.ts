import { Pace } from '../../core/pace.js';
import type { RandomKernels } from '../contract/random.js';
import { blocks } from './points.js';

/** Numbers between two looks at the clock. */
const BLOCK = 4096;

/** {@link RandomKernels.normals}, without TensorFlow.js: its own random numbers are others. */
export const normals: RandomKernels['normals'] = async ({ stream, out, first = 0 }, run) => {
  const pace = new Pace(run, out.length);
  for (const [start, count] of blocks(out.length, BLOCK)) {
    stream.fillNormal(out.subarray(start, start + count), first + start);
    await pace.tick(count);
  }
  await pace.finish();
};
