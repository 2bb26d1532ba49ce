import { zlib } from '../core/builtins.js';
import type { NdArray } from '../core/array.js';
import { damaged } from './errors.js';
import { elementChunks } from './npy.js';
import { type Safetensors, littleEndian } from './safetensors.js';

const CHECKSUM = 'ridgeflow.checksum';

/** What a file says beside its tensors, under this key, and a checksum of that and of them. */
export function sealed(
  tensors: Readonly<Record<string, NdArray>>,
  key: string,
  description: object,
): Record<string, string> {
  const text = JSON.stringify(description);
  return { [key]: text, [CHECKSUM]: checksumOf(Object.entries(tensors), text) };
}

/**
 * Throws FILE_FORMAT where a file is not as {@link sealed} left it. One of a version that wrote no checksum passes, with a
 * warning of the process.
 */
export function checkSeal({ tensors, metadata }: Safetensors, key: string, file: string): void {
  const found = metadata[CHECKSUM];
  if (found !== undefined) {
    if (found !== checksumOf([...tensors], metadata[key] ?? '')) throw damaged(file, 'its checksum is wrong');
    return;
  }
  // A name of the checksum that is damaged must not pass for none.
  if (Object.keys(metadata).some((name) => name !== key))
    throw damaged(file, 'it has no checksum but other texts beside its tensors');
  process.emitWarning(`${file} has no checksum: it was read as it is. Write it again to have one`, {
    type: 'RidgeflowWarning',
    code: 'RIDGEFLOW_NO_CHECKSUM',
  });
}

/** Of names, shapes and little-endian elements, whatever their order in the file, and of the text. */
function checksumOf(tensors: [string, NdArray][], text: string): string {
  let sum = zlib().crc32(text);
  for (const [name, { data, shape }] of tensors.sort(([a], [b]) => (a < b ? -1 : 1))) {
    sum = zlib().crc32(JSON.stringify([name, shape, data.BYTES_PER_ELEMENT]), sum);
    for (const chunk of elementChunks(data))
      sum = zlib().crc32(littleEndian(chunk, data.BYTES_PER_ELEMENT), sum);
  }
  return sum.toString(16).padStart(8, '0');
}
