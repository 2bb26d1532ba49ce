import { checkCall } from '../../core/call.js';
import type { SampleEstimate } from '../../entropy/estimate.js';
import { SIGNATURES } from '../signatures.js';

/** The numbers of a block that its verdict is made of; null where they are not known. */
export interface BlockNumbers {
  /** Root mean squared distance moved over the spread before. */
  readonly relativeDisplacement: number | null;
  /** Mean cosine between a point's displacement and that in the block before. */
  readonly continuation: number | null;
  /** Squared share of the displacement's Jacobian that is symmetric. */
  readonly gradientShare: SampleEstimate | null;
  /** Mean change of log-volume, by which entropy rises. */
  readonly logDeterminant: SampleEstimate | null;
  /** The same by nearest neighbours. */
  readonly entropyChange: SampleEstimate | null;
  /** W₂² over the mean squared distance moved. */
  readonly optimality: number | null;
}

/**
 * What a block is: a step of a gradient flow that lowers, raises or keeps entropy; or none, because it moves points `far`,
 * its displacement `turns` (is no gradient), or a cheaper way leads to the same cloud (`dear`); or `unknown`.
 */
export type BlockCharacter = 'lowers' | 'raises' | 'keeps' | 'far' | 'turns' | 'dear' | 'unknown';

/** Blocks of one character that follow one another, counted from 1. */
export interface BlockRun {
  readonly first: number;
  readonly last: number;
  readonly character: BlockCharacter;
}

/** What {@link streamVerdict} says. */
export interface StreamVerdict {
  readonly runs: readonly BlockRun[];
  /** The runs in a sentence. */
  readonly sentence: string;
}

/** Steps of a flow are at most this part of the spread. */
export const FAR = 0.5;
/** Shares of a gradient are above: a random field has ½. */
const GRADIENT = 0.8;
/** Optimal transport is above. */
const OPTIMAL = 0.8;
/** Points that go on along a flow turn by less than 60°. */
const CONTINUES = 0.5;
/** Standard errors that a number must be beyond a bound. */
const SURE = 2;

const below = ({ value, standardError }: SampleEstimate, bound: number) =>
  value + SURE * standardError < bound;
const above = ({ value, standardError }: SampleEstimate, bound: number) =>
  value - SURE * standardError > bound;

/**
 * What the numbers of a block allow to say. A gradient share counts as one of a gradient where it is above 0.8 by two standard
 * errors, and as turning where it is below by as many; entropy falls or rises where log|det J|, or else the nearest-neighbour
 * entropy, does by two.
 */
export function characterOf(block: BlockNumbers): BlockCharacter {
  checkCall(SIGNATURES.characterOf, { block });
  const { relativeDisplacement, gradientShare, optimality } = block;
  if (relativeDisplacement === null) return 'unknown';
  if (relativeDisplacement > FAR) return 'far';
  if (gradientShare && below(gradientShare, GRADIENT)) return 'turns';
  if (optimality !== null && optimality < OPTIMAL) return 'dear';
  const change = block.logDeterminant ?? block.entropyChange;
  if (!gradientShare || !above(gradientShare, GRADIENT) || !change) return 'unknown';
  if (below(change, 0)) return 'lowers';
  return above(change, 0) ? 'raises' : 'keeps';
}

/** The blocks of a stream in order, as runs of one character, and in a sentence; of a flow every block goes on as the one before. */
export function streamVerdict(blocks: readonly BlockNumbers[]): StreamVerdict {
  checkCall(SIGNATURES.streamVerdict, { blocks });
  const runs: BlockRun[] = [];
  blocks.forEach((block, b) => {
    const character = characterOf(block);
    const before = runs[runs.length - 1];
    const goesOn = !isFlow(character) || (block.continuation ?? 1) >= CONTINUES;
    if (before?.character === character && goesOn) runs[runs.length - 1] = { ...before, last: b + 1 };
    else runs.push({ first: b + 1, last: b + 1, character });
  });
  const clauses = runs.map((run) => `${blocksOf(run)} ${clause(run, blocks.slice(run.first - 1, run.last))}`);
  const text = clauses.join('; ');
  return { runs, sentence: text === '' ? '' : `${text[0].toUpperCase()}${text.slice(1)}.` };
}

function isFlow(character: BlockCharacter): boolean {
  return character === 'lowers' || character === 'raises' || character === 'keeps';
}

function blocksOf({ first, last }: BlockRun): string {
  return first === last ? `block ${first}` : `blocks ${first}–${last}`;
}

function clause({ character, first, last }: BlockRun, blocks: readonly BlockNumbers[]): string {
  const one = first === last;
  const flow = one ? 'behaves like a step of a gradient flow' : 'behave like steps of one gradient flow';
  const range = (values: readonly (number | null | undefined)[]) => {
    const known = values.filter((value) => typeof value === 'number');
    const [least, most] = [Math.min(...known).toFixed(2), Math.max(...known).toFixed(2)];
    return least === most ? least : `${least} to ${most}`;
  };
  switch (character) {
    case 'lowers':
      return `${flow} that lowers entropy`;
    case 'raises':
      return `${flow} that raises entropy`;
    case 'keeps':
      return `${flow} that keeps entropy, within the error`;
    case 'far':
      return `${one ? 'moves' : 'move'} points too far for a step of a flow (${range(blocks.map((block) => block.relativeDisplacement))} of the spread)`;
    case 'turns':
      return `${one ? 'is' : 'are'} no gradient flow (gradient share ${range(blocks.map(({ gradientShare }) => gradientShare?.value))})`;
    case 'dear':
      return `${one ? 'does' : 'do'} not transport optimally (W₂² is ${range(blocks.map(({ optimality }) => optimality))} of the squared distance moved)`;
    case 'unknown':
      return `cannot be told to be a flow or not`;
  }
}
