import type { RandomKernels } from '../contract/random.js';
import type { Addon } from './addon.js';
import { withControl } from './control.js';

/** Random numbers on the addon. */
export function randomKernels(addon: Addon): RandomKernels {
  return {
    async normals({ stream, out, first = 0 }, run) {
      if (out.length === 0) return;
      await withControl(run, (control) =>
        addon.normals({ ...stream.words, out, count: out.length, first, control }),
      );
    },
  };
}
