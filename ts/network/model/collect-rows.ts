import { type NdArray, allocate } from '../../core/array.js';
import type { CallOptions } from '../../core/options.js';

type Run = Pick<CallOptions, 'signal' | 'onProgress'>;

/** Layers whose rows come batch by batch. */
export interface StreamedLayers {
  readonly layers: readonly { readonly name: string; readonly width: number; readonly positions: number }[];
  readonly examples: number;
  readonly stream: (
    layers: readonly string[],
    visit: (batch: { rows: ReadonlyMap<string, NdArray> }) => unknown,
    options?: Run,
  ) => Promise<void>;
}

/** All rows of some layers, from the batches that they come in. */
export async function collectRows(
  { layers, examples, stream }: StreamedLayers,
  wanted: readonly string[],
  call: Run | undefined,
): Promise<Map<string, NdArray>> {
  const found = new Map<string, NdArray>();
  const filled = new Map<string, number>();
  for (const { name, width, positions } of layers) {
    if (!wanted.includes(name)) continue;
    const rows = Math.round(examples * positions);
    found.set(name, {
      data: allocate('float32', rows * width, `the activations of ${name}`),
      shape: [rows, width],
    });
  }
  await stream(
    wanted,
    ({ rows }) => {
      for (const [name, part] of rows) {
        const at = filled.get(name) ?? 0;
        found.get(name)!.data.set(part.data, at);
        filled.set(name, at + part.data.length);
      }
    },
    call,
  );
  return found;
}
