import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { integrate } from '../ts/flow/index.js';
import { linearField } from '../ts/field/index.js';
import { principalComponents } from '../ts/linalg/index.js';
import { planChart, renderChart, trajectoryChart } from '../ts/report/index.js';
import { exactTransport } from '../ts/transport/index.js';

const cloud = (n: number, d: number, at = 0): NdArray =>
  ndarray(
    Float64Array.from({ length: n * d }, (_, i) => at + Math.sin(1 + 7.7 * i) + (i % d)),
    [n, d],
  );

interface Layer {
  data: { values: Record<string, number | string>[] };
  mark: { type: string };
}
const layersOf = (chart: unknown) => (chart as { layer: Layer[] }).layer;

test('a plan: every entry is a line from its source to its target', async (t) => {
  const [a, b] = [cloud(9, 2), cloud(7, 2, 3)];
  const { plan } = await exactTransport(a, b);
  const chart = planChart(a, b, plan, { names: { source: 'before', target: 'after' } });
  const [lines, points] = layersOf(chart);
  t.is(lines.data.values.length, plan.masses.filter((mass) => mass > 0).length);
  lines.data.values.forEach((line, k) => {
    const at = (points: NdArray, row: number) => [...points.data.subarray(2 * row, 2 * row + 2)];
    t.deepEqual([line.x, line.y], at(a, plan.rows[k]));
    t.deepEqual([line.x2, line.y2], at(b, plan.columns[k]));
  });
  t.is(points.data.values.filter(({ group }) => group === 'before').length, 9);
  t.is(points.data.values.filter(({ group }) => group === 'after').length, 7);
  const svg = await renderChart(chart, 'svg', 'dark');
  for (const text of ['before', 'after', 'first coordinate']) t.true(svg.includes(text), text);
  t.notRegex(svg, /NaN|undefined/);
  t.is(layersOf(planChart(a, b, plan, { lines: 3 }))[0].data.values.length, 3);
  t.is(layersOf(planChart(a, b, plan, { lines: 0 })).length, 1);
});

test('a plan in the principal plane, and on a line', async (t) => {
  const [a, b] = [cloud(30, 5), cloud(30, 5, 1)];
  const { plan } = await exactTransport(a, b);
  const plane = await principalComponents(a);
  const [lines] = layersOf(planChart(a, b, plan, { plane }));
  const along = (row: number, axis: number) => {
    let sum = 0;
    for (let k = 0; k < 5; k++) sum += (a.data[5 * row + k] - plane.mean[k]) * plane.axes[5 * axis + k];
    return sum;
  };
  lines.data.values.forEach(({ x, y }, k) => {
    t.true(Math.abs(Number(x) - along(plan.rows[k], 0)) < 1e-12);
    t.true(Math.abs(Number(y) - along(plan.rows[k], 1)) < 1e-12);
  });
  const [p, q] = [cloud(5, 1), cloud(5, 1, 2)];
  const flat = layersOf(planChart(p, q, (await exactTransport(p, q)).plan));
  t.true(flat.every(({ data }) => data.values.every(({ y }) => y === 0)));
});

test('trajectories: a way for each particle, through all states in their order', async (t) => {
  const x0 = cloud(40, 2);
  const field = linearField({ matrix: { data: Float64Array.of(0, -1, 1, 0), shape: [2, 2] } });
  const trajectory = await integrate(field, x0, { to: 2, saveAt: [0.5, 1, 1.5] });
  const labels = { values: Int32Array.from({ length: 40 }, (_, i) => i % 2), names: ['even', 'odd'] };
  const chart = trajectoryChart(trajectory, { labels, particles: 10, width: 300 });
  const [ways, ends] = layersOf(chart);
  t.is(ways.data.values.length, 10 * trajectory.states.length);
  t.is(ends.data.values.length, 10);
  for (const { particle, order, x, y, group } of ways.data.values) {
    const { data } = trajectory.states[Number(order)].positions;
    const row = Number(particle);
    t.deepEqual([x, y], [data[2 * row], data[2 * row + 1]]);
    t.is(group, labels.names[row % 2]);
  }
  const svg = await renderChart(chart);
  t.true(svg.includes('even') && svg.includes('odd') && svg.startsWith('<svg'));
  t.is((svg.match(/aria-roledescription="line mark"/g) ?? []).length, 10);
  t.is(layersOf(trajectoryChart({ states: trajectory.states.slice(0, 1) }))[1].data.values.length, 40);
});

test('charts of clouds refuse what does not fit', async (t) => {
  const [a, b] = [cloud(4, 3), cloud(4, 3, 1)];
  const { plan } = await exactTransport(a, b);
  const refuses = (code: ErrorCode, work: () => unknown, text: RegExp) => {
    const error = t.throws(work, { instanceOf: RidgeflowError });
    t.is(error?.code, code, error?.message);
    t.regex(error?.message ?? '', text);
  };
  refuses('INVALID_SHAPE', () => planChart(a, cloud(4, 2), plan), /target/);
  refuses('INVALID_ARGUMENT', () => planChart(a, b, { ...plan, rows: [4, 0, 1, 2] }), /rows below 4/);
  refuses('INVALID_ARGUMENT', () => planChart(a, b, { ...plan, masses: [1] }), /plan/);
  refuses('INVALID_ARGUMENT', () => planChart(a, b, plan, { lines: -1 }), /lines/);
  const plane = { mean: [0, 0], axes: [1, 0, 0, 1], explained: [] };
  refuses('INVALID_ARGUMENT', () => planChart(a, b, plan, { plane }), /mean of 3 .* for plane/);
  refuses('INVALID_ARGUMENT', () => trajectoryChart({ states: [] }), /at least one state/);
  const states = [a, cloud(3, 3)].map((positions, time) => ({ time, positions }));
  refuses('EMPTY_CLOUD', () => trajectoryChart({ states }), /states\[1\]/);
  const labels = { values: [0], names: ['x'] };
  refuses('INVALID_ARGUMENT', () => trajectoryChart({ states: states.slice(0, 1) }, { labels }), /labels/);
});
