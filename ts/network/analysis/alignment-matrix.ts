import { checkCall } from '../../core/call.js';
import { RidgeflowError } from '../../core/errors.js';
import { type CallOptions, checkInteger, partOf } from '../../core/options.js';
import type { NdArray } from '../../core/array.js';
import { Pace } from '../../core/pace.js';
import { RandomStream } from '../../core/random.js';
import { kernelsFor } from '../../kernel/backend.js';
import { MinibatchAlignment } from '../../representation/minibatch-alignment.js';
import type { Activations } from '../model/index.js';
import { SIGNATURES } from '../signatures.js';

/** What {@link alignmentMatrix} finds. */
export interface AlignmentMatrix {
  /** Names of the layers along both sides. */
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** rows × columns, at most 1 up to rounding; null where a layer's points all coincide. */
  readonly values: readonly (readonly (number | null)[])[];
  /** By leaving out batches in turn; null of a single batch. */
  readonly standardErrors: readonly (readonly (number | null)[])[];
  readonly examples: number;
}

/** Options of {@link alignmentMatrix}. */
export interface AlignmentMatrixOptions extends CallOptions {
  /** Examples of a batch, 4 or more. Default 128. */
  batch?: number;
  /** Most examples, drawn by the seed. Default 2000. */
  examples?: number;
}

const BATCH = 128;

/**
 * Debiased linear centred kernel alignment between every two layers of a model, or every layer of one and every layer of
 * another on the same examples: 1 where two say the same of the examples up to rotation, shift and scale. Over random batches
 * of the examples, so that its memory is that of the rows; batches of 128 are unbiased as the whole is.
 *
 * @param activations from `openActivations`. @param others of another model or checkpoint, of as many examples in the same order.
 * @throws INVALID_SHAPE where the examples are not as many; EMPTY_CLOUD for fewer than 4; as the models, ABORTED. O(n b Σd + n b L²)
 * time for L layers and batches of b.
 */
export async function alignmentMatrix(
  activations: Activations,
  others?: Activations,
  options: AlignmentMatrixOptions = {},
): Promise<AlignmentMatrix> {
  checkCall(SIGNATURES.alignmentMatrix, { activations, others, options });
  // What it asks of no backend is of the rows that are here: over ranks it does not run.
  await kernelsFor(options);
  const { examples } = activations;
  const size = checkInteger(options.batch ?? BATCH, 'batch', 4);
  const most = checkInteger(options.examples ?? 2000, 'examples', 4);
  if (others && others.examples !== examples) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected as many examples for both models, ${examples}, but received ${others.examples}`,
      { details: { parameter: 'others' } },
    );
  }
  if (examples < 4)
    throw new RidgeflowError('EMPTY_CLOUD', `Expected at least 4 examples but received ${examples}`);
  const sides = [activations, ...(others ? [others] : [])];
  const collected: NdArray[] = [];
  for (const [s, side] of sides.entries()) {
    const names = namesOf(side);
    const part = partOf(options, (0.8 * s) / sides.length, (0.8 * (s + 1)) / sides.length);
    const rows = await side.collect(names, { signal: part.signal, onProgress: part.onProgress });
    collected.push(...names.map((name) => rows.get(name)!));
  }
  const order = Array.from(
    new RandomStream(options.seed, 'shuffle').choose(examples, Math.min(examples, most)),
  );
  const names = namesOf(activations);
  const otherNames = others ? namesOf(others) : [];
  const sums = new MinibatchAlignment(names.length, otherNames.length);
  // The last batch takes what would be too few for one.
  const batches = Math.max(1, Math.floor(order.length / size));
  const pace = new Pace(partOf(options, 0.8, 1), batches);
  for (let b = 0; b < batches; b++) {
    const batch = order.slice(b * size, b === batches - 1 ? order.length : (b + 1) * size);
    sums.add(collected.map((cloud) => taken(cloud, batch, examples)));
    await pace.tick(1);
  }
  return {
    rows: names,
    columns: others ? otherNames : names,
    ...sums.finish(),
    examples: order.length,
  };
}

/** Layers with one row for each example. */
function namesOf({ layers }: Activations): string[] {
  return layers.filter(({ positions }) => positions === 1).map(({ name }) => name);
}

function taken({ data, shape: [n, d] }: NdArray, batch: readonly number[], examples: number): NdArray {
  const each = (n / examples) * d;
  const out = new Float32Array(batch.length * each);
  batch.forEach((row, i) => out.set(data.subarray(row * each, (row + 1) * each), i * each));
  return { data: out, shape: [batch.length, each] };
}
