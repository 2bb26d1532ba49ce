import type { FitError, SpectrumSlice, WidthStudy } from '../network/index.js';

/** What the network learned, and how that is shown. */
export type RidgeletFit =
  | {
      kind: 'curve';
      names: { x: string; y: string };
      points: { x: number; y: number }[];
      curve: { x: number; y: number }[];
    }
  | { kind: 'values'; names: string[]; pairs: { truth: number; output: number }[] }
  | { kind: 'classes'; names: string[]; accuracy: number; confusion: number[][] };

/** Everything that {@link ridgeletReport} tells. */
export interface RidgeletReportContext {
  /** Name or path of the file that the data came from. */
  input: string;
  n: number;
  d: number;
  activation: string;
  sampling: 'oracle' | 'pairs' | 'random';
  /** What was chosen by folds of the points that were fitted; null: nothing. */
  chosen: 'both' | 'ridge' | null;
  width: number;
  ridge: number;
  backend: string;
  dtype: string;
  seed: number;
  training: FitError & { points: number };
  heldOut: FitError & { points: number };
  widths: WidthStudy;
  slice: SpectrumSlice;
  fit: RidgeletFit;
  notes: readonly string[];
  command: string;
  versions: Readonly<Record<string, string>>;
}
