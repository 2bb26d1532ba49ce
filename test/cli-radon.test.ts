import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { encode } from 'fast-png';
import { zeros } from '../ts/core/array.js';
import type { RadonSummary } from '../ts/cli/radon-output.js';
import { readNpy, writeNpy, writeNpz } from '../ts/io/index.js';
import { equalAngles, radonTransform, rasterise, sheppLogan } from '../ts/radon/index.js';
import { launchBrowser, visitFile } from './browser.js';
import { emptyFolder, ridgeflow } from './command-line.js';
import { relativeError } from './radon-helpers.js';

const SIZE = 32;
const phantom = rasterise(sheppLogan(), { shape: [SIZE, SIZE] });

function pictureIn(folder: string): string {
  const data = Uint16Array.from(phantom.data, (value) => Math.round(65535 * value));
  const file = join(folder, 'head.png');
  writeFileSync(file, encode({ width: SIZE, height: SIZE, data, depth: 16, channels: 1 }));
  return file;
}

const summaryIn = (out: string) =>
  JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as RadonSummary;

async function succeed(
  t: ExecutionContext,
  args: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await ridgeflow(['radon', ...args]);
  t.is(code, 0, stderr);
  return { stdout, stderr };
}

test('forward writes the sinogram as array and picture, a summary and a report', async (t) => {
  const folder = emptyFolder(t);
  const out = join(folder, 'out');
  const { stdout, stderr } = await succeed(t, ['forward', pictureIn(folder), '--angles', '48', '-o', out]);
  t.regex(stdout, /^Error of the reconstruction: [\d.]+%\. Of the image’s own size/);
  t.regex(stdout, /^Mass: .*The image has/m);
  t.regex(stderr, /48 angles × 46 detectors/);
  t.regex(stderr, /16-bit values/);
  t.deepEqual(readdirSync(out).sort(), [
    'reconstruction.npy',
    'reconstruction.png',
    'report.html',
    'sinogram.npy',
    'sinogram.png',
    'summary.json',
  ]);
  const expected = await radonTransform(phantom, { angles: equalAngles(48) });
  t.true(relativeError(await readNpy(join(out, 'sinogram.npy')), expected) < 1e-4);
  const summary = summaryIn(out);
  t.deepEqual([summary.angles, summary.detectors, summary.shape], [48, 46, [SIZE, SIZE]]);
  t.true(summary.relativeError! < 0.3 && summary.windows.sinogram.white > 0);
  t.true(Math.abs(summary.mass / summary.imageMass! - 1) < 0.02);
});

test('inverse: every method makes the image again, and says how near it is', async (t) => {
  const folder = emptyFolder(t);
  const picture = pictureIn(folder);
  const sinogram = join(folder, 'sinogram.npy');
  await writeNpy(sinogram, await radonTransform(phantom, { angles: equalAngles(60) }));
  const methods: Record<string, string[]> = {
    fbp: ['--filter', 'shepp-logan'],
    cgls: ['--iterations', '20'],
    sirt: ['--non-negative', '--iterations', '60'],
    sart: ['--relaxation', '0.5'],
    tv: ['--weight', '0.005', '--non-negative'],
  };
  await Promise.all(
    Object.entries(methods).map(async ([method, rest]) => {
      const out = join(folder, method);
      const args = [
        'inverse',
        sinogram,
        '--angles',
        '60',
        '--method',
        method,
        '--reference',
        picture,
        '-o',
        out,
      ];
      const { stdout, stderr } = await succeed(t, [...args, ...rest, '--json', '--quiet']);
      t.is(stderr, '');
      const summary = JSON.parse(stdout) as RadonSummary;
      t.deepEqual(summary, summaryIn(out));
      t.true(summary.relativeError! < 0.3, `${method}: ${summary.relativeError}`);
      t.true(summary.residual! < 0.1, `${method}: ${summary.residual}`);
      t.is(summary.iterations === null, method === 'fbp');
    }),
  );
});

