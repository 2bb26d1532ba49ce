export type { CloudFile, CloudFormat, CloudLabels, ReadCloudOptions } from './cloud.js';
export { readNpy, type WritableArray } from './npy.js';
export { readNpz, type WriteNpzOptions, writeNpz } from './npz.js';
export { readCloud } from './read.js';
export { ensureOutputFolder, writeAtomic, writeNpy, type WriteOptions, writeTextAtomic } from './write.js';
