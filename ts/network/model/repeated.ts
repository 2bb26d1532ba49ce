import type { NdArray } from '../../core/array.js';

/** One example [1, …] so many times over: [rows, …]. */
export function repeated({ data, shape: [, ...example] }: NdArray, rows: number): NdArray {
  const out = new (data.constructor as Float32ArrayConstructor)(rows * data.length);
  for (let i = 0; i < rows; i++) out.set(data, i * data.length);
  return { data: out, shape: [rows, ...example] };
}
