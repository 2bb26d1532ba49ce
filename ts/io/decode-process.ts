import { writeSync } from 'node:fs';
import { RidgeflowError } from '../core/errors.js';
import type { TableReply, TableRequest } from './table-request.js';
import { elementChunks } from './npy.js';
import { decodeTableHere } from './table.js';

// The program that decode.ts starts: decodes the table that its argument describes and sends it through descriptor 3 as
// the length of the reply (32 bits, big-endian), the reply in JSON, the points, and the labels.

const OUTPUT = 3;

function send(bytes: Uint8Array): void {
  for (let sent = 0; sent < bytes.length;) sent += writeSync(OUTPUT, bytes, sent);
}

function sendReply(reply: TableReply): void {
  const text = Buffer.from(JSON.stringify(reply));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  send(length);
  send(text);
}

async function main(): Promise<void> {
  const request = JSON.parse(process.argv[2]) as TableRequest;
  try {
    const { points, labels, ...facts } = await decodeTableHere(request);
    const [n, d] = points.shape;
    sendReply({ shape: [n, d], labelNames: labels?.names, facts });
    for (const chunk of elementChunks(points.data)) send(chunk);
    for (const chunk of elementChunks(labels?.values ?? new Int32Array(0))) send(chunk);
  } catch (error) {
    if (!(error instanceof RidgeflowError)) throw error;
    const { code, message, details } = error;
    sendReply({ error: { code, message, details: { ...details } } });
  }
}

void main();
