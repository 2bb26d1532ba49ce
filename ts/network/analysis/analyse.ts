import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { partOf, throwIfAborted, tell } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { together } from '../../core/together.js';
import { kernelsFor } from '../../kernel/backend.js';
import { type AlignmentReference, alignmentReference } from '../../representation/alignment.js';
import { type Labels, classesOf } from '../../representation/classes.js';
import {
  type ActivationLayer,
  type ActivationOptions,
  type Activations,
  type FeatureMaps,
  type LeftOutLayer,
  type ModelData,
  type NetworkModel,
  openActivations,
  residualStreams,
} from '../model/index.js';
import { type SequencePooling, checkFeatureMaps, checkPooling } from '../model/feature-maps.js';
import { DEFAULT_MEMORY, inGroups } from '../model/groups.js';
import { cloudShape, orNull } from './cloud-shape.js';
import { type LayerMeasures, measureLayer } from './layer-measures.js';
import { type LayerPlane, alignedPlane, logits } from './planes.js';
import { streamsFromData } from '../model/residual-streams.js';
import { statesOf } from './states.js';
import { type StepMeasures, type StreamMeasures } from './steps.js';
import { StepTracker, predecessors, sameRows } from './step-tracker.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Examples that are drawn at most. */
export const MOST_DRAWN = 10_000;

/** Options of {@link analyseNetwork}. */
export interface NetworkAnalysisOptions extends ActivationOptions {
  /** Classes of the examples, one each, of at least two: measures how the layers separate them. */
  labels?: Labels;
  /** Points whose way is kept for drawing. Default 1000, at most 10 000. */
  drawn?: number;
}

/** One layer, with the numbers of its cloud. */
export interface LayerAnalysis extends ActivationLayer, LayerMeasures {
  /** Rows measured: the examples, or with `positions` a multiple. */
  readonly rows: number;
  readonly plane: LayerPlane;
  /** The block of a residual stream that ends here, by its path in the model. */
  readonly block?: string;
}

/** What {@link analyseNetwork} finds. */
export interface NetworkAnalysis {
  readonly source: string;
  readonly format: NetworkModel['format'];
  /** What ran the model, and what measured. */
  readonly engine: string;
  readonly backend: string;
  readonly examples: number;
  /** What became of feature maps and sequences. */
  readonly featureMaps: FeatureMaps;
  /** What stands for a sequence where they are `mean`. */
  readonly pool: SequencePooling;
  readonly seed: number;
  /** Whether the alignments are debiased, as they are where some layer has more than a tenth as many values as rows. */
  readonly debiased: boolean;
  /** Labels that occur, ascending; empty without labels. */
  readonly classes: readonly number[];
  /** The data themselves first. */
  readonly layers: readonly LayerAnalysis[];
  /** Of layers inside blocks, how many are not among them: `layers: ['*']` shows them. */
  readonly folded: number;
  /** Layers that nothing can be said of, with the reason. */
  readonly leftOut: readonly LeftOutLayer[];
  /**
   * The blocks of residual streams; where there are none, between every layer and the last before it of the same width that it
   * follows from alone, by more than an activation or norm.
   */
  readonly steps: readonly StepMeasures[];
  readonly streams: readonly StreamMeasures[];
  /** The examples in the planes. */
  readonly drawn: readonly number[];
}

/**
 * Runs data through a trained network and measures how every layer transports them: the extent, dimension and entropy of
 * each layer's cloud, its alignment with the last, how it separates classes, and how points move along layers of equal
 * width.
 *
 * Without `layers`, a model with residual streams of two blocks or more ({@link residualStreams}) is shown once a block, and
 * its last layer; any other by all its layers.
 *
 * @param model from `openModel`. @param points [n, …], n ≥ 2 examples; of a model of several inputs an array for each by its name.
 * @throws EMPTY_CLOUD, INVALID_SHAPE (data or labels that do not fit), INVALID_ARGUMENT, DEGENERATE_CLOUD (one class),
 * NON_FINITE naming the layer, UNSUPPORTED, OUT_OF_MEMORY, ABORTED.
 *
 * O(n²w) time for each layer of width w, besides the model's; memory for the activations of the last layer and of as many
 * others as `memoryLimit` allows.
 */
export async function analyseNetwork(
  model: NetworkModel,
  points: ModelData<NdArrayLike>,
  options: NetworkAnalysisOptions = {},
): Promise<NetworkAnalysis> {
  checkCall(SIGNATURES.analyseNetwork, { model, points, options });
  return (await analyseRows(model, points, options, (activations) => activations)).analysis;
}

