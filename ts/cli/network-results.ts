import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { NdArray } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { ensureOutputFolder, writeNpz } from '../io/index.js';
import { labelSiblings } from '../io/idx.js';
import { kernelsFor } from '../kernel/backend.js';
import {
  type ActivationOptions,
  type Activations,
  type AlignmentMatrix,
  type AttentionAnalysis,
  type FeatureMaps,
  type ModelData,
  type NetworkAnalysis,
  type NetworkModel,
  type SequencePooling,
  type StreamAnalysis,
  alignmentMatrix,
  analyseAttention,
  analyseStreams,
  openActivations,
  openModel,
  refitStream,
} from '../network/index.js';
import { analyseRows } from '../network/analysis/analyse.js';
import { rememberingRows } from '../network/analysis/remembered-rows.js';
import { streamLayers } from '../network/analysis/states.js';
import { streamToRefit } from '../network/blocks/stream-to-refit.js';
import { modelFiles } from '../network/model/model-files.js';
import type { Refit } from '../report/network-blocks.js';
import { type ExampleSamples, sampleTexts, thumbnails } from '../report/samples.js';
import { sayInput } from './cloud-input.js';
import type { ChannelOrder } from './image-folder.js';
import { type ModelExamples, readModelData } from './model-input.js';
import type { Progress } from './progress.js';
import type { ReadingOptions } from './reading-options.js';
import type { ComputationOptions, OutputOptions } from './shared-options.js';
import { versions } from './provenance.js';
import { tokenizerFiles } from './tokenizer.js';
import { ResultCache, defaultCacheFolder, resultKey } from './result-cache.js';
import { STANDARD_INPUT } from './standard-input.js';

/** What the command parses. */
export interface NetworkCommandOptions extends ComputationOptions, OutputOptions, ReadingOptions {
  out: string;
  input?: Record<string, string>;
  mean?: number[];
  scale?: number[];
  channels?: ChannelOrder;
  preprocessor?: string;
  tokenizer?: string;
  exampleShape?: number[];
  layers?: string[];
  featureMaps: FeatureMaps;
  pool?: SequencePooling;
  rows: number;
  batch: number;
  width: number;
  drawn: number;
  activations?: boolean;
  blocks: boolean;
  /** false for none, else the folder of the user's own choice. */
  cache?: string | boolean;
  refit?: number[];
}

/** Debiased alignments need so many examples. */
const FEWEST_COMPARED = 4;
/** Bytes of rows that are kept for what takes them once more, rather than run the model again. */
const REMEMBERED = 2 ** 28;

/** All that is measured, and what is said of the input. */
export interface NetworkResults {
  analysis: NetworkAnalysis;
  input: Omit<ModelExamples, 'points' | 'texts'>;
  blocks: readonly StreamAnalysis[];
  attention: AttentionAnalysis;
  refits: readonly Refit[];
  /** What is shown of the examples that are drawn. */
  samples: ExampleSamples | null;
  alignment: AlignmentMatrix | null;
  comparison: { model: string; alignment: AlignmentMatrix } | null;
}

/** What a run is of. */
interface Places {
  model: string;
  other: string | undefined;
  data: string;
  /** Where --activations go. */
  folder: string;
}

interface Run {
  signal: AbortSignal;
  progress: Progress;
}

/** The results of an earlier run of the same model, data and options where they were kept, else measured now. */
export async function networkResults(
  places: Places,
  options: NetworkCommandOptions,
  run: Run,
): Promise<NetworkResults> {
  const { cache: asked } = options;
  // Standard input is read once, and activations are not kept.
  if (asked === false || places.data === STANDARD_INPUT) return measured(places, options, run);
  const own = typeof asked === 'string';
  // A folder that cannot be written is said before the work, not after it.
  if (own) await ensureOutputFolder(asked);
  const cache = new ResultCache(own ? asked : join(defaultCacheFolder(), 'network'), own);
  // What cannot be read is an error of the run itself, which says it better.
  const key = await keyOf(places, options, run.signal).catch(() => undefined);
  const known = key === undefined || options.activations ? undefined : await cache.read(key);
  if (known !== undefined) {
    const results = known as NetworkResults;
    run.progress.line(
      `Results of an earlier run of the same, from ${cache.folder}: --no-cache measures again`,
    );
    sayInput(results.input, run.progress);
    return results;
  }
  const results = await measured(places, options, run);
  if (key !== undefined) await cache.write(key, results);
  return results;
}

/** Files and values that the results depend on. */
async function keyOf(
  { model, other, data }: Places,
  options: NetworkCommandOptions,
  signal: AbortSignal,
): Promise<string> {
  const {
    out: _out,
    json: _json,
    quiet: _quiet,
    debug: _debug,
    cache: _cache,
    activations: _activations,
    ...rest
  } = options;
  const models = await Promise.all([model, ...(other === undefined ? [] : [other])].map(modelFiles));
  const isFile = await Promise.all(
    [
      ...[options.labels, options.preprocessor, ...labelSiblings(data)],
      ...(options.tokenizer === undefined ? [] : await tokenizerFiles(options.tokenizer)),
      ...Object.values(options.input ?? {}),
    ].map((name) => existing(name)),
  );
  const beside = isFile.flat();
  const { name } = await kernelsFor(options);
  // The names stand in the report.
  const values = { rest, model, other, data, models, beside, kernels: name, versions: versions() };
  return resultKey({ files: [...models.flat(), data, ...beside], values }, signal);
}

