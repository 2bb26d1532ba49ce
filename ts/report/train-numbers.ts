import type { NdArray } from '../core/array.js';
import type { EpochLoss, LayerSeparation, TrainedDae } from '../dae/index.js';
import type { Denoising } from '../dae/training/denoising.js';
import type { ClassLabels, PrincipalPlane } from './cloud.js';

/** What was trained on what. */
export interface TrainPlan {
  input: string;
  notes: readonly string[];
  n: number;
  d: number;
  kind: 'single' | 'composed' | 'stacked';
  depth: number;
  widths: readonly number[];
  activation: string;
  residual: boolean;
  tied: boolean;
  method: 'descent' | 'ridge';
  /** Noise variance of all layers together. */
  T: number;
  noiseChosen: 'given' | 'default';
  backend: string;
  dtype: string;
  seed: number;
}

/** How a training ended. */
export interface LossSummary {
  epochs: number;
  reason: TrainedDae['reason'];
  /** Loss of the last epoch. */
  training: number;
  /** The least loss of the points held out; null where none were. */
  heldOut: number | null;
}

/** How the training of one layer ended. */
export interface LayerSummary extends LossSummary {
  /**
   * Mean squared distance from their mean of what the layer was trained on, the points or the features of the layer before:
   * losses over it can be compared from layer to layer.
   */
  variance: number;
  width: number;
  ridge: number | null;
}

/** The numbers of a training. */
export interface TrainNumbers extends TrainPlan {
  layers: readonly LayerSummary[];
  /** Of the whole map, where all layers were trained at once after they were trained one by one. */
  fineTuning: LossSummary | null;
  /**
   * Root mean squared distance from the points to themselves with noise of variance T that training has not seen, and to
   * where each layer brings those.
   */
  denoisingErrors: readonly number[];
  /** Standard error of the change from the first of them to the last. */
  denoisingChangeError?: number;
  /** Root mean squared distance of the points, without noise, from where each layer brings them. */
  displacements: readonly number[];
  /** Of labelled points: before the first layer and after each. */
  separation: LayerSeparation | null;
}

/** What `trainReport` needs beside the numbers. */
export interface TrainReportContext {
  points: NdArray;
  /** The points before the first layer and after each. */
  trajectory: readonly NdArray[];
  /** The loss curve of each layer. */
  histories: readonly (readonly EpochLoss[])[];
  /** That of the whole map, where it was fine-tuned. */
  fineTuning?: readonly EpochLoss[];
  denoising: Denoising;
  /** The plane of the points' first two principal components. */
  principal: PrincipalPlane;
  labels?: ClassLabels;
  /** Rows and columns, where a point is an image. */
  imageShape?: readonly [number, number];
  command: string;
  versions: Readonly<Record<string, string>>;
}
