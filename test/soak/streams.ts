// Files of twice the memory that a process may have, from file to file through a map.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as rf from '../../ts/index.js';
import { inControlGroup, isInControlGroup } from './control-group.js';

/** What the process of a control group may have; that which decodes Parquet and Arrow lives in it too. */
const LIMIT = 3 * 2 ** 26;
const D = 64;
const ROWS = (2 * LIMIT) / (4 * D);
const LOT = 8192;
const FORMATS = ['npy', 'parquet', 'arrow', 'csv'];

/** So many that the file is twice the memory: text takes more than numbers. */
const rowsOf = (format: string) => (format === 'csv' ? ROWS / 3 : ROWS);

async function* lots(rows: number): AsyncGenerator<rf.Rows> {
  for (let from = 0; from < rows; from += LOT)
    yield {
      points: { data: Float32Array.from({ length: LOT * D }, (_, i) => Math.sin(from + i)), shape: [LOT, D] },
    };
}

export async function streams(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-streams-'));
  try {
    const sizes: string[] = [];
    for (const format of FORMATS) {
      const file = join(folder, `in.${format}`);
      await rf.writeRows(file)(lots(rowsOf(format)));
      sizes.push(`${format} ${Math.round(statSync(file).size / 2 ** 20)} MiB`);
      const execArgv = ['--max-old-space-size=64'];
      const end = await inControlGroup(LIMIT, import.meta.url, { execArgv, args: [folder, format] });
      if (end !== '0') throw new Error(`${format}: the process in the control group ended with ${end}`);
      rmSync(file);
    }
    return `${sizes.join(', ')} through a map, in ${LIMIT / 2 ** 20} MiB`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (isInControlGroup(import.meta.url)) {
  const [folder, format] = process.argv.slice(3);
  const mean = new Float64Array(D);
  const map = rf.daeMap(rf.gaussian({ mean: [...mean], variance: 1 }), { noise: 0.5 });
  const out = join(folder, `out.${format}`);
  await pipeline(rf.readRows(join(folder, `in.${format}`)), rf.transportMap(map), rf.writeRows(out));
  let rows = 0;
  for await (const { points } of rf.readRows(out)) rows += points.shape[0];
  if (rows !== rowsOf(format)) throw new Error(`${rows} of ${rowsOf(format)} rows came through`);
  rmSync(out);
}
