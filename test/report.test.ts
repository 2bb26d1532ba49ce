import { runInNewContext } from 'node:vm';
import test from 'ava';
import type { DepthRun } from '../ts/dae/depth-comparison.js';
import { decodeFrames, decodeIntegers, interpolate } from '../ts/report/client/frames.js';
import { depthPhrase, formatDuration, formatList, formatNumber, formatPercent } from '../ts/report/format.js';
import {
  frameRange,
  keyFrames,
  packFrames,
  packIntegers,
  thinFrames,
  type Frames,
} from '../ts/report/frames.js';
import { escapeHtml, html, scriptJson, scriptSource, table } from '../ts/report/html.js';
import { depthChart, renderChart, renderPage, type ChartSpec } from '../ts/report/index.js';
import { clientSource } from '../ts/report/page.js';
import { exampleRows, sampleRows } from '../ts/report/sampling.js';
import { syntheticReport } from './report-comparison.js';

test('values put into HTML are escaped once, parts that are HTML are kept, absent ones vanish', (t) => {
  const hostile = `</p><script>'"&`;
  t.is(escapeHtml(hostile), '&lt;/p&gt;&lt;script&gt;&#39;&quot;&amp;');
  const inner = html`<b title="${hostile}">${hostile}</b>`;
  t.is(inner.text, `<b title="${escapeHtml(hostile)}">${escapeHtml(hostile)}</b>`);
  t.is(html`<p>${[inner, 1, null, undefined, false, ['<']]}</p>`.text, `<p>${inner.text}1&lt;</p>`);
  t.is(html`${0}`.text, '0');
});

test('JSON and source inside a script element cannot end it, and mean what they meant', (t) => {
  const value = { name: '</script><!-- <script>&\u2028\u2029', list: [1, null] };
  const { text } = scriptJson(value);
  t.notRegex(text, /[<>\u2028\u2029]/);
  t.deepEqual(JSON.parse(text), value);
  t.is(scriptJson(undefined).text, 'null');

  const source = scriptSource(`'</SCRIPT><!--'.length`).text;
  t.notRegex(source, /<\/script|<!--/i);
  t.is(runInNewContext(source), 13);
});

test('a table has headers for rows and columns, and a numbered note for each column that has one', (t) => {
  const { text } = table({
    id: 'runs',
    caption: 'What <happened>',
    columns: [
      { title: 'Depth', align: 'start' },
      { title: 'Entropy', unit: 'nats', note: 'Of the cloud & more.' },
      { title: 'Time', note: 'Wall time.' },
    ],
    rows: [
      ['start', '1', '2'],
      ['∞', html`<i>3</i>`, '<4>'],
    ],
  });
  t.is(text.match(/<th scope="col"/g)?.length, 3);
  t.is(text.match(/<th scope="row"/g)?.length, 2);
  t.is(text.match(/<td/g)?.length, 4);
  t.regex(text, /href="#runs-note-2"[^>]*>2</);
  t.regex(text, /<li id="runs-note-1"><b>Entropy.<\/b> Of the cloud &amp; more.<\/li>/);
  t.true(text.includes('What &lt;happened&gt;') && text.includes('<i>3</i>') && text.includes('&lt;4&gt;'));
});

test('numbers are written for reading', (t) => {
  t.is(formatNumber(0), '0');
  t.is(formatNumber(-1234.567), '−1,235');
  t.is(formatNumber(0.00123456), '0.001235');
  t.is(formatNumber(1.5e-7), '1.5 × 10⁻⁷');
  t.is(formatNumber(-2.34567e12, 3), '−2.35 × 10¹²');
  t.is(formatNumber(-Infinity), '−∞');
  t.is(formatNumber(NaN), '–');
  t.is(formatPercent(0.98765), '98.8%');
  t.is(formatPercent(NaN), '–');
  t.deepEqual([2.5e-5, 0.0123, 1.5, 300].map(formatDuration), ['25 µs', '12.3 ms', '1.5 s', '5 min']);
  t.is(formatList(['1', '2', '4']), '1, 2 and 4');
  t.deepEqual(
    [depthPhrase(1), depthPhrase(8), depthPhrase('continuous')],
    ['a single layer', '8 layers', 'the continuous limit'],
  );
});

