import { type FloatData, type NdArray, allocate, dtypeOf } from '../core/array.js';

/** x − origin for every row, formed in float64: the origin may have digits that the rows' type has not. */
export function centred({ data, shape }: NdArray, origin: Float64Array): NdArray {
  const out = allocate(dtypeOf({ data }), data.length, 'centred points');
  const d = origin.length;
  for (let at = 0; at < data.length; at += d) {
    for (let k = 0; k < d; k++) out[at + k] = data[at + k] - origin[k];
  }
  return { data: out, shape };
}

/** Adds the origin to every row, in place. */
export function addOrigin(data: FloatData, origin: Float64Array): FloatData {
  const d = origin.length;
  for (let at = 0; at < data.length; at += d) {
    for (let k = 0; k < d; k++) data[at + k] += origin[k];
  }
  return data;
}
