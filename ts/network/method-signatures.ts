import {
  ARRAY,
  CALL_OPTIONS,
  callback,
  list,
  number,
  object,
  options,
  text,
  type Argument,
} from '../core/rules.js';
import type { Activations } from './model/activations.js';

const RUN = options<Argument<Activations['collect'], 1>>()({ onProgress: 1, signal: 1 }, true);

/** What the methods of the objects of this subject take, for {@link checkCall}: what takes nothing but numbers is not here. */
export const METHODS = {
  Activations: {
    collect: { layers: list(), options: RUN },
    stream: { layers: list(), visit: callback(), options: RUN },
  },
  BlockMap: {
    evaluate: { x: ARRAY, options: CALL_OPTIONS },
    jacobianVector: { x: ARRAY, u: ARRAY, options: CALL_OPTIONS },
  },
  NetworkModel: {
    block: { from: text(), to: text(), others: object([], true) },
    run: { batch: object([]), layers: list() },
  },
  RandomProjection: {
    new: { from: number(), to: number(), seed: number(true) },
    apply: { points: ARRAY, options: CALL_OPTIONS },
  },
  ResidualNetwork: {
    evaluate: { x: ARRAY, options: CALL_OPTIONS },
    flow: { name: text(true) },
    jacobianVector: { x: ARRAY, u: ARRAY, options: CALL_OPTIONS },
    trajectory: { x: ARRAY, options: CALL_OPTIONS },
  },
  ShallowNetwork: {
    divergence: { x: ARRAY, options: CALL_OPTIONS },
    evaluate: { x: ARRAY, options: CALL_OPTIONS },
    jacobianVector: { x: ARRAY, u: ARRAY, options: CALL_OPTIONS },
  },
};
