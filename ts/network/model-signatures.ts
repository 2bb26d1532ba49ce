import {
  ARRAY,
  CALL,
  LIST,
  NUMBER,
  TEXT,
  callback,
  list,
  object,
  options,
  text,
  type Argument,
} from '../core/rules.js';
import type { analyseNetwork } from './analysis/analyse.js';
import type { blockDerivatives } from './analysis/steps.js';
import type { analyseAttention } from './analysis/attention.js';
import type { alignmentMatrix } from './analysis/alignment-matrix.js';
import type { analyseBlocks } from './blocks/analyse-blocks.js';
import type { analyseStreams } from './blocks/analyse-streams.js';
import type { blockByDifferences } from './blocks/block-map.js';
import type { lyapunovExponents } from './blocks/lyapunov.js';
import type { refitStream } from './blocks/refit-stream.js';
import type { writeRefittedOnnx } from './blocks/refitted-onnx.js';
import type { openActivations } from './model/activations.js';
import type { openModel } from './model/open.js';
import { MODEL } from './option-signatures.js';

/** What the public functions that look into trained networks take, for {@link checkCall}. */
export const MODEL_SIGNATURES = {
  alignmentMatrix: {
    activations: object(['layers', 'examples', 'collect()']),
    others: object(['layers', 'examples', 'collect()'], true),
    options: options<Argument<typeof alignmentMatrix, 2>>()(
      { ...CALL, batch: NUMBER, examples: NUMBER },
      true,
    ),
  },
  analyseAttention: {
    model: MODEL,
    points: object([]),
    options: options<Argument<typeof analyseAttention, 2>>()(
      { ...CALL, batch: NUMBER, examples: NUMBER, mask: 1, memoryLimit: NUMBER },
      true,
    ),
  },
  analyseBlocks: {
    blocks: list(),
    x: ARRAY,
    options: options<Argument<typeof analyseBlocks, 2>>()({ ...CALL }, true),
  },
  analyseNetwork: {
    model: MODEL,
    points: object([]),
    options: options<Argument<typeof analyseNetwork, 2>>()(
      {
        ...CALL,
        batch: NUMBER,
        drawn: NUMBER,
        featureMaps: TEXT,
        labels: LIST,
        layers: LIST,
        mask: 1,
        memoryLimit: NUMBER,
        pool: TEXT,
        rows: NUMBER,
        width: NUMBER,
      },
      true,
    ),
  },
  analyseStreams: {
    model: MODEL,
    points: object([]),
    options: options<Argument<typeof analyseStreams, 2>>()(
      { ...CALL, batch: NUMBER, examples: NUMBER, memoryLimit: NUMBER },
      true,
    ),
  },
  attentionLayers: { model: MODEL },
  blockByDifferences: {
    block: callback(),
    measured: options<Argument<typeof blockByDifferences, 1>>()({ shape: LIST, spread: NUMBER }),
  },
  blockDerivatives: {
    block: callback(),
    points: ARRAY,
    measured: options<Argument<typeof blockDerivatives, 2>>()({ shape: LIST, spread: NUMBER }),
    options: options<Argument<typeof blockDerivatives, 3>>()({ ...CALL }),
  },
  characterOf: { block: object(['relativeDisplacement', 'gradientShare', 'optimality']) },
  chooseLayers: { model: MODEL, patterns: list(true) },
  openActivations: {
    model: MODEL,
    points: object([]),
    options: options<Argument<typeof openActivations, 2>>()(
      {
        ...CALL,
        batch: NUMBER,
        featureMaps: TEXT,
        layers: LIST,
        mask: 1,
        memoryLimit: NUMBER,
        pool: TEXT,
        rows: NUMBER,
        width: NUMBER,
      },
      true,
    ),
  },
  openModel: {
    path: text(),
    options: options<Argument<typeof openModel, 1>>()({ backend: 1, signal: 1 }, true),
  },
  lyapunovExponents: {
    blocks: list(),
    x: ARRAY,
    options: options<Argument<typeof lyapunovExponents, 2>>()(
      { ...CALL, count: NUMBER, points: NUMBER },
      true,
    ),
  },
  streamVerdict: { blocks: list() },
  refitStream: {
    model: MODEL,
    points: object([]),
    options: options<Argument<typeof refitStream, 2>>()({
      ...CALL,
      activation: TEXT,
      depth: NUMBER,
      examples: NUMBER,
      width: NUMBER,
    }),
  },
  residualStreams: { model: MODEL },
  writeRefittedOnnx: {
    path: text(),
    source: text(),
    refitted: object(['from', 'to', 'network']),
    options: options<Argument<typeof writeRefittedOnnx, 3>>()({ signal: 1 }, true),
  },
};