const bent: Frames = {
  times: [0, 0.1, 0.25, 0.5, 0.75, 1],
  rows: [0, 0.1, 0.25, 0.5, 1, 1.5].map((x) => Float64Array.of(x, -2)),
};

test('frames on a straight line are left out, corners are kept', (t) => {
  const kept = keyFrames(bent, 1e-9);
  t.deepEqual(kept.times, [0, 0.5, 1]);
  t.deepEqual(
    kept.rows.map(([x]) => x),
    [0, 0.5, 1.5],
  );
  t.deepEqual(keyFrames(bent, 1).times, [0, 1]);
  t.deepEqual(keyFrames({ times: [0], rows: [Float64Array.of(3)] }, 0).times, [0]);
  t.deepEqual(thinFrames(bent, 3).times, [0, 0.5, 1]);
  t.is(thinFrames(bent, 6), bent);
});

test('what the page unpacks is what was packed, to half a level', (t) => {
  const ranges = [frameRange([bent], 0, 2), frameRange([bent], 1, 2)];
  t.deepEqual(ranges, [
    [0, 1.5],
    [-2, -2],
  ]);
  for (const [bits, levels] of [
    [8, 255],
    [16, 65535],
  ] as const) {
    const frames = decodeFrames(packFrames(bent, ranges, levels), bits);
    t.deepEqual([frames.size, frames.times], [2, bent.times]);
    const out = new Float64Array(2);
    bent.times.forEach((time, k) => {
      const [x, y] = interpolate(frames, time, out);
      t.true(Math.abs((1.5 * x) / levels - bent.rows[k][0]) <= 0.75 / levels + 1e-12);
      t.is(y, 0, 'a range without extent is its own lowest level');
    });
    const [halfway] = interpolate(frames, 0.625, out);
    t.true(Math.abs((1.5 * halfway) / levels - 0.75) <= 1.5 / levels);
    t.is(interpolate(frames, 2, out)[0], levels);
    t.is(interpolate(frames, -1, out)[0], 0);
  }
  t.deepEqual([...decodeIntegers(packIntegers([0, 1, 256, 65535]))], [0, 1, 256, 65535]);
});

test('a sample of rows is seeded, without repeats, in order, and fair', (t) => {
  t.deepEqual(sampleRows(3, 5, 0), [0, 1, 2]);
  const rows = sampleRows(1000, 100, 1);
  t.is(rows.length, 100);
  t.true(rows.every((row, i) => row >= 0 && row < 1000 && (i === 0 || row > rows[i - 1])));
  t.deepEqual(sampleRows(1000, 100, 1), rows);
  t.notDeepEqual(sampleRows(1000, 100, 2), rows);
  const mean = rows.reduce((sum, row) => sum + row, 0) / 100;
  t.true(Math.abs(mean - 500) < 5 * 28.9, 'within five standard errors');
});

test('examples are two of each class where there are ten, and few in all', (t) => {
  const classes = Int32Array.from({ length: 100 }, (_, i) => (7 * i) % 10);
  const rows = exampleRows(100, 20, classes);
  t.is(new Set(rows).size, 20);
  t.deepEqual(
    rows.map((row) => classes[row]),
    Array.from({ length: 20 }, (_, i) => Math.floor(i / 2)),
  );
  t.is(
    exampleRows(
      100,
      20,
      classes.map((_, i) => i),
    ).length,
    20,
  );
  t.deepEqual(exampleRows(3, 20, Int32Array.of(1, 0, 1)), [1, 0, 2]);
  t.deepEqual(exampleRows(10, 5), [0, 2, 4, 6, 8]);
});

test('a chart against depth leaves out what is not finite and says the rest in words', async (t) => {
  const { runs } = syntheticReport({ depths: [1, 2, 4, 'continuous'] }).comparison;
  runs[1].entropy = -Infinity;
  const spec = depthChart(runs, {
    description: 'Entropy by depth',
    value: (run) => run.entropy,
    format: (value) => `${value} nats`,
    start: 55.5,
    bound: (run) => run.depth === 4,
  });
  const { values } = spec.data as { values: { name: string; reading: string }[] };
  t.deepEqual(
    values.map(({ name, reading }) => `${name}: ${reading}`),
    ['a single layer: 40 nats', '4 layers: at least 24 nats', 'the continuous limit: 16 nats'],
  );
  const svg = await renderChart({ ...spec, width: 400 }, 'svg', 'dark');
  t.true(svg.startsWith('<svg') && svg.endsWith('</svg>'));
  for (const text of ['start 55.5 nats', '40 nats', '16 nats', '>2<', '>∞<']) {
    t.true(svg.includes(text), text);
  }
  t.notRegex(svg, /NaN|undefined/);
});

