// Commands over ranks of Open MPI beside `transport` and `entropy` in test/cli-ranks.test.ts: the numbers of one process.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  fitDae,
  readCloud,
  readDae,
  readNpy,
  readSafetensors,
  standardise,
  writeDae,
  writeNpy,
} from '../ts/index.js';
import { emptyFolder, ridgeflow, twoClasses } from './command-line.js';
import { onRanks } from './on-ranks.js';
import { type Numbers, differing, env } from './ranks.js';

/** A table with a column of outliers and one of another unit, and a second one beside it. */
function tables(folder: string): [string, string] {
  const table = (name: string, n: number, shift: number) => {
    const rows = Array.from({ length: n }, (_, i) => {
      const [x, y] = [Math.sin(7 * i) + shift, 300 * Math.cos(5 * i) + 10 * shift];
      return `${x.toFixed(5)},${(i % 9 ? y : 20 * y).toFixed(4)},${i % 3 === 0 ? 'rare' : 'common'}`;
    });
    const file = join(folder, name);
    writeFileSync(file, `x,y,kind\n${rows.join('\n')}\n`);
    return file;
  };
  return [table('a.csv', 61, 0), table('b.csv', 47, 0.7)];
}

for (const ranks of ['2', '3']) {
  onRanks(`distance over ${ranks} ranks is that of one process, by every method that runs`, async (t) => {
    const folder = emptyFolder(t);
    const [a, b] = tables(folder);
    for (const [number, args] of [
      ['--method', 'sinkhorn'],
      ['--method', 'sinkhorn', '--epsilon', '20', '--standardise', 'robust'],
      ['--method', 'sliced', '--directions', '40', '--dtype', 'float64'],
      ['--method', 'gaussian', '--standardise'],
    ].entries()) {
      const outs = ['one', 'many'].map((name) => join(folder, `${name}-${number}`));
      const call = ['distance', a, b, '--label-column', 'kind', ...args, '--json', '--out'];
      const alone = await ridgeflow([...call, outs[0]], { env });
      t.is(alone.code, 0, alone.stderr);
      const spread = await ridgeflow([...call, outs[1], '--ranks', ranks], { env });
      t.is(spread.code, 0, spread.stderr);
      const [expected, found] = [alone, spread].map(({ stdout }) => JSON.parse(stdout) as Numbers);
      t.deepEqual(differing(found, expected, args.join(' ')), []);
      t.is((found.classes as unknown[]).length, 4);
      t.deepEqual(JSON.parse(readFileSync(join(outs[1], 'summary.json'), 'utf8')), found);
      t.true(existsSync(join(outs[1], 'report.html')));
    }
  });

  onRanks(
    `transport --standardise robust over ${ranks} ranks takes the quartiles of all points`,
    async (t) => {
      const folder = emptyFolder(t);
      const [file] = tables(folder);
      const args = [
        'transport',
        file,
        '--depths',
        '2',
        '--snapshots',
        '0',
        '--standardise',
        'robust',
        '--json',
      ];
      const outs = ['one', 'many'].map((name) => join(folder, name));
      const alone = await ridgeflow([...args, '--out', outs[0]], { env });
      t.is(alone.code, 0, alone.stderr);
      const spread = await ridgeflow([...args, '--ranks', ranks, '--out', outs[1]], { env });
      t.is(spread.code, 0, spread.stderr);
      const [expected, found] = [alone, spread].map(({ stdout }) => JSON.parse(stdout) as Numbers);
      t.deepEqual(differing(found, expected, 'summary'), []);
      // Medians and quartiles are values of the data: the same to the bit.
      const { points } = await readCloud(file);
      const { centre, scale } = standardise(points, { method: 'robust' });
      t.deepEqual((await readNpy(join(outs[1], 'positions', 'centre.npy'))).data, centre);
      t.deepEqual((await readNpy(join(outs[1], 'positions', 'scale.npy'))).data, scale);
    },
  );

  onRanks(`transport --map over ${ranks} ranks moves every row as one process does`, async (t) => {
    const folder = emptyFolder(t);
    const file = twoClasses(folder);
    const { points } = await readCloud(file);
    const map = join(folder, 'model.safetensors');
    await writeDae(map, await fitDae(points, { width: 8, noise: 0.1 }));
    const scaled = {
      method: 'z-score',
      columns: ['x', 'y'].map((column, k) => ({ column, centre: k, scale: 2 })),
    };
    writeFileSync(join(folder, 'summary.json'), JSON.stringify({ columns: { scaled } }));
    const args = ['transport', file, '--map', map, '--json'];
    const outs = ['one', 'many'].map((name) => join(folder, name));
    const alone = await ridgeflow([...args, '--format', 'npy', '--out', outs[0]], { env });
    t.is(alone.code, 0, alone.stderr);
    const spread = await ridgeflow([...args, '--ranks', ranks, '--out', outs[1]], { env });
    t.is(spread.code, 0, spread.stderr);
    const [expected, found] = [alone, spread].map(({ stdout }) => JSON.parse(stdout) as Numbers);
    t.deepEqual(differing(found, expected, 'summary', 1e-6), []);
    t.is(found.ranks, Number(ranks));
    const [one, many] = await Promise.all(outs.map((out) => readNpy(join(out, 'moved.npy'))));
    t.deepEqual(many, one, 'to the bit');
  });
}