/** {@link analyseNetwork} of the activations as `through` gives them, and these. */
export async function analyseRows(
  model: NetworkModel,
  points: ModelData<NdArrayLike>,
  options: NetworkAnalysisOptions,
  through: (activations: Activations) => Activations,
): Promise<{ analysis: NetworkAnalysis; activations: Activations }> {
  const { labels, drawn: frames = 1000, ...run } = options;
  const blocks = streamsFromData(model, residualStreams(model));
  const states = options.layers === undefined ? statesOf(model, blocks) : undefined;
  const activations = through(
    await openActivations(model, points, { ...run, ...(states && { layers: states }) }),
  );
  const { layers, examples } = activations;
  if (examples < 2)
    throw new RidgeflowError('EMPTY_CLOUD', 'Expected at least 2 examples for points but received 1');
  const classes = labels ? classesOf(labels, examples) : undefined;
  const { signal, seed, backend, dtype } = options;
  const call = { signal, seed, backend, dtype };
  const kernels = await kernelsFor(call);
  const featureMaps = checkFeatureMaps(options.featureMaps);
  const debiased = examples >= 4 && layers.some(({ width, positions }) => 10 * width > examples * positions);

  const names = layers.map(({ name }) => name);
  const last = layers[layers.length - 1];
  const before = predecessors(model, layers, blocks);
  const paths = new Map(blocks.flatMap((stream) => stream.blocks.map(({ to, path }) => [to, path])));
  const tracker = new StepTracker(model, layers, before, call);
  const drawn = Array.from(
    new RandomStream(options.seed, 'subsample').choose(examples, Math.min(frames, MOST_DRAWN)),
  ).sort((a, b) => a - b);
  const measured: LayerAnalysis[] = [];
  let lastRows: NdArray | undefined;
  let reference: AlignmentReference | undefined;
  const rowBytes = new Map(
    layers.map(({ name, width, positions }) => [name, 4 * Math.round(examples * positions) * width]),
  );
  const memory = (options.memoryLimit ?? DEFAULT_MEMORY) / 2;
  for (const group of inGroups(names, (name) => rowBytes.get(name)!, memory)) {
    const from = names.indexOf(group[0]) / names.length;
    const to = (names.indexOf(group[group.length - 1]) + 1) / names.length;
    const ran = from + 0.3 * (to - from);
    const wanted = lastRows ? group : [...new Set([...group, last.name])];
    const { signal, onProgress } = partOf(options, from, ran);
    const rows = await activations.collect(wanted, { signal, onProgress });
    if (!lastRows) {
      lastRows = rows.get(last.name)!;
      const shape = await cloudShape(lastRows, call);
      reference =
        (shape && (await orNull(() => alignmentReference(shape.moments, call, debiased)))) ?? undefined;
    }
    for (const [g, name] of group.entries()) {
      throwIfAborted(call.signal);
      const layer = layers[names.indexOf(name)];
      const cloud = rows.get(name) ?? lastRows;
      rows.delete(name);
      const owners = layer.masked && activations.tokenExamples;
      const labels =
        classes && (owners ? owners.map((i) => classes.of[i]) : repeated(classes.of, layer.positions));
      const comparable = sameRows(layer, last);
      const shape = cloudShape(cloud, call);
      // At once, so that what runs on this thread alone fills the gaps that the kernels leave, and they its.
      const [found, measures] = await together([
        shape,
        measureLayer(cloud, { shape, last: comparable ? reference : undefined, labels }, call),
        tracker.add(name, cloud, shape),
      ]);
      const shown = drawn.map((example) => (owners ? owners.indexOf(example) : example * layer.positions));
      const unsquashed = logits(cloud);
      const drawnShape = unsquashed ? await cloudShape(unsquashed, call) : found;
      const plane = {
        ...alignedPlane(drawnShape, shown, measured[measured.length - 1]?.plane),
        ...(unsquashed && { logits: true }),
      };
      const path = paths.get(name);
      measured.push({
        ...layer,
        ...(path !== undefined && { block: path }),
        ...withLabels(measures, classes?.labels),
        rows: cloud.shape[0],
        plane,
      });
      await tell(options.onProgress, ran + ((g + 1) / group.length) * (to - ran));
    }
  }
  const analysis: NetworkAnalysis = {
    source: model.source,
    format: model.format,
    engine: model.engine,
    backend: kernels.name,
    examples,
    featureMaps,
    pool: checkPooling(options.pool, featureMaps),
    seed: options.seed ?? 0,
    debiased,
    classes: classes?.labels ?? [],
    layers: measured,
    folded: states ? model.layers.length - states.length : 0,
    leftOut: activations.leftOut,
    ...tracker.finish(),
    drawn,
  };
  return { analysis, activations };
}

function repeated(labels: Int32Array, times: number): Int32Array {
  if (times === 1) return labels;
  return Int32Array.from({ length: labels.length * times }, (_, i) => labels[Math.floor(i / times)]);
}

/** The classes are counted from 0 inside: given back by their labels. */
function withLabels(measures: LayerMeasures, labels: readonly number[] | undefined): LayerMeasures {
  const { separation } = measures;
  if (!separation || !labels) return measures;
  const classes = separation.classes.map((entry, c) => ({ ...entry, label: labels[c] }));
  return { ...measures, separation: { ...separation, classes } };
}
