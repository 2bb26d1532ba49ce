import type { NdArray } from '../core/array.js';
import type { CallOptions } from '../core/options.js';

/** How a measured number is held against a predicted one. */
export type Relation = 'equal' | 'at most' | 'at least';

/** One number of an experiment. */
export interface ClaimCheck {
  readonly name: string;
  readonly measured: number;
  readonly predicted: number;
  /** How far the measured number may be on the wrong side of the predicted one. */
  readonly tolerance: number;
  readonly relation: Relation;
  readonly holds: boolean;
}

/** A line, or points, of a figure. */
export interface FigureSeries {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** `line` (the default), `marks`, `both`, or `dashed` for what is predicted. */
  readonly style?: 'line' | 'marks' | 'both' | 'dashed';
}

/** A heat map of a ridgelet spectrum by slope and bias, with the units of a network on it. */
export interface SpectrumPanel {
  readonly title: string;
  readonly spectrum: {
    readonly slopes: ArrayLike<number>;
    readonly biases: ArrayLike<number>;
    /** slopes × biases, 0 to 1. */
    readonly magnitude: ArrayLike<number>;
    readonly units: readonly { slope: number; bias: number; weight: number }[];
  };
}

/** One panel of a figure, of lines and points. Values that are not finite, or not positive on a logarithmic axis, are left out. */
export interface FigurePanel {
  readonly title: string;
  readonly x: { readonly title: string; readonly log?: boolean };
  readonly y: { readonly title: string; readonly log?: boolean };
  readonly series: readonly FigureSeries[];
}

/** What an experiment shows. */
export interface ClaimFigure {
  readonly title: string;
  readonly caption: string;
  readonly panels: readonly (FigurePanel | SpectrumPanel)[];
}

/** What a part of an experiment adds to it. */
export interface ClaimPart {
  readonly checks: readonly ClaimCheck[];
  readonly figure?: ClaimFigure;
}

/** What one experiment found. */
export interface ClaimResult {
  readonly claim: number;
  readonly title: string;
  readonly verdict: 'holds' | 'fails';
  readonly checks: readonly ClaimCheck[];
  readonly figures: readonly ClaimFigure[];
  /** What a reader should know of the result beside the checks. */
  readonly remarks: readonly string[];
  readonly seconds: number;
}

/** A cloud of the reader's own, with its classes where it has them. */
export interface ClaimData {
  /** As the pages call it. */
  readonly name: string;
  /** n × d. */
  readonly points: NdArray;
  /** One class number per point. */
  readonly labels?: Int32Array;
}

/** Options of every experiment. */
export interface ClaimOptions extends CallOptions {
  /** The real data of the experiments that take some. Default: the handwritten digits that come with the package. */
  data?: ClaimData;
  /** Fewer points, layers and seeds: under 20 s in place of minutes. Default false. */
  quick?: boolean;
  /**
   * Factor on the displacement of every map that is put to the test, and on the velocity of every flow. Any other than 1,
   * the default, makes them wrong, which the verdict must show: −1 turns the sign of the score.
   */
  displacementFactor?: number;
}

/** What an experiment hands back; {@link ClaimExperiment.run} is timed and judged by `runClaim`. */
export interface ClaimFindings {
  readonly checks: readonly ClaimCheck[];
  readonly figures: readonly ClaimFigure[];
  readonly remarks?: readonly string[];
}

/** A statement of the theory, with the experiment that puts it to the test. */
export interface ClaimExperiment {
  /** Its number, from 1, in the order of docs/theory.md. */
  readonly claim: number;
  readonly title: string;
  readonly statement: string;
  readonly run: (options: ClaimOptions) => Promise<ClaimFindings>;
}

/** A check that the measured number is the predicted one, up to the tolerance. NaN never holds. */
export function equal(name: string, measured: number, predicted: number, tolerance: number): ClaimCheck {
  const holds = Math.abs(measured - predicted) <= tolerance;
  return { name, measured, predicted, tolerance, relation: 'equal', holds };
}

/** A check that the measured number is at most the predicted one, up to the tolerance. */
export function atMost(name: string, measured: number, predicted: number, tolerance = 0): ClaimCheck {
  const holds = measured <= predicted + tolerance;
  return { name, measured, predicted, tolerance, relation: 'at most', holds };
}

/** A check that the measured number is at least the predicted one, up to the tolerance. */
export function atLeast(name: string, measured: number, predicted: number, tolerance = 0): ClaimCheck {
  const holds = measured >= predicted - tolerance;
  return { name, measured, predicted, tolerance, relation: 'at least', holds };
}
