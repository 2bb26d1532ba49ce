import { zipSync } from 'fflate';

/** A .npz file of .npy files by name. */
export function npz(arrays: Record<string, Uint8Array>): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(arrays).map(([name, bytes]) => [`${name}.npy`, bytes])));
}

/** A safetensors file of tensors of one axis, one element for F8 per byte and for F32 per four. */
export function safetensors(tensors: Record<string, { dtype: string; bytes: number[] }>): Uint8Array {
  const header: Record<string, unknown> = {};
  const data: number[] = [];
  for (const [name, { dtype, bytes }] of Object.entries(tensors)) {
    const begin = data.length;
    data.push(...bytes);
    const shape = [bytes.length / (dtype === 'F32' ? 4 : 1)];
    header[name] = { dtype, shape, data_offsets: [begin, data.length] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Uint8Array.from(data)]);
}
