import { type FloatData, dtypeOf } from '../../core/array.js';
import type { OdeSystem } from '../problem.js';
import type { Derivative } from '../runge-kutta.js';
import { type State, stateLike } from '../state.js';
import { type CheckedTolerance, columnsOf } from '../tolerance.js';
import type { RowField } from './row-jacobian.js';

/** A state as rows that evolve independently of each other. */
export interface RowView {
  field: RowField;
  /** The rows of a state, for the Jacobian at it. */
  pack(y: State): FloatData;
  /** Applies a map of rows, in place, to each part of the state that the Jacobian carries. */
  forEach(y: State, map: (rows: FloatData) => Promise<void>): Promise<void>;
  /** The least that a difference moves each column, by what the tolerance says of sizes. */
  leastMoves(tolerance: CheckedTolerance, y: State): Float64Array;
}

/** Rows as the system says, else the whole state as one row. `evaluate` wraps what evaluates the system. */
export function rowView(
  system: OdeSystem,
  like: State,
  derivative: Derivative,
  evaluate: (work: () => Promise<void>) => Promise<void>,
): RowView {
  const { rows } = system;
  if (!rows) return wholeState(like, derivative);
  const { array, tangents } = rows;
  const [n, m] = like[array].shape;
  return {
    field: {
      rows: n,
      columns: m,
      dtype: dtypeOf(like[array]),
      derivative: (t, x, out) => evaluate(() => rows.derivative(t, x, out)),
      product: rows.product && ((t, x, u, out) => evaluate(() => rows.product!(t, x, u, out))),
    },
    pack: (y) => y[array].data,
    forEach: async (y, map) => {
      for (const k of [array, ...tangents]) await map(y[k].data);
    },
    leastMoves: ({ relative, absolute }, y) => {
      const move = leastMove(relative, y, array);
      const own = absolute[array];
      return Float64Array.from({ length: m }, (_, k) => move(typeof own === 'number' ? own : own[k]));
    },
  };
}

function wholeState(like: State, derivative: Derivative): RowView {
  const total = like.reduce((sum, { data }) => sum + data.length, 0);
  const [state, slope] = [stateLike(like), stateLike(like)];
  const packed = new Float64Array(total);
  const pack = (y: State, out: FloatData) => {
    let at = 0;
    for (const { data } of y) {
      out.set(data, at);
      at += data.length;
    }
    return out;
  };
  const unpack = (rows: FloatData, y: State) => {
    let at = 0;
    for (const { data } of y) data.set(rows.subarray(at, (at += data.length)));
  };
  return {
    field: {
      rows: 1,
      columns: total,
      // Differences are of the size that the narrowest array can tell.
      dtype: like.every((array) => dtypeOf(array) === 'float64') ? 'float64' : 'float32',
      derivative: async (t, x, out) => {
        unpack(x.data, state);
        await derivative(t, state, slope);
        pack(slope, out);
      },
    },
    pack: (y) => pack(y, packed),
    forEach: async (y, map) => {
      await map(pack(y, packed));
      unpack(packed, y);
    },
    leastMoves: ({ relative, absolute }, y) => {
      const least = y.flatMap((array, k) => {
        const move = leastMove(relative, y, k);
        const own = absolute[k];
        const columns = columnsOf(array);
        return Array.from(array.data, (_, i) => move(typeof own === 'number' ? own : own[i % columns]));
      });
      return Float64Array.from(least);
    },
  };
}

/**
 * The least that a difference moves a coordinate that may be wrong by `absolute`: the root of the rounding, in units of the
 * size below which the relative tolerance does not count, and no more than the error that is allowed. Where nothing is
 * said of sizes (Infinity), in units of the array's own.
 */
function leastMove(relative: number, y: State, k: number): (absolute: number) => number {
  const { data } = y[k];
  const root = Math.sqrt(dtypeOf(y[k]) === 'float64' ? 2 ** -52 : 2 ** -23);
  let squares = 0;
  for (const value of data) squares += value * value;
  const own = root * (Math.sqrt(squares / Math.max(1, data.length)) || 1);
  return (absolute) => {
    if (!(absolute > 0 && absolute < Infinity)) return own;
    return relative > 0 ? Math.min((root * absolute) / relative, absolute) : absolute;
  };
}
