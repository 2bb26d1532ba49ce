import { type NdArray, elementCount } from '../../core/array.js';
import { checkCall } from '../../core/call.js';
import { type CallOptions, checkInteger } from '../../core/options.js';
import { Pace } from '../../core/pace.js';
import { RandomStream } from '../../core/random.js';
import { type SampleEstimate, meanWithError } from '../../entropy/estimate.js';
import { kernelsFor } from '../../kernel/backend.js';
import { attentionLayers } from '../model/attention-layers.js';
import { Examples } from '../model/examples.js';
import {
  type ActivationLayer,
  type LeftOutLayer,
  type ModelData,
  type NetworkModel,
  openActivations,
} from '../model/index.js';
import { someExamples } from '../model/model-data.js';
import { type PositionMask, maskOf, maskRows } from '../model/position-mask.js';
import { SIGNATURES } from '../signatures.js';

/** What a head attends to, on average over the tokens of the examples. */
export interface AttentionHead {
  /** −Σ p log p over the positions attended to, in nats: 0 of one position alone; e to it is how many they are. */
  readonly entropy: SampleEstimate;
  /** Σ p |i − j|, how many positions away; null where queries and keys are not the same positions. */
  readonly distance: SampleEstimate | null;
}

/** The heads of one layer, and what they would be if they attended evenly to all that the mask leaves. */
export interface AttentionLayerAnalysis {
  /** The layer that gives the weights. */
  readonly name: string;
  /** Where it is in the model, as `/encoder/layer.3/attention/self`. */
  readonly path: string;
  readonly heads: readonly AttentionHead[];
  /** Positions that attend, and that are attended to. */
  readonly queries: number;
  readonly keys: number;
  readonly evenEntropy: number;
  readonly evenDistance: number | null;
}

/** What {@link analyseAttention} finds. */
export interface AttentionAnalysis {
  readonly layers: readonly AttentionLayerAnalysis[];
  /** Attention whose weights cannot be seen, with the reason. */
  readonly leftOut: readonly LeftOutLayer[];
  /** Examples that it was measured on. */
  readonly examples: number;
}

/** Options of {@link analyseAttention}. */
export interface AttentionAnalysisOptions extends CallOptions {
  /** Most examples, drawn by the seed. Default 256. */
  examples?: number;
  /** Most examples that the model runs at once. Default 256. */
  batch?: number;
  /** The input that says which tokens count, as of `openActivations`; false for none. */
  mask?: string | false;
  /** About so many bytes of weights are held at once. Default 2³⁰. */
  memoryLimit?: number;
}

/** What weights may sum to, but for rounding. */
const ROUNDING = 1e-2;

/**
 * Reads a model's attention as such: of every head the entropy of its weights and the mean distance |i − j| to what it attends
 * to, over the tokens that the mask has, with standard errors over the examples. Tokens are counted along the sequence; of
 * patches of an image, row by row.
 *
 * @param model with softmax(QKᵀ)V in its graph ({@link attentionLayers}); of one without it nothing is found. @param points as
 * `analyseNetwork` takes them. @throws as `openActivations`. O(examples · heads · positions²) time; the model is run once.
 */
export async function analyseAttention(
  model: NetworkModel,
  points: ModelData,
  options: AttentionAnalysisOptions = {},
): Promise<AttentionAnalysis> {
  checkCall(SIGNATURES.analyseAttention, { model, points, options });
  // What it asks of no backend is of the rows that are here: over ranks it does not run.
  await kernelsFor(options);
  const most = checkInteger(options.examples ?? 256, 'examples', 1);
  const { seed, signal, backend, dtype, batch, mask: asked, memoryLimit, onProgress } = options;
  const { layers: found, fused } = attentionLayers(model);
  const { count } = Examples.of(model, points);
  const rows = new RandomStream(seed, 'sample').choose(count, Math.min(count, most)).sort();
  if (found.length === 0) return { layers: [], leftOut: fused, examples: rows.length };
  const some = someExamples(model, points, rows);
  // The last layer too, so that where no weights can be shown it is no error.
  const names = [...found.map(({ name }) => name), model.layers[model.layers.length - 1].name];
  const opened = await openActivations(model, some, {
    ...{ seed, signal, backend, dtype, batch, mask: asked, memoryLimit },
    ...{ layers: [...new Set(names)], featureMaps: 'flatten', width: 2 ** 31 - 1 },
  });
  const all = Examples.of(model, some);
  const mask = maskOf(model, asked);
  const shown = new Map(opened.layers.map((layer) => [layer.name, layer]));
  const sums = new Map(
    found.flatMap(({ name }) => {
      const layer = shown.get(name);
      return layer && layer.shape.length > 1 ? [[name, new HeadSums(layer, rows.length)]] : [];
    }),
  );
  const pace = new Pace({ signal, onProgress }, rows.length);
  await opened.stream(
    [...sums.keys()],
    async ({ first, examples, rows: arrays }) => {
      const masked = mask && maskRows(all.batch(first, examples), mask);
      for (const [name, weights] of arrays) {
        for (let i = 0; i < examples; i++) {
          sums.get(name)?.add(weights, i, first + i, masked);
          await pace.reach(first);
        }
      }
    },
    { signal },
  );
  await pace.finish();
  const measured = found.flatMap((layer) => {
    const sum = sums.get(layer.name);
    return sum?.isAttention ? [{ ...layer, ...sum.finish() }] : [];
  });
  const leftOut = opened.leftOut.filter(({ name }) => found.some((layer) => layer.name === name));
  return { layers: measured, leftOut: [...fused, ...leftOut], examples: rows.length };
}

