import { crc32, gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { type Part, type SeedFile, bytesPart, jsonPart, textPart } from './mutate.js';

// Files taken apart and put together again, so that what is mutated lies inside lengths, checksums and compression that
// are right.

/** A file compressed by gzip. */
export function gzipFile(part: Part): SeedFile {
  return { parts: [part], pack: (parts) => gzipSync(Buffer.concat(parts), { level: 1 }) };
}

/** A zip file: the names and the contents of its entries by turns. */
export function zipFile(entries: Readonly<Record<string, Uint8Array>>, level: 0 | 1 = 0): SeedFile {
  return {
    parts: Object.entries(entries).flatMap(([name, content]) => [textPart(name), bytesPart(content)]),
    pack: (parts) => {
      const files: Record<string, Uint8Array> = Object.create(null) as Record<string, Uint8Array>;
      for (let i = 0; i < parts.length; i += 2) {
        const name = parts[i].toString('latin1').slice(0, 60_000);
        // Ways out of the folder are zip's own matter here: nothing of an entry's name becomes a path.
        if (name !== '__proto__') files[name || 'x'] = parts[i + 1] ?? new Uint8Array(0);
      }
      return Buffer.from(zipSync(files, { level }));
    },
  };
}

/** A safetensors file: its header and its data. */
export function safetensorsFile(file: Buffer): SeedFile {
  const end = 8 + Number(file.readBigUInt64LE(0));
  return {
    parts: [jsonPart(file.toString('utf8', 8, end)), bytesPart(file.subarray(end))],
    pack: ([header = Buffer.alloc(0), ...data]) => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      return Buffer.concat([length, header, ...data]);
    },
  };
}

/** A PNG: its chunks, each its type and its data. */
export function pngFile(file: Buffer): SeedFile {
  const signature = file.subarray(0, 8);
  const parts: Part[] = [];
  for (let at = 8; at < file.length;) {
    const length = file.readUInt32BE(at);
    parts.push(bytesPart(file.subarray(at + 4, at + 8 + length)));
    at += 12 + length;
  }
  return { parts, pack: (chunks) => Buffer.concat([signature, ...chunks.map(pngChunk)]) };
}

function pngChunk(body: Buffer): Buffer {
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(Math.max(0, body.length - 4), 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}
