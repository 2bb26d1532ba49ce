import test from 'ava';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gaussian } from '../ts/measure/index.js';
import { principalComponents } from '../ts/linalg/index.js';
import { neighbourMap, neighbourMapSentence, needsNeighbourMap } from '../ts/report/neighbour-map.js';
import { emptyFolder, ridgeflow } from './command-line.js';
import { neighbourChart } from '../ts/report/scatter.js';

const D = 6;

/** Five groups in six dimensions, far apart. */
async function groups(each = 24) {
  const { data } = await gaussian({ mean: new Float64Array(D), variance: 1 }).sample(5 * each, { seed: 1 });
  const points = {
    data: data.map((x, at) => x + 12 * (Math.floor(at / D / each) === at % D ? 1 : 0)),
    shape: [5 * each, D],
  };
  return {
    points,
    plane: await principalComponents(points, { seed: 0 }),
    groupOf: (row: number) => Math.floor(row / each),
  };
}

test('neighbours stay together, and the same seed gives the same places', async (t) => {
  const { points, plane, groupOf } = await groups();
  const copy = points.data.slice();
  t.true(needsNeighbourMap(points, plane));
  const map = (await neighbourMap(points, plane, { seed: 3, after: points }))!;
  t.deepEqual(points.data, copy);
  t.deepEqual(await neighbourMap(points, plane, { seed: 3, after: points }), map);
  t.notDeepEqual((await neighbourMap(points, plane, { seed: 4 }))!.places, map.places);
  for (const places of [map.places, map.after!]) {
    t.is(places.length, 120);
    const nearest = places.map(([x, y], i) => {
      const distances = places.map(([u, v], j) => (i === j ? Infinity : Math.hypot(x - u, y - v)));
      return distances.indexOf(Math.min(...distances));
    });
    t.true(nearest.every((j, i) => groupOf(map.rows[i]) === groupOf(map.rows[j])));
  }
  const aborted = neighbourMap(points, plane, { seed: 3, signal: AbortSignal.abort() });
  await t.throwsAsync(aborted, { code: 'ABORTED' });
});

test('there is no map of what the principal plane shows, and the page says what it shows', async (t) => {
  const { points, plane } = await groups();
  t.is(await neighbourMap(points, { ...plane, explained: [0.6, 0.36] }, { seed: 0 }), undefined);
  const flat = { data: points.data.subarray(0, 240), shape: [120, 2] };
  t.false(needsNeighbourMap(flat, { ...plane, explained: [0.6, 0.2] }));
  t.false(needsNeighbourMap({ ...points, shape: [15, D] }, plane), 'too few points have fifteen neighbours');
  const rows = [0, 1, 2];
  t.is(neighbourMapSentence(false, undefined, 3), undefined);
  t.regex(neighbourMapSentence(true, undefined, 3)!, /npm install umap-js/);
  t.regex(neighbourMapSentence(true, { rows }, 3)!, /^The points laid out by UMAP .* mean little\.$/);
  t.regex(neighbourMapSentence(true, { rows }, 4000)!, /^3 points, chosen at random, laid out/);
  t.regex(neighbourMapSentence(true, { rows, after: [] }, 3)!, /goes on from that of the start\.$/);
});

test('ridgeflow entropy draws it beside the principal plane', async (t) => {
  const out = emptyFolder(t);
  const { points } = await groups(20);
  const file = join(out, 'points.json');
  const rows = Array.from({ length: 100 }, (_, i) => Array.from(points.data.subarray(i * D, (i + 1) * D)));
  await writeFile(file, JSON.stringify(rows));
  const { code, stderr } = await ridgeflow(['entropy', file, '--no-kernel', '--out', out]);
  t.is(code, 0, stderr);
  const page = await readFile(join(out, 'report.html'), 'utf8');
  t.true(page.includes('data-chart="neighbours"'));
  t.true(page.includes('The points laid out by UMAP'));
});

test('a class has the colour of its number in every picture, whichever point comes first', (t) => {
  const places = [3, 1, 3, 0].map((x) => [x, 0] as const);
  const labels = { values: Int32Array.of(3, 1, 3, 0), names: ['a', 'b', 'c', 'd'] };
  const { layer } = neighbourChart(places, { rows: [0, 1, 2, 3] }, labels) as {
    layer: { encoding: { color: { scale: { domain: string[] } } } }[];
  };
  t.deepEqual(layer[0].encoding.color.scale.domain, labels.names);
});
