import { createHash } from 'node:crypto';

/** A digest of every number and text in a result, whatever holds them: equal bits give equal digests. */
export function digest(value: unknown): string {
  const hash = createHash('sha256');
  // What holds itself is not followed again; what two places share is, since a run that went on has two copies of it.
  const above = new Set<unknown>();
  const add = (part: unknown): void => {
    if (ArrayBuffer.isView(part)) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    else if (typeof part === 'number') hash.update(Float64Array.of(part));
    else if (typeof part !== 'object' || part === null) hash.update(`${typeof part} ${String(part)}`);
    else if (!above.has(part)) {
      above.add(part);
      for (const key of Object.keys(part).sort()) {
        hash.update(key);
        add((part as Record<string, unknown>)[key]);
      }
      above.delete(part);
    }
  };
  add(value);
  return hash.digest('hex');
}
