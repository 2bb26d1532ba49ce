export type { CloudFile, CloudFormat, ReadCloudOptions, ReadShare, RowRange } from './cloud.js';
export type { ColumnChoice } from './column-choice.js';
export { asCloud, toArrow, toTensor } from './interchange.js';
export type { CloudLabels } from './labels.js';
export { readNpy } from './npy.js';
export { type WritableArray } from './npy-header.js';
export { readNpz, type ReadNpzOptions, type WriteNpzOptions, writeNpz } from './npz.js';
export { type GreyWindow, type PngImage, readPng, writePng } from './png.js';
export { readCloud } from './read.js';
export type { Rows, RowsInput } from './rows/rows-like.js';
export { type RowsFormat, type RowsWritten, writeRows, type WriteRowsOptions } from './rows/write-rows.js';
export { readRows, type ReadRowsOptions, type RowBatch } from './rows/read-rows.js';
export type { DroppedColumn, LabelChoice } from './roles.js';
export {
  readSafetensors,
  type ReadSafetensorsOptions,
  type Safetensors,
  writeSafetensors,
  type WriteSafetensorsOptions,
} from './safetensors.js';
export type { WriteShare } from './write-share.js';
export {
  type Append,
  ensureOutputFolder,
  writeAtomic,
  writeNpy,
  type WriteOptions,
  writeTextAtomic,
} from './write.js';
