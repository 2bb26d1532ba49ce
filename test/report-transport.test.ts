import test, { type ExecutionContext } from 'ava';
import type { DepthComparison } from '../ts/dae/depth-comparison.js';
import { findings } from '../ts/report/findings.js';
import { transportReport } from '../ts/report/index.js';
import { pageData, syntheticReport } from './report-comparison.js';

/** The text of a part of a page, without its tags. */
function textOf(page: string, start: string, end: string): string {
  const from = page.indexOf(start);
  return page
    .slice(from, page.indexOf(end, from))
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

test('the report says what was computed, with the numbers', async (t) => {
  const { comparison, context } = syntheticReport();
  const page = await transportReport(comparison, context);
  const header = textOf(page, '<header', '</header>');
  t.true(
    header.includes(
      'The 300 points of points.csv, in 64 dimensions, were moved by denoising autoencoders of 1 and 4 layers ' +
        'and by their continuous limit, each removing the same noise: a variance of T&nbsp;=&nbsp;2.',
    ),
    header,
  );
  t.regex(header, /Noise T 2 as given/);
  t.regex(header, /Smoothing s 5 from the data/);
  t.regex(header, /Backend native .*Precision float32 .*Seed 7/);

  const table = textOf(page, '<tbody', '</tbody>');
  t.regex(table, /start 55\.5 88\.0% 0 0/);
  t.regex(table, /1 40 90\.0% 3 3\.5 exact 0\.5 1 1 0\.5 1 20 ms/);
  t.regex(table, /4 32 93\.0% 4 ≥ 4\.5 sliced bound 0\.6 2 ≥ 0\.9 0\.25 4 40 ms/);
  t.regex(table, /∞ 24 96\.0%/);
  t.is(textOf(page, '<pre>', '</pre>').trim(), context.command);
  t.regex(page, /v20\.19\.0/);

  const { charts, data } = pageData(page);
  t.deepEqual(Object.keys(charts).sort(), [
    'accuracy',
    'action',
    'cloud',
    'cloud-start',
    'displacement',
    'entropy',
    'sliced',
    'straightness',
  ]);
  t.is(data.cloud.rows.length, 300);
  t.is(data.images?.samples.length, 18);
  t.true(page.length < 1e6, `${page.length} bytes`);
});

test('the same comparison gives the same page', async (t) => {
  const { comparison, context } = syntheticReport({ d: 1 });
  t.is(await transportReport(comparison, context), await transportReport(comparison, context));
});

const find = (comparison: DepthComparison, topic: string) =>
  findings(comparison).find((finding) => finding.topic.startsWith(topic));

/** A comparison whose runs have those entropies and accuracies. */
function withNumbers(start: [number, number | null], runs: [number, number | null][]): DepthComparison {
  const { comparison } = syntheticReport({
    n: 4,
    d: 2,
    depths: runs.length === 3 ? [1, 8, 'continuous'] : [1, 8],
  });
  return {
    ...comparison,
    // So many points that the accuracies differ by far more than their standard errors.
    n: 40_000,
    start: { entropy: start[0], accuracy: start[1] },
    runs: comparison.runs.map((run, i) => ({ ...run, entropy: runs[i][0], accuracy: runs[i][1] })),
  };
}

function says(
  t: ExecutionContext,
  comparison: DepthComparison,
  topic: string,
  figure: string,
  sentence: RegExp,
): void {
  const found = find(comparison, topic);
  t.is(found?.figure, figure);
  t.regex(String(found?.sentence), sentence);
}

test('findings follow the numbers', (t) => {
  const falling = withNumbers(
    [10, 0.5],
    [
      [6, 0.75],
      [5, 0.875],
      [4, 0.625],
    ],
  );
  says(t, falling, 'Entropy', '10 → 4', /^Fell by 6 from the start to the continuous limit/);
  says(t, falling, 'Label', '87.5%', /Up from 50\.0% at the start, with 8 layers at best/);
  says(t, falling, 'Gap', '2 → 1', /^From a single layer to 8 layers the entropy comes nearer/);

  const rising = withNumbers(
    [1, 0.5],
    [
      [2, 0.25],
      [3, 0.25],
      [4, 0.25],
    ],
  );
  says(t, rising, 'Entropy', '1 → 4', /^Rose by 3/);
  says(t, rising, 'Label', '25.0%', /Down from 50\.0% at the start, with a single layer at best/);

  const constant = withNumbers(
    [1, 0.5],
    [
      [1, 0.5],
      [1, 0.5],
    ],
  );
  says(t, constant, 'Label', '50.0%', /The same at every depth as 50\.0% at the start/);

  const still = withNumbers(
    [1, 0.5],
    [
      [1, 0.5],
      [1, 0.4],
      [1, 0.4],
    ],
  );
  says(t, still, 'Entropy', '1 → 1', /^Unchanged/);
  says(t, still, 'Label', '50.0%', /No higher than 50\.0% at the start, .*; lowest, 40\.0%, with 8 layers/);
});

test('findings leave out what the numbers do not say', (t) => {
  const collapsed = withNumbers(
    [1, null],
    [
      [0, null],
      [-1, null],
      [-Infinity, null],
    ],
  );
  says(t, collapsed, 'Entropy', '1 → −∞', /^The continuous limit moved points onto one another/);
  t.is(find(collapsed, 'Gap'), undefined);
  t.is(find(collapsed, 'Label'), undefined);
  t.is(
    find(
      withNumbers(
        [1, 0.5],
        [
          [0, 0.5],
          [-1, 0.5],
        ],
      ),
      'Gap',
    ),
    undefined,
    'no limit was computed',
  );
  t.is(
    find(
      withNumbers(
        [NaN, 0.5],
        [
          [0, 0.5],
          [-1, 0.5],
        ],
      ),
      'Entropy',
    ),
    undefined,
  );
});

test('without labels there is no accuracy, no legend and no colouring', async (t) => {
  const { comparison, context } = syntheticReport({ classes: 0 });
  const page = await transportReport(comparison, context);
  t.false('accuracy' in pageData(page).charts);
  t.notRegex(page, /id="legend"|Accuracy/);
  t.regex(page, /Row 0/);
});

test('a chart without a finite value is left out, and numbers that are not finite are written', async (t) => {
  const { comparison, context } = syntheticReport({ depths: [1, 2] });
  for (const run of comparison.runs) Object.assign(run, { entropy: -Infinity, straightness: NaN });
  const page = await transportReport(comparison, context);
  const { charts } = pageData(page);
  t.false('entropy' in charts || 'straightness' in charts);
  t.true('accuracy' in charts && 'sliced' in charts);
  t.regex(textOf(page, '<tbody', '</tbody>'), /2 −∞ .* – 0\.25/);
});

test('of more than 10 000 points a page carries a sample, and says so', async (t) => {
  const { comparison, context } = syntheticReport({ n: 11_000, d: 2, depths: [1] });
  const page = await transportReport(comparison, context);
  t.is(pageData(page).data.cloud.rows.length, 10_000);
  t.regex(page, /A random sample of 10,000 of the 11,000 points/);
});

test('a point is shown as an image only where the shape fits and the images are small enough', async (t) => {
  const { comparison, context } = syntheticReport({ n: 20, d: 6, classes: 0 });
  const images = async (imageShape: [number, number]) =>
    pageData(await transportReport(comparison, { ...context, imageShape })).data.images;
  t.is(await images([2, 2]), null);
  t.is((await images([2, 3]))?.samples.length, 20);
  const large = syntheticReport({ n: 4, d: 400 * 400, depths: [1, 2], classes: 2 });
  t.is(pageData(await transportReport(large.comparison, large.context)).data.images, null);
});

test('one dimension is shown with random heights, and says so', async (t) => {
  const { comparison, context } = syntheticReport({ d: 1 });
  const page = await transportReport(comparison, context);
  t.true(pageData(page).data.cloud.flat);
  t.regex(page, /heights are random/);
});

test('fifty labels have names, colours and shapes of their own; beyond, the page says how many more', async (t) => {
  const { comparison, context } = syntheticReport({ n: 120, d: 2, classes: 53 });
  const page = await transportReport(comparison, context);
  const legend = page.slice(page.indexOf('id="legend"'), page.indexOf('data-chart="cloud"'));
  const swatches = [...legend.matchAll(/<path\s+d="([^"]*)"\s+fill="([^"]*)"/g)].map(
    ([, d, fill]) => d + fill,
  );
  t.is(swatches.length, 50);
  t.is(new Set(swatches).size, 50);
  t.regex(legend, /And 3 more labels/);
});

test('what does not fit the comparison is an error that says what', async (t) => {
  const { comparison, context } = syntheticReport({ n: 10, d: 4 });
  const { labels, principal, points } = context;
  const fails = async (change: Partial<typeof context>, code: string, message: RegExp) => {
    await t.throwsAsync(transportReport(comparison, { ...context, ...change }), { code, message });
  };
  const names = ['a', 'b'];
  await fails(
    { labels: { values: new Int32Array(9), names } },
    'INVALID_SHAPE',
    /10 values for labels .* received 9/,
  );
  await fails(
    { labels: { values: labels?.values ?? new Int32Array(0), names } },
    'INVALID_ARGUMENT',
    /labels.values\[2\]/,
  );
  await fails({ principal: { ...principal, mean: new Float64Array(3) } }, 'INVALID_SHAPE', /4 means/);
  await fails({ principal: { ...principal, axes: new Float64Array(4) } }, 'INVALID_SHAPE', /2 axes/);
  await fails({ points: { data: points.data, shape: [20, 2] } }, 'INVALID_SHAPE', /dimension 4 for points/);
  await fails(
    { points: { data: new Float32Array(4), shape: [1, 4] } },
    'EMPTY_CLOUD',
    /10 points for points/,
  );
  await t.throwsAsync(transportReport({ ...comparison, runs: [] }, context), {
    code: 'INVALID_ARGUMENT',
    message: /at least one run/,
  });
  const [run] = comparison.runs;
  const broken = { ...run, snapshots: { times: [0, 1], positions: run.snapshots.positions.slice(0, 1) } };
  await t.throwsAsync(transportReport({ ...comparison, runs: [broken] }, context), {
    code: 'INVALID_ARGUMENT',
    message: /snapshots of depth 1/,
  });
});