test('a fan beam goes forth and back; angles come from a file; arrays come from .npz', async (t) => {
  const folder = emptyFolder(t);
  const file = join(folder, 'arrays.npz');
  await writeNpz(file, { other: zeros([3]), image: phantom, second: zeros([2, 2]) });
  const angles = join(folder, 'angles.csv');
  writeFileSync(angles, Array.from({ length: 90 }, (_, a) => String(4 * a)).join('\n'));
  const fan = [
    '--geometry',
    'fan',
    '--source-distance',
    '60',
    '--detector-distance',
    '20',
    '--angles',
    angles,
  ];
  const out = join(folder, 'forward');
  await succeed(t, ['forward', file, '--array', 'image', ...fan, '--quiet', '-o', out]);
  t.true(summaryIn(out).relativeError! < 0.3);
  const back = join(folder, 'inverse');
  const { stderr } = await succeed(t, ['inverse', join(out, 'sinogram.npy'), ...fan, '-o', back]);
  t.regex(stderr, /largest square/);
  t.true(
    summaryIn(back).shape[0] >= SIZE - 3 && summaryIn(back).shape[0] <= SIZE,
    summaryIn(back).shape.join(),
  );
});

test('the report shows image, sinogram, reconstruction and error, at both widths, and asks no network', async (t) => {
  const folder = emptyFolder(t);
  const sinogram = join(folder, 'sinogram.npy');
  await writeNpy(sinogram, await radonTransform(phantom, { angles: equalAngles(30) }));
  const out = join(folder, 'out');
  const args = [
    'inverse',
    sinogram,
    '--angles',
    '30',
    '--method',
    'cgls',
    '--reference',
    pictureIn(folder),
    '-o',
    out,
  ];
  await succeed(t, [...args, '--quiet']);
  const browser = await launchBrowser();
  t.teardown(() => browser.close());
  for (const screen of ['desktop', 'phone'] as const) {
    const { page, problems } = await visitFile(browser, join(out, 'report.html'), screen);
    t.deepEqual(await page.locator('.pictures h3').allTextContents(), [
      'Image',
      'Sinogram',
      'Reconstruction',
      'Error',
    ]);
    for (const picture of await page.locator('.pictures img').all()) {
      const box = (await picture.boundingBox())!;
      t.true(box.width > 150 && box.height > 50, JSON.stringify(box));
      t.true(
        await picture.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth > 0),
      );
    }
    await page.locator('.chart svg').waitFor();
    t.true(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
    t.deepEqual(problems, []);
  }
});

test('what is wrong is said in one line, with its code', async (t) => {
  const folder = emptyFolder(t);
  const picture = pictureIn(folder);
  const out = ['-o', join(folder, 'out')];
  const write = (name: string, content: string | Uint8Array) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };
  const volume = join(folder, 'volume.npy');
  await writeNpy(volume, zeros([2, 3, 4]));
  const broken = join(folder, 'nan.npy');
  await writeNpy(broken, { data: new Float32Array(16).fill(NaN), shape: [4, 4] });
  const cases: [RegExp, number, string[]][] = [
    [/no such file.*FILE_NOT_FOUND/, 1, ['forward', join(folder, 'none.png')]],
    [/FILE_FORMAT/, 1, ['forward', write('text.png', 'no picture at all')]],
    [/FILE_TRUNCATED/, 1, ['forward', write('cut.png', readFileSync(picture).subarray(0, 60))]],
    [/FILE_TRUNCATED|FILE_FORMAT/, 1, ['forward', write('cut.npy', '\x93NUMPY\x01')]],
    [/two dimensions.*INVALID_SHAPE/, 1, ['forward', volume]],
    [/NON_FINITE/, 1, ['forward', broken]],
    [/cover the image.*INVALID_SHAPE/, 1, ['forward', picture, '--detectors', '5']],
    [/--source-distance.*INVALID_ARGUMENT/, 1, ['forward', picture, '--geometry', 'fan']],
    [
      /outside of the image.*INVALID_ARGUMENT/,
      1,
      ['forward', picture, '--geometry', 'fan', '--source-distance', '5'],
    ],
    [/--weight with --method fbp/, 1, ['forward', picture, '--weight', '1']],
    [/INVALID_SHAPE/, 1, ['inverse', picture, '--angles', '7']],
    [/FILE_NOT_FOUND/, 1, ['forward', picture, '--angles', 'none.csv']],
    [/whole number of at least 1/, 2, ['forward', picture, '--detectors', '0']],
    [/rows x columns/, 2, ['inverse', picture, '--shape', '7']],
    [/Allowed choices/, 2, ['forward', picture, '--geometry', 'cone']],
    [/missing required argument/, 2, ['forward']],
  ];
  await Promise.all(
    cases.map(async ([message, expected, args]) => {
      const { code, stdout, stderr } = await ridgeflow(['radon', ...args, ...out]);
      t.is(code, expected, `${args.join(' ')}: ${stderr}`);
      t.regex(stderr, message, args.join(' '));
      t.is(stdout, '');
      t.notRegex(stderr, /\n\s+at /);
    }),
  );
});
