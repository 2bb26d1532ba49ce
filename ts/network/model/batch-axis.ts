import { type NdArray, elementCount } from '../../core/array.js';

/** Where the examples of a batch lie in what a layer gives. */
export interface BatchPlace {
  readonly axis: number;
  /** Entries along the axis for each example: more than one where a reshape has joined the batch with another axis. */
  readonly each: number;
  /** Whether the entries of an example lie together along the axis, or `each` times the whole batch. */
  readonly together: boolean;
}

/** What a layer gives for some numbers of examples, and for as many in another order. */
export interface Probe {
  readonly rows: number;
  readonly found: NdArray;
}

/**
 * The places that the batch can have: the one axis that grows with the number of examples; with one number alone every axis
 * of a fitting extent.
 */
function candidates(few: Probe, more: Probe | undefined): BatchPlace[] {
  const { shape } = few.found;
  const growing = shape.flatMap((extent, axis) => {
    if (extent === 0 || extent % few.rows !== 0) return [];
    const each = extent / few.rows;
    if (more && more.found.shape[axis] !== each * more.rows) return [];
    const rest = shape.every((other, a) => a === axis || !more || more.found.shape[a] === other);
    return rest && (more || each === 1) ? [{ axis, each }] : [];
  });
  if (more && more.found.shape.length !== shape.length) return [];
  return growing.flatMap(({ axis, each }) =>
    each === 1
      ? [{ axis, each, together: true }]
      : [
          { axis, each, together: true },
          { axis, each, together: false },
        ],
  );
}

/**
 * Finds the batch in what a layer gives, from two numbers of examples and from the same examples in another order.
 *
 * @param few some examples. @param more more of them, where the model takes another number. @param turned the examples of
 *   `few`, the first of them last. @param usual the axis to take where several would do.
 * @returns undefined where what the layer gives is not one set of numbers per example. O(values).
 */
export function findBatch(
  few: Probe,
  more: Probe | undefined,
  turned: Probe,
  usual = 0,
): BatchPlace | undefined {
  const places = candidates(few, more).filter((place) => follows(few, turned, place));
  return places.find(({ axis }) => axis === usual) ?? places[0];
}

/** Whether turning the examples turned the rows, up to the rounding of another order. */
function follows(few: Probe, turned: Probe, place: BatchPlace): boolean {
  const [before, after] = [batchFirst(few.found, place), batchFirst(turned.found, place)];
  const size = before.data.length / few.rows;
  let [difference, scale] = [0, 0];
  for (let i = 0; i < few.rows; i++) {
    const from = ((i + 1) % few.rows) * size;
    for (let k = 0; k < size; k++) {
      const [a, b] = [before.data[from + k], after.data[i * size + k]];
      // What is not finite is refused later, by the name of its example.
      if (!Number.isFinite(a) || !Number.isFinite(b)) continue;
      difference = Math.max(difference, Math.abs(a - b));
      scale = Math.max(scale, Math.abs(a));
    }
  }
  return difference <= 1e-3 * scale;
}

/** The activations with the examples first, [n, …]: the array itself where they are. O(values). */
export function batchFirst(array: NdArray, { axis, each, together }: BatchPlace): NdArray {
  const { data, shape } = array;
  const n = shape[axis] / each;
  const rest = [...shape.slice(0, axis), ...(each > 1 ? [each] : []), ...shape.slice(axis + 1)];
  if (axis === 0 && together) return each === 1 ? array : { data, shape: [n, ...rest] };
  const outer = elementCount(shape.slice(0, axis));
  const inner = elementCount(shape.slice(axis + 1));
  const out = new Float32Array(data.length);
  let at = 0;
  for (let i = 0; i < n; i++) {
    for (let o = 0; o < outer; o++) {
      for (let e = 0; e < each; e++) {
        const from = (o * n * each + (together ? i * each + e : e * n + i)) * inner;
        out.set(data.subarray(from, from + inner), at);
        at += inner;
      }
    }
  }
  return { data: out, shape: [n, ...rest] };
}
