import { type DType, type NdArray, allocate } from '../../core/array.js';
import { RandomStream } from '../../core/random.js';
import { asMatrix, rowsOf } from '../../kernel/checks.js';
import type { Kernels, Matrix } from '../../kernel/contract.js';
import { type DrawnCorruption, corruptRows, isDrawn } from './corruption.js';
import { type TrainingNoise, inputNoise } from './noise.js';
import { type Unit, toUnit } from './unit.js';

/** Points that are fitted, and those that are held out. */
export type Part = 'training' | 'heldOut';

/** Points in their unit, corrupted as often as one likes, and what they are to become. */
export class CorruptedPoints {
  /** What is computed in. */
  readonly dtype: DType;
  /** Points to judge by: those held out, or where there are none the others. */
  readonly judges: Part;
  readonly #points: NdArray;
  readonly #unit: Unit;
  readonly #corruption: TrainingNoise | DrawnCorruption;
  readonly #kernels: Kernels;
  readonly #residual: boolean;
  readonly #seed: number | undefined;
  readonly #signal: AbortSignal | undefined;
  /** Whether each row is held out. */
  readonly #heldOut: Uint8Array;

  constructor(
    points: NdArray,
    unit: Unit,
    settings: {
      corruption: TrainingNoise | DrawnCorruption;
      kernels: Kernels;
      residual: boolean;
      heldOut: number;
      seed?: number;
      signal?: AbortSignal;
    },
  ) {
    const { corruption, kernels, residual, heldOut, seed, signal } = settings;
    this.dtype = kernels.dtypes.includes('float64') ? 'float64' : 'float32';
    this.#points = toUnit(points, unit, this.dtype);
    this.#unit = unit;
    this.#corruption = corruption;
    this.#kernels = kernels;
    this.#residual = residual;
    this.#seed = seed;
    this.#signal = signal;
    const [n] = points.shape;
    this.judges = heldOut > 0 ? 'heldOut' : 'training';
    this.#heldOut = new Uint8Array(n);
    for (const row of new RandomStream(seed, 'shuffle').choose(n, heldOut)) this.#heldOut[row] = 1;
  }

  /** Visits one corrupted copy of a part of the points, in tiles of at most `rows` rows, with what they are to become. */
  async forEachTile(
    copy: number,
    part: Part,
    rows: number,
    visit: (inputs: Matrix, targets: Matrix) => Promise<void>,
  ): Promise<void> {
    const [n] = this.#points.shape;
    const points = asMatrix(this.#points);
    const corruptedRows = await this.#copy(copy);
    for (let first = 0; first < n; first += rows) {
      const count = Math.min(rows, n - first);
      const inputs = this.#kept(await corruptedRows(first, count), first, part);
      const targets = this.#kept(rowsOf(points, first, count), first, part);
      if (inputs.rows === 0) continue;
      if (this.#residual)
        for (let at = 0; at < targets.data.length; at++) targets.data[at] -= inputs.data[at];
      await visit(inputs, targets);
    }
  }

  /** One corrupted copy of a part of the points. */
  async whole(copy: number, part: Part): Promise<{ inputs: NdArray; targets: NdArray }> {
    let found: { inputs: NdArray; targets: NdArray } | undefined;
    const asArray = ({ data, rows, columns }: Matrix): NdArray => ({ data, shape: [rows, columns] });
    await this.forEachTile(copy, part, this.#points.shape[0], (inputs, targets) => {
      found = { inputs: asArray(inputs), targets: asArray(targets) };
      return Promise.resolve();
    });
    return found!;
  }

  /** What gives the corrupted rows of one copy. */
  async #copy(copy: number): Promise<(first: number, rows: number) => Promise<Matrix>> {
    const corruption = this.#corruption;
    if (isDrawn(corruption)) {
      const drawn = asMatrix(toUnit(await corruption.draw(copy), this.#unit, this.dtype));
      return (first, rows) => Promise.resolve(rowsOf(drawn, first, rows));
    }
    const model = inputNoise(corruption, this.#points.shape[1], this.#unit.scale, this.dtype);
    const stream = new RandomStream(this.#seed, 'noise', copy);
    return (first, rows) =>
      corruptRows(this.#kernels, this.#points, { model, stream }, { first, rows, signal: this.#signal });
  }

  /** The rows that belong to a part, in new storage. */
  #kept({ data, rows, columns }: Matrix, first: number, part: Part): Matrix {
    const wanted = part === 'heldOut' ? 1 : 0;
    const out = allocate(this.dtype, data.length, 'corrupted points');
    let count = 0;
    for (let i = 0; i < rows; i++) {
      if (this.#heldOut[first + i] !== wanted) continue;
      out.set(data.subarray(i * columns, (i + 1) * columns), count * columns);
      count++;
    }
    return { data: out.subarray(0, count * columns), rows: count, columns };
  }
}
