import type { ActivationCode } from '../../core/activation.js';
import type { FloatData } from '../../core/array.js';
import type { RandomStream } from '../../core/random.js';
import type { Matrix, RunControl } from './control.js';

/** One dense layer of a network: h_{l+1} = f(W h_l + β) [+ h_s]. */
export interface DenseLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** f; absent: the identity. */
  readonly activation?: ActivationCode;
  /** s, from 0 (the inputs) to l, of this layer's width. Default: nothing is added. */
  readonly skipFrom?: number;
  /** An earlier layer whose W, transposed, is this layer's. Default: it has its own. */
  readonly tiedTo?: number;
}

/**
 * What corrupts the inputs: x + scale·z, x + Fz with F (d × d) row-major, or x with the coordinates set to 0 at which
 * z < threshold. z is standard normal: row i of the order takes positions from i·d on of the stream.
 */
export type InputNoise =
  | { readonly kind: 'gaussian'; readonly scale: number }
  | { readonly kind: 'factor'; readonly factor: FloatData }
  | { readonly kind: 'masking'; readonly threshold: number };

/** How parameters follow the gradient; `sgd` with the momentum, `adam` as D. P. Kingma, J. Ba, ICLR 2015. */
export type Optimiser =
  | { readonly kind: 'sgd'; readonly rate: number; readonly momentum: number }
  | {
      readonly kind: 'adam';
      readonly rate: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
    };

/** The least-squares fit of a network to targets, from corrupted inputs. */
export interface NetworkProblem {
  readonly layers: readonly DenseLayer[];
  /** Layer by layer: W (outputs × inputs, unless tied), then β (outputs). */
  readonly parameters: FloatData;
  /** Inputs of the network. */
  readonly points: Matrix;
  /** Default: the points. */
  readonly targets?: Matrix;
  /** Row numbers, in the order in which they are taken; of the whole cloud, on all ranks alike, where it is spread over them. */
  readonly order: Int32Array;
  /** Default: the inputs are as they are. */
  readonly noise?: { readonly model: InputNoise; readonly stream: RandomStream };
}

/** Training of networks of dense layers. */
export interface TrainingKernels {
  /**
   * One pass over the rows of `order` in minibatches of `batch`, a step of the optimiser after each: `parameters` and
   * `moments` (twice as many values: means of gradients and of their squares, or velocities) are changed in place.
   * Resolves to the mean of |y − target|², each taken before the step of its batch; stops after a batch whose loss is not
   * finite, and resolves to that. `step`: steps taken before. O(rows · parameters) time. After an abort parameters and
   * moments are those after a whole step.
   */
  trainNetwork(
    problem: NetworkProblem & { moments: FloatData; optimiser: Optimiser; batch: number; step: number },
    run?: RunControl,
  ): Promise<number>;

  /** The mean of |y − target|² over the rows of `order`; where wanted with its gradient, into `gradient`. */
  networkLoss(problem: NetworkProblem & { gradient?: FloatData }, run?: RunControl): Promise<number>;
}

/** How many parameters these layers have. */
export function parameterCount(layers: readonly DenseLayer[]): number {
  return layers.reduce(
    (count, { inputs, outputs, tiedTo }) => count + (tiedTo === undefined ? inputs * outputs : 0) + outputs,
    0,
  );
}
