/** The arrays of numbers that results hold. */
const ARRAYS = { Float32Array, Float64Array, Int32Array, Uint8Array, Uint16Array, Uint32Array } as const;
type ArrayName = keyof typeof ARRAYS;

/** What stands in JSON for what JSON does not have. */
type Stand = { $array: ArrayName; base64: string } | { $number: string };

/** Results as JSON, with typed arrays, NaN and infinities. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown): unknown => {
    if (typeof entry === 'number' && !Number.isFinite(entry))
      return { $number: String(entry) } satisfies Stand;
    if (!ArrayBuffer.isView(entry)) return entry;
    const name = entry.constructor.name as ArrayName;
    const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength);
    return { $array: name, base64: bytes.toString('base64') } satisfies Stand;
  });
}

/** What {@link toJson} wrote. Throws where it is something else. */
export function fromJson(text: string): unknown {
  return JSON.parse(text, (_, entry: unknown): unknown => {
    if (typeof entry !== 'object' || entry === null) return entry;
    if ('$number' in entry) return Number(entry.$number);
    if (!('$array' in entry) || !('base64' in entry)) return entry;
    const bytes = Uint8Array.from(Buffer.from(String(entry.base64), 'base64'));
    return new ARRAYS[entry.$array as ArrayName](bytes.buffer);
  });
}
