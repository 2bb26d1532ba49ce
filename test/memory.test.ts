import { spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import * as rf from '../ts/index.js';
import { availableMemory, requireMemory } from '../ts/core/memory.js';
import { RandomStream } from '../ts/core/random.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-memory-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const MORE_THAN_ANY = 2 ** 44;

/** What makes arrays of a size that the caller gives. */
const MAKERS: Readonly<Record<string, (n: number) => unknown>> = {
  twoMoons: (n) => rf.twoMoons(n),
  circles: (n) => rf.circles(n),
  swissRoll: (n) => rf.swissRoll(n),
  sCurve: (n) => rf.sCurve(n),
  checkerboard: (n) => rf.checkerboard(n),
  gaussianGrid: (n) => rf.gaussianGrid(n),
  zeros: (n) => rf.zeros([n]),
  equalAngles: (n) => rf.equalAngles(n),
  directionSet: (n) => rf.directionSet(n, 3),
  randomUnits: (n) => rf.randomUnits(cloud, { width: n }),
  pairUnits: (n) => rf.pairUnits(cloud, { width: n }),
  rasterise: (n) => rf.rasterise([], { shape: [n, 1] }),
  choose: (n) => new RandomStream(0, 'shuffle').choose(n, 3),
  sample: (n) => rf.gaussian({ mean: [0, 0], variance: 1 }).sample(n),
  sampleRidgelet: (n) =>
    rf.sampleRidgelet({ points: cloud, values: cloud }, n, { pair: rf.ridgeletPair('tanh', 2) }),
  slicedWasserstein: (n) => rf.slicedWasserstein(cloud, cloud, { directions: n }),
};

const cloud = rf.ndarray([
  [0, 1],
  [1, 0],
  [2, 2],
]);

for (const [name, make] of Object.entries(MAKERS))
  for (const n of [2 ** 33 - 1, MORE_THAN_ANY])
    test.serial(`${name} of ${n} is refused before memory is taken`, async (t) => {
      const before = process.memoryUsage().rss;
      const error = await t.throwsAsync(async () => make(n));
      t.true(error instanceof rf.RidgeflowError, String(error));
      t.true(
        ['OUT_OF_MEMORY', 'INVALID_ARGUMENT', 'INVALID_SHAPE'].includes((error as rf.RidgeflowError).code),
        String(error),
      );
      t.true(process.memoryUsage().rss - before < 2 ** 28);
    });

/** Runs `body` as in a container of so many bytes, of which half are free. */
async function inContainer<R>(bytes: number, body: () => R | Promise<R>): Promise<R> {
  const own = ['constrainedMemory', 'availableMemory'].map((name) => [
    name,
    Reflect.get(process, name) as unknown,
  ]);
  Object.assign(process, { constrainedMemory: () => bytes, availableMemory: () => bytes / 2 });
  try {
    return await body();
  } finally {
    Object.assign(process, Object.fromEntries(own));
  }
}

test.serial('a container has what it is given', async (t) => {
  await inContainer(2 ** 26, () => {
    t.true(availableMemory() >= 2 ** 25 && availableMemory() <= 2 ** 26, String(availableMemory()));
    t.throws(() => requireMemory(2 ** 27, 'the test', 'Take half'), {
      code: 'OUT_OF_MEMORY',
      message: /for the test but it needs 0\.125 GiB\. Take half$/,
    });
    t.notThrows(() => requireMemory(2 ** 24, 'the test'));
    t.throws(() => rf.zeros([2 ** 26]), { code: 'OUT_OF_MEMORY' });
  });
  t.true(availableMemory() > 2 ** 26);
});

test.serial('what cannot be known is not nothing: a sandbox without /proc', async (t) => {
  const program = `
    import { availableMemory } from './ts/core/memory.ts';
    const own = { constrainedMemory: () => 2 ** 30, availableMemory: () => 0 };
    console.log(availableMemory() > 2 ** 26);
    Object.assign(process, own);
    console.log(availableMemory() > 2 ** 26 && availableMemory() < 2 ** 30);`;
  const node = [process.execPath, '--import=tsx', '--input-type=module', '--eval', program];
  const covered = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh', ...node];
  const options = { cwd: new URL('..', import.meta.url), encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(covered[0], covered.slice(1), options);
  if (status !== 0 && /unshare|mount/.test(stderr)) {
    t.log('skipped: this user may not mount');
    return t.pass();
  }
  t.is(stdout, 'true\ntrue\n', stderr);
});

/** A .npy file of zeros. */
function npy(shape: readonly number[], descr: string, bytes: number): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': ${shape.length > 1 ? 'True' : 'False'}, 'shape': (${shape.join(', ')},), }`;
  const header = Buffer.alloc(128, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(118, 8);
  header.write(text, 10);
  header[127] = 10;
  return Buffer.concat([header, Buffer.alloc(bytes)]);
}

test.serial('what a file unpacks to, and what it is converted to, is asked for at once', async (t) => {
  const n = 2 ** 22;
  const path = join(folder, 'small.npy.gz');
  // 4 MiB of bytes that become 16 MiB of float32, and as many again in another order.
  writeFileSync(path, gzipSync(npy([n / 2, 2], '|u1', n)));
  t.is((await rf.readCloud(path)).points.shape[0], n / 2);
  await inContainer(2 ** 26, async () => {
    await t.throwsAsync(rf.readCloud(path), { code: 'OUT_OF_MEMORY', message: /small\.npy\.gz/ });
  });
});

test.serial('the entries of a .npz are asked for together', async (t) => {
  const path = join(folder, 'many.npz');
  const one = rf.zeros([2 ** 20]);
  await rf.writeNpz(path, Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`a${i}`, one])));
  t.is(Object.keys(await rf.readNpz(path)).length, 12);
  await inContainer(2 ** 26, async () => {
    await t.throwsAsync(rf.readNpz(path), { code: 'OUT_OF_MEMORY', message: /many\.npz/ });
    t.is(Object.keys(await rf.readNpz(path, { names: ['a3'] })).length, 1);
  });
});
