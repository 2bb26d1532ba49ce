import type { NdArray } from '../../core/array.js';
import type { Activations } from '../model/index.js';

/**
 * Activations that keep the rows that were collected once, up to so many bytes: what takes them again runs the model no more. The
 * arrays are shared by all who collect them.
 */
export function rememberingRows(activations: Activations, mostBytes: number): Activations {
  const kept = new Map<string, NdArray>();
  let bytes = 0;
  return {
    ...activations,
    async collect(layers, options = {}) {
      const missing = layers.filter((name) => !kept.has(name));
      const found =
        missing.length > 0 || layers.length === 0
          ? await activations.collect(missing, options)
          : new Map<string, NdArray>();
      for (const [name, rows] of found) {
        if (bytes + rows.data.byteLength > mostBytes) continue;
        kept.set(name, rows);
        bytes += rows.data.byteLength;
      }
      // In the order of the layers, as the activations themselves give them.
      return new Map(
        activations.layers.flatMap(({ name }) => {
          const rows = found.get(name) ?? (layers.includes(name) ? kept.get(name) : undefined);
          return rows ? [[name, rows]] : [];
        }),
      );
    },
  };
}
