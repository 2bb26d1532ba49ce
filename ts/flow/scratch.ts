import { type DType, type FloatData, allocate, dtypeOf } from '../core/array.js';
import type { State } from './state.js';

/** Storage of runs that have ended, by element type and length; the collector may take it at any time. */
const released = new Map<string, WeakRef<FloatData>[]>();

/** Lists that are kept: runs of more sizes than this at a time gain nothing from it. */
const MOST_SIZES = 64;

/**
 * A zero state with the shapes and element types of another, in the storage of an earlier run where there is some. Short
 * runs on large clouds would else spend their time on fresh memory and on collecting it.
 */
export function takeState(like: State): State {
  return like.map(({ data, shape }) => {
    const dtype = dtypeOf({ data });
    const used = take(dtype, data.length)?.fill(0);
    return { data: used ?? allocate(dtype, data.length, 'a state of the integrator'), shape };
  });
}

/** Storage of that size, with any values, if there is some. */
function take(dtype: DType, length: number): FloatData | undefined {
  const list = released.get(keyOf(dtype, length));
  for (let reference = list?.pop(); reference; reference = list!.pop()) {
    const data = reference.deref();
    if (data) return data;
  }
  return undefined;
}

/** Gives storage back. Nobody may read or write it from now on. */
export function releaseState(state: State): void {
  for (const { data } of state) {
    const key = keyOf(dtypeOf({ data }), data.length);
    let list = released.get(key);
    if (!list) {
      if (released.size >= MOST_SIZES) released.clear();
      released.set(key, (list = []));
    }
    list.push(new WeakRef(data));
  }
}

function keyOf(dtype: DType, length: number): string {
  return `${dtype} ${length}`;
}
