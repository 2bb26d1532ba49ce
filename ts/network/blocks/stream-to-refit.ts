import { RidgeflowError } from '../../core/errors.js';
import { spoken } from '../../core/spoken.js';
import type { ModelData, NetworkModel, StreamBlock } from '../model/index.js';
import { type StreamParts, streamParts } from './stream-parts.js';

/** Fewer examples leave nothing to fit to beside those that are held out. */
const FEWEST_EXAMPLES = 8;

/** The blocks that other layers can take the place of. */
export interface StreamToRefit extends StreamParts {
  readonly blocks: readonly StreamBlock[];
}

/**
 * The stream that `refitStream` takes: of those whose states are one vector an example, the one with most blocks. A few examples
 * are run to learn the shapes, so that what cannot be refitted is refused before anything is measured.
 *
 * @throws UNSUPPORTED where there is none, EMPTY_CLOUD for fewer than 8 examples, and as `openActivations`.
 */
export async function streamToRefit(
  model: NetworkModel,
  points: ModelData,
  options: Parameters<typeof streamParts>[2],
): Promise<StreamToRefit> {
  const found = await streamParts(model, points, options);
  const { parts, count, layer } = found;
  const long = parts.filter((part) => part.length > 1).sort((a, b) => b.length - a.length);
  const blocks = long.find(([{ from }]) => layer(from).shape.length === 1);
  if (!blocks) throw notRefitted(model, long[0] && layer(long[0][0].from));
  if (count < FEWEST_EXAMPLES) {
    throw new RidgeflowError(
      'EMPTY_CLOUD',
      `Expected at least ${FEWEST_EXAMPLES} examples for points${spoken('', ' with --refit')} but received ${count}`,
    );
  }
  return { ...found, blocks };
}

/** Why no stream is refitted, and what says nearly the same. */
function notRefitted(
  { source }: NetworkModel,
  state: { name: string; shape: readonly number[] } | undefined,
): RidgeflowError {
  const problem = state
    ? `the states of its residual stream are maps or sequences, ${state.shape.join(' × ')} values at ${state.name}, and layers can only be fitted to states that are one vector`
    : 'it has no residual stream of two blocks or more that other layers could take the place of';
  const remedy = state
    ? spoken(
        'analyseStreams says what the model gives without each block',
        'leave out --refit; what the model gives without each block is in the report',
      )
    : spoken('give a model that has one', 'leave out --refit, or give a model that has one');
  return new RidgeflowError('UNSUPPORTED', `${source}: ${problem}: ${remedy}`, { details: { file: source } });
}
