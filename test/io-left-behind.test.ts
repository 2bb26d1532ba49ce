import { execFile } from 'node:child_process';
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { temporaryName } from '../ts/io/left-behind.js';
import { writeTextAtomic } from '../ts/io/index.js';
import { emptyFolder } from './command-line.js';

/** The number of a process that has ended. */
async function deadProcess(): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-p', 'process.pid']);
  return Number(stdout);
}

/** A temporary file as process `pid` of this machine would leave it. */
function leftBy(pid: number, folder: string, stem: string): string {
  const own = basename(temporaryName(folder, stem));
  const path = join(folder, own.replace(`-${process.pid}-`, `-${pid}-`));
  writeFileSync(path, 'half');
  return path;
}

test('the next write removes what killed processes left, and nothing else', async (t) => {
  const folder = emptyFolder(t);
  const dead = await deadProcess();
  const gone = [leftBy(dead, folder, 'a.npz'), leftBy(dead, folder, 'b.c')];
  const elsewhere = leftBy(dead, folder, 'd');
  const ofOtherMachine = elsewhere.replace(/\.[0-9a-f]{8}-/, '.00000000-');
  renameSync(elsewhere, ofOtherMachine);
  const stay = [ofOtherMachine, leftBy(process.pid, folder, 'own'), leftBy(process.ppid, folder, 'other')];
  const similar = join(folder, `.notes.${dead}-abcdefgh.tmp`);
  writeFileSync(similar, 'mine');
  await writeTextAtomic(join(folder, 'result.txt'), 'done');
  t.deepEqual(gone.filter(existsSync), []);
  t.deepEqual(
    [...stay, similar].filter((path) => !existsSync(path)),
    [],
  );
  t.is(readdirSync(folder).length, 5);
  t.is(dirname(stay[0]), folder);
});
