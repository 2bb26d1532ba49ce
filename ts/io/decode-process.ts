import { writeSync } from 'node:fs';
import { RidgeflowError } from '../core/errors.js';
import { speakToCommandLine } from '../core/spoken.js';
import type { CloudContent } from './cloud.js';
import type { TableReply, TableRequest } from './table-request.js';
import { elementChunks } from './npy.js';
import { decodeRowsHere } from './rows/table-rows.js';
import { decodeTableHere } from './table.js';

// The program that decode.ts starts: decodes the table that its argument describes and sends it through descriptor 3 as
// the length of the reply (32 bits, big-endian), the reply in JSON, the points, and the labels; lots of rows one after the
// other, and then that they end.

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

function sendContent({ points, labels, ...facts }: CloudContent, labelNames = labels?.names): void {
  const [n, d] = points.shape;
  sendReply({ shape: [n, d], labelNames, facts });
  for (const chunk of elementChunks(points.data)) send(chunk);
  for (const chunk of elementChunks(labels?.values ?? new Int32Array(0))) send(chunk);
}

/** Writing waits until the other process has taken what was written before: no more than that is held. */
async function sendRows(request: TableRequest, batch: number): Promise<void> {
  let known = 0;
  for await (const { points, labels, ...facts } of decodeRowsHere(request, batch)) {
    sendContent({ points, labels, ...facts }, labels?.names.slice(known));
    known = labels?.names.length ?? 0;
  }
  sendReply({ end: true });
}

async function main(): Promise<void> {
  const request = JSON.parse(process.argv[2]) as TableRequest;
  const decode = async () => {
    if (request.batch !== undefined) await sendRows(request, request.batch);
    else sendContent(await decodeTableHere(request));
  };
  try {
    await (request.speaksToCommandLine ? speakToCommandLine(decode) : decode());
  } catch (error) {
    if (!(error instanceof RidgeflowError)) throw error;
    const { code, message, details } = error;
    sendReply({ error: { code, message, details: { ...details } } });
  }
}

void main();
