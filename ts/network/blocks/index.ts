export { type BlockAnalysis, type BlockTransport, analyseBlocks } from './analyse-blocks.js';
export {
  type StreamAnalysis,
  type StreamAnalysisOptions,
  type StreamBlockAnalysis,
  analyseStreams,
} from './analyse-streams.js';
export type { WithoutBlock } from './left-out-block.js';
export { type BlockMap, blockByDifferences } from './block-map.js';
export type { CloudChange } from './cloud-change.js';
export type { LocalGeometry, Stretch } from './local-geometry.js';
export { type LyapunovExponents, lyapunovExponents } from './lyapunov.js';
export type { PotentialFit } from './potential.js';
export {
  type BlockCharacter,
  type BlockNumbers,
  type BlockRun,
  type StreamVerdict,
  characterOf,
  streamVerdict,
} from './verdict.js';
export { type RefittedStream, type RefitStreamOptions, refitStream } from './refit-stream.js';
export { writeRefittedOnnx } from './refitted-onnx.js';