onRanks(
  'the main job, as npm start runs it, gives the numbers of one process on 2 and on 3 ranks',
  async (t) => {
    const folder = emptyFolder(t);
    // All the digits; of the depths those that take least, and the flow with its steps by the error of all rows.
    const args = ['transport', '--depths', '1,2,continuous', '--snapshots', '2', '--json', '--out'];
    const alone = await ridgeflow([...args, join(folder, 'one')], { env });
    t.is(alone.code, 0, alone.stderr);
    const expected = JSON.parse(alone.stdout) as Numbers;
    t.is(expected.n, 1797);
    for (const ranks of [2, 3]) {
      const out = join(folder, String(ranks));
      const spread = await ridgeflow([...args, out, '--ranks', String(ranks)], { env });
      t.is(spread.code, 0, spread.stderr);
      const found = JSON.parse(spread.stdout) as Numbers;
      t.is(found.ranks, ranks);
      t.deepEqual(differing(found, expected, `${ranks} ranks`, 1e-3), []);
      t.true(existsSync(join(out, 'report.html')));
    }
  },
);

onRanks('train --ranks gives the numbers of one process, and its model moves the points alike', async (t) => {
  const folder = emptyFolder(t);
  const file = twoClasses(folder);
  const common = ['train', file, '--label-column', 'label', '--depth', '2', '--epochs', '6', '--batch', '16'];
  for (const [name, ...more] of [
    ['composed', '--width', '8'],
    ['stacked', '--kind', 'stacked', '--width', '9,5', '--fine-tune', '3', '--layers-model'],
  ]) {
    const [one, two] = [join(folder, `${name}-one`), join(folder, `${name}-two`)];
    const args = [...common, ...more, '--json', '--out'];
    const alone = await ridgeflow([...args, one], { env });
    t.is(alone.code, 0, alone.stderr);
    const spread = await ridgeflow([...args, two, '--ranks', '2'], { env });
    t.is(spread.code, 0, spread.stderr);
    const [expected, found] = [alone, spread].map(({ stdout }) => JSON.parse(stdout) as Numbers);
    t.is(found.ranks, 2);
    t.is(found.n, 60);
    t.true((found.separation as Numbers).measured === 60, 'the classes are measured');
    t.deepEqual(differing(found, expected, name), []);
    t.deepEqual((await readdir(two)).sort(), (await readdir(one)).sort());
    t.regex(await readFile(join(two, 'report.html'), 'utf8'), /--ranks 2/);
    const { points } = await readCloud(file, { labelColumn: 'label' });
    const [there, here] = [two, one].map(async (out) =>
      (await readDae(join(out, 'model.safetensors'))).apply(points),
    );
    t.deepEqual(differing([...(await there).data], [...(await here).data], name, 1e-3), []);
  }
});

onRanks(
  'training that is interrupted goes on over the same ranks, and what it found is said once',
  async (t) => {
    const folder = emptyFolder(t);
    const args = ['train', twoClasses(folder), '--kind', 'stacked', '--depth', '2', '--width', '6'];
    const schedule = ['--schedule', 'constant', '--held-out', '0', '--checkpoint-every', '1', '--ranks', '2'];
    const [out, whole] = [join(folder, 'out'), join(folder, 'whole')];
    const stopped = await ridgeflow([...args, ...schedule, '--epochs', '100000', '--out', out], {
      env,
      onStderr: (text, kill) => {
        if (/points in 2 dimensions, spread over 2 ranks/.test(text)) setTimeout(() => kill('SIGINT'), 3000);
      },
    });
    t.is(stopped.code, 130, stopped.stderr);
    const { metadata } = await readSafetensors(join(out, 'checkpoint.safetensors'));
    const { epoch } = JSON.parse(metadata['ridgeflow.training']) as { epoch: number };
    const epochs = ['--epochs', String(epoch + 5)];
    const resumed = await ridgeflow([...args, ...schedule, ...epochs, '--out', out, '--resume'], { env });
    t.is(resumed.code, 0, resumed.stderr);
    t.is(resumed.stderr.match(/Report: /g)?.length, 1);
    t.is(resumed.stdout.match(/^Noise: /gm)?.length, 1, resumed.stdout);
    const again = await ridgeflow([...args, ...schedule, ...epochs, '--out', whole], { env });
    t.is(again.code, 0, again.stderr);
    const name = 'model.safetensors';
    t.deepEqual(await readFile(join(out, name)), await readFile(join(whole, name)), 'to the bit');
  },
);

onRanks('what needs all points in one process is refused by its name', async (t) => {
  const folder = emptyFolder(t);
  const [a, b] = tables(folder);
  const map = join(folder, 'model.safetensors');
  const { points } = await readCloud(a);
  await writeDae(map, await fitDae(points, { width: 4, noise: 1 }));
  for (const [args, message] of [
    [['distance', a, b, '--method', 'exact'], /--method exact does not run where rows are spread over ranks/],
    [['distance', a, '-'], /Every rank reads its own rows of a file/],
    [['train', a, '--method', 'ridge', '--out', folder], /--method ridge does not run where rows are spread/],
    [['transport', a, '--map', map, '--format', 'csv', '--out', folder], /--format csv with --map/],
  ] as const) {
    const { code, stderr } = await ridgeflow([...args, '--ranks', '2'], { env });
    t.is(code, 1, stderr);
    t.regex(stderr, message);
  }
});

onRanks('by default no method is chosen that does not run over ranks', async (t) => {
  const folder = emptyFolder(t);
  const cloud = async (name: string, shift: number) => {
    const data = Float64Array.from({ length: 30 }, (_, i) => Math.sin(i * i) + shift);
    await writeNpy(join(folder, name), { data, shape: [30, 1] });
    return join(folder, name);
  };
  const files = [await cloud('a.npy', 0), await cloud('b.npy', 3)];
  const { code, stdout, stderr } = await ridgeflow(['distance', ...files, '--json', '--ranks', '2'], { env });
  t.is(code, 0, stderr);
  const { method, distance } = JSON.parse(stdout) as { method: string; distance: number };
  t.is(method, 'sinkhorn');
  t.true(Math.abs(distance - 3) < 0.05, String(distance));
});
