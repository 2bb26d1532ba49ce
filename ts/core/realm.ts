import { types } from 'node:util';

/*
 * What a value is, whichever realm made it: arrays and errors of a vm context (Jest's, a plugin's sandbox) are no instances
 * of this realm's classes.
 */

/** Whether a value is a Float32Array of any realm. */
export const isFloat32Array = (value: unknown): value is Float32Array => types.isFloat32Array(value);

/** Whether a value is a Float64Array of any realm. */
export const isFloat64Array = (value: unknown): value is Float64Array => types.isFloat64Array(value);

/** Whether a value is an Int32Array of any realm. */
export const isInt32Array = (value: unknown): value is Int32Array => types.isInt32Array(value);

/** Whether a value is float storage of any realm. */
export const isFloatData = (value: unknown): value is Float32Array | Float64Array =>
  types.isFloat32Array(value) || types.isFloat64Array(value);

/** Whether a value is an error of any realm. */
export const isError = (value: unknown): value is Error =>
  value instanceof Error || types.isNativeError(value);

/** The values as an array of this realm, over the same storage: engines ask `instanceof`. */
export function inThisRealm(data: Float32Array): Float32Array {
  if (Object.getPrototypeOf(data) === Float32Array.prototype) return data;
  return new Float32Array(data.buffer, data.byteOffset, data.length);
}