async function existing(path: string | undefined): Promise<string[]> {
  if (path === undefined) return [];
  return stat(path).then(
    () => [path],
    () => [],
  );
}

async function measured(
  { model: path, other, data, folder }: Places,
  options: NetworkCommandOptions,
  { signal, progress }: Run,
): Promise<NetworkResults> {
  const { backend, seed, dtype, rows, batch, width, featureMaps, pool, layers } = options;
  const models: NetworkModel[] = [];
  const open = async (file: string) => {
    progress.line(`Opening ${file}`);
    models.push(await openModel(file, { backend, signal }));
    return models[models.length - 1];
  };
  try {
    const model = await open(path);
    const second = other === undefined ? undefined : await open(other);
    progress.line(`Reading ${data}`);
    const examples = await readModelData(model, data, { ...options, signal });
    // All texts would be kept with the results, of which a few are shown.
    const { points, texts: _texts, ...input } = examples;
    sayInput(examples, progress);
    const shared = { signal, backend, seed, dtype };
    const call = { ...shared, rows, batch, width, featureMaps, pool, layers };
    // What cannot be done is refused here, not after all else.
    if (options.refit) await streamToRefit(model, points, shared);
    const others = second && (await comparable(second, points, call));
    const { analysis, activations } = await analyseRows(
      model,
      points,
      {
        ...call,
        labels: input.labels?.values,
        drawn: options.drawn,
        onProgress: (fraction) => progress.update(0.6 * fraction, 'measuring the layers'),
      },
      (opened) => rememberingRows(opened, REMEMBERED),
    );
    const blocks =
      options.blocks && analysis.examples >= 4
        ? await analyseStreams(model, points, {
            ...{ ...shared, batch },
            onProgress: (fraction) => progress.update(0.6 + 0.25 * fraction, 'measuring the blocks'),
          })
        : [];
    const attention = await analyseAttention(model, points, { ...shared, batch });
    const refits: Refit[] = [];
    for (const depth of options.refit ?? []) {
      progress.update(0.85, `fitting ${depth} layers to the stream`);
      const { network: _, ...refit } = await refitStream(model, points, { ...shared, depth });
      refits.push({ depth, ...refit });
    }
    const compare = { signal, seed };
    progress.update(0.85, 'comparing the layers');
    const alignment =
      analysis.examples < FEWEST_COMPARED ? null : await alignmentMatrix(activations, undefined, compare);
    const comparison = others
      ? { model: other!, alignment: await alignmentMatrix(activations, others, compare) }
      : null;
    if (options.activations) {
      const all = await activations.collect(
        analysis.layers.map(({ name }) => name),
        { signal },
      );
      await writeNpz(join(folder, 'activations.npz'), arraysByLayer(all), { signal });
    }
    const samples = samplesOf(examples, analysis.drawn);
    return { analysis, input, blocks, attention, refits, samples, alignment, comparison };
  } finally {
    for (const model of models) await model.dispose();
  }
}

/** The texts and images of the examples that are drawn, where they are any. */
function samplesOf({ points, texts }: ModelExamples, drawn: readonly number[]): ExampleSamples | null {
  const arrays = isNdArray(points) ? [points] : Object.values(points);
  const images = arrays.flatMap((array) =>
    typeof array === 'number' ? [] : (thumbnails(array, drawn) ?? []),
  )[0];
  if (!images && !texts) return null;
  return { ...(images && { images }), ...(texts && { texts: sampleTexts(texts, drawn) }) };
}

function isNdArray(points: ModelExamples['points']): points is NdArray {
  return Array.isArray(points.shape) && 'data' in points;
}

/** The layers of another model that are compared with on the same examples; of a residual stream once a block. */
async function comparable(
  model: NetworkModel,
  points: ModelData,
  call: ActivationOptions,
): Promise<Activations> {
  const opened = await openActivations(model, points, {
    ...call,
    layers: call.layers ?? streamLayers(model),
  });
  if (opened.examples >= FEWEST_COMPARED) return opened;
  throw new RidgeflowError(
    'EMPTY_CLOUD',
    `Expected at least ${FEWEST_COMPARED} examples to compare two models on but received ${opened.examples}`,
  );
}

/** Named by the place of the layer and its name, without what a zip file cannot hold. */
function arraysByLayer(all: ReadonlyMap<string, NdArray>): Record<string, NdArray> {
  return Object.fromEntries(
    [...all].map(([name, array], l) => [`${l}_${name.replace(/[\0\\/]/g, '_').slice(0, 200)}`, array]),
  );
}
