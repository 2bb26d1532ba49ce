import { allocate, type DType, type NdArray } from './array.js';

/** A column is wide enough for float32 where its spread is so many roundings of its largest number. */
const ROUNDINGS = 2 ** 12;
const ROUNDING = 2 ** -23;

/** Whether float32 keeps few of the differences between the numbers from `min` to `max`, which are far from 0. */
export function isTooNarrow(min: number, max: number): boolean {
  const size = Math.max(Math.abs(min), Math.abs(max));
  return max > min && max - min < ROUNDINGS * ROUNDING * size;
}

/** The ranges of columns before they are narrowed to float32. */
export class ColumnRanges {
  readonly #min: Float64Array;
  readonly #max: Float64Array;

  constructor(columns: number) {
    this.#min = new Float64Array(columns).fill(Infinity);
    this.#max = new Float64Array(columns).fill(-Infinity);
  }

  include(column: number, value: number): void {
    if (value < this.#min[column]) this.#min[column] = value;
    if (value > this.#max[column]) this.#max[column] = value;
  }

  /** The columns that float32 is too coarse for. */
  tooNarrow(): number[] {
    const columns = [...this.#min.keys()];
    return columns.filter((column) => isTooNarrow(this.#min[column], this.#max[column]));
  }

  /** The same for numbers that have been rounded already: also columns that may have become constant, or wider. */
  nearlyTooNarrow(): number[] {
    const columns = [...this.#min.keys()];
    return columns.filter((column) => {
      const [min, max] = [this.#min[column], this.#max[column]];
      return (min === max && min !== 0) || isTooNarrow(min, min + (max - min) * 0.99);
    });
  }

  /** The columns that never change. */
  constant(): number[] {
    return [...this.#min.keys()].filter((column) => !(this.#min[column] < this.#max[column]));
  }

  /** The ranges in the whole of a cloud, of which these are of a part: `largest` gives the largest of each value in all parts. */
  async over(largest: (values: Float64Array) => Promise<Float64Array>): Promise<ColumnRanges> {
    const d = this.#min.length;
    const found = await largest(Float64Array.of(...this.#max, ...this.#min.map((min) => -min)));
    const whole = new ColumnRanges(d);
    for (let column = 0; column < d; column++) {
      whole.#min[column] = -found[d + column];
      whole.#max[column] = found[column];
    }
    return whole;
  }

  /** What to take from the columns before float32: halfway through those that it is too coarse for, or undefined. */
  narrowingOffset(): Float64Array | undefined {
    const tooNarrow = this.tooNarrow();
    if (tooNarrow.length === 0) return undefined;
    return this.middles().map((middle, column) => (tooNarrow.includes(column) ? middle : 0));
  }

  /** Halfway through each column. */
  middles(): Float64Array {
    return this.#min.map((min, column) => min + (this.#max[column] - min) / 2);
  }

  /** The ranges of all columns of clouds. */
  static of(clouds: readonly { data: ArrayLike<number>; shape: readonly number[] }[]): ColumnRanges {
    const d = clouds[0].shape[1];
    const ranges = new ColumnRanges(d);
    for (const { data } of clouds)
      for (let at = 0; at < data.length; at += d) for (let k = 0; k < d; k++) ranges.include(k, data[at + k]);
    return ranges;
  }
}

/** What to take from clouds before float32: halfway through the columns that it is too coarse for, or undefined. */
export function narrowingOffset(clouds: readonly NdArray[]): Float64Array | undefined {
  return ColumnRanges.of(clouds).narrowingOffset();
}

/** A cloud less `offset`, taken in float64. */
export function shifted({ data, shape }: NdArray, offset: Float64Array, dtype: DType): NdArray {
  const d = offset.length;
  const moved = allocate(dtype, data.length);
  for (let at = 0; at < data.length; at += d)
    for (let k = 0; k < d; k++) moved[at + k] = data[at + k] - offset[k];
  return { data: moved, shape };
}