/** The sums of a layer's heads, example by example. */
class HeadSums {
  readonly #heads: number;
  readonly #queries: number;
  readonly #keys: number;
  /** Copies of the heads in one example, as the windows of an image. */
  readonly #outer: number;
  /** For every example and head the mean entropy and distance of its queries; NaN without any. */
  readonly #entropies: Float64Array;
  readonly #distances: Float64Array;
  #even = { entropy: 0, distance: 0, queries: 0 };
  isAttention = true;

  constructor({ shape }: ActivationLayer, examples: number) {
    const [heads, queries, keys] = [1, 1, ...shape].slice(-3);
    [this.#heads, this.#queries, this.#keys] = [heads, queries, keys];
    this.#outer = elementCount(shape) / (heads * queries * keys);
    this.#entropies = new Float64Array(examples * heads).fill(NaN);
    this.#distances = new Float64Array(examples * heads).fill(NaN);
  }

  /** Row `row` of the weights is the example of this number. */
  add({ data }: NdArray, row: number, example: number, mask: PositionMask | undefined): void {
    const [heads, queries, keys] = [this.#heads, this.#queries, this.#keys];
    const masked = mask?.positions === queries ? mask.data : undefined;
    const isSame = queries === keys;
    for (let h = 0; h < heads && this.isAttention; h++) {
      let [entropy, distance, count] = [0, 0, 0];
      for (let o = 0; o < this.#outer; o++) {
        const from = ((row * this.#outer + o) * heads + h) * queries * keys;
        for (let q = 0; q < queries; q++) {
          if (masked && masked[row * queries + q] === 0) continue;
          let [total, reached, far] = [0, 0, 0];
          count++;
          for (let k = 0; k < keys; k++) {
            const p = data[from + q * keys + k];
            if (!(p > 0)) continue;
            total += p;
            entropy -= p * Math.log(p);
            reached++;
            if (!isSame) continue;
            distance += p * Math.abs(q - k);
            far += Math.abs(q - k);
          }
          // Weights of anything else: of the same softmax along another axis, or of an activation that is none.
          if (reached > 0 && Math.abs(total - 1) > ROUNDING) this.isAttention = false;
          if (reached === 0) continue;
          this.#even.entropy += Math.log(reached);
          this.#even.distance += far / reached;
          this.#even.queries++;
        }
      }
      if (count === 0) continue;
      this.#entropies[example * heads + h] = entropy / count;
      this.#distances[example * heads + h] = distance / count;
    }
  }

  finish(): Omit<AttentionLayerAnalysis, 'name' | 'path'> {
    const isSame = this.#queries === this.#keys;
    const { entropy, distance, queries } = this.#even;
    const heads = Array.from({ length: this.#heads }, (_, h): AttentionHead => {
      const of = (values: Float64Array) => {
        const own = values.filter((value, at) => at % this.#heads === h && !Number.isNaN(value));
        return meanWithError(own.length, (i) => own[i]);
      };
      return { entropy: of(this.#entropies), distance: isSame ? of(this.#distances) : null };
    });
    return {
      heads,
      queries: this.#queries,
      keys: this.#keys,
      evenEntropy: entropy / queries,
      evenDistance: isSame ? distance / queries : null,
    };
  }
}