test('a chart against depth does not blow small differences up', (t) => {
  const { runs } = syntheticReport({ depths: [1, 2] }).comparison;
  const domain = (values: number[], options = {}) => {
    const value = (run: DepthRun) => values[runs.indexOf(run)];
    const spec = depthChart(runs, { description: '', value, format: String, ...options });
    return /"domain":(\[-?[\d.]+,-?[\d.]+\])/.exec(JSON.stringify(spec))?.[1];
  };
  t.is(domain([1, 3]), '[1,3]');
  t.is(domain([1, 3], { start: 7 }), '[1,7]');
  t.is(domain([1, 3], { minimumSpan: 8 }), '[-2,6]');
  t.is(domain([1, 3], { minimumSpan: 8, maximum: 4 }), '[-4,4]');
  t.is(domain([3, 3]), '[1.5,4.5]');
  t.is(domain([0, 0]), '[-0.5,0.5]');
  t.throws(() => domain([NaN, -Infinity]), { code: 'INVALID_ARGUMENT', message: /finite value for runs/ });
});

test('a lower bound is not joined to exact values', (t) => {
  const { runs } = syntheticReport({ depths: [1, 2, 'continuous'] }).comparison;
  const dashed = (bounds: DepthRun[]) => {
    const chart = { description: '', value: (run: DepthRun) => run.w2, format: String };
    return JSON.stringify(depthChart(runs, { ...chart, bound: (run) => bounds.includes(run) })).includes(
      '"data":{"values":[{"depth":"2"',
    );
  };
  t.true(dashed([]));
  t.true(dashed([runs[1], runs[2]]));
  t.false(dashed([runs[2]]));
});

test('charts are drawn in the formats and looks that there are', async (t) => {
  const spec: ChartSpec = { mark: 'point', data: { values: [{ a: 1 }] }, encoding: { x: { field: 'a' } } };
  const [light, dark] = await Promise.all([renderChart(spec, 'svg'), renderChart(spec, 'svg', 'dark')]);
  t.not(light, dark);
  await t.throwsAsync(renderChart(spec, 'png' as 'svg'), {
    code: 'INVALID_ARGUMENT',
    message: `Expected 'svg' for format but received "png"`,
  });
  await t.throwsAsync(renderChart(spec, 'svg', 'blue' as 'dark'), {
    code: 'INVALID_ARGUMENT',
    message: /theme/,
  });
});

test('a page holds its parts, in order, and the scripts that it names', async (t) => {
  const page = await renderPage({
    title: 'A <title>',
    kicker: 'Test',
    header: html`<p>Header</p>`,
    sections: [
      { id: 'one', title: 'First & foremost', lead: 'Lead', body: html`<p>Body</p>` },
      { id: 'two', title: 'Second', body: html`` },
    ],
    footer: html`<p>End</p>`,
  });
  t.regex(page, /^<!doctype html>/);
  t.regex(page, /<title>A &lt;title&gt;<\/title>/);
  t.regex(
    page,
    /Header[^]*id="one"[^]*First &amp; foremost[^]*Lead[^]*Body[^]*id="two"[^]*End[^]*University of Washington/,
  );
  t.notRegex(page, /(src|href)="https?:/);
  t.is(page.match(/<\/script>/g)?.length, 3);
});

test('the modules of a page become one, each after those that it needs', async (t) => {
  const { text } = await clientSource('transport');
  t.notRegex(text, /^(import|export) /m);
  t.notRegex(text, /sourceMappingURL/);
  const order = [
    'function find(',
    'function mountCharts(',
    'function createImages(',
    'createCloud(data.cloud',
  ];
  const places = order.map((part) => text.indexOf(part));
  t.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
  t.true(places[0] >= 0);
  t.is(text.match(/function find\(/g)?.length, 1);
  await t.throwsAsync(clientSource('absent'), { code: 'ENOENT' });
});
