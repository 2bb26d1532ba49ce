// The main job over ranks against the same in one process. Run on each rank; see test/mpi.test.ts.
import {
  compareDepths,
  fieldFromFunction,
  integrate,
  nearestNeighbourEntropy,
  readCloud,
} from '../../ts/index.js';
import { slicedWasserstein } from '../../ts/transport/index.js';
import { score } from '../../ts/measure/index.js';
import type { RidgeflowError } from '../../ts/core/errors.js';
import { takeRows } from '../../ts/core/rows.js';
import type { FloatData, NdArray } from '../../ts/core/array.js';
import { differences, finish, ownRows, rank, size } from './ranks.js';

/** Found from the folder in which ranks are started: the project's. */
const digits = 'data/digits.csv.gz';
const read = await readCloud(digits, { labelColumn: -1 });
// A part of the digits: the whole takes long where many processes share few processors. Of as many no step's error is so
// near its bound that rounding decides whether it is taken, as it is with 400: evaluations would differ then.
const n = 450;
const rows = Array.from({ length: n }, (_, i) => i);
const points = takeRows(read.points, rows);
const labels = read.labels!.values.slice(0, n);
const { first, count } = ownRows(n, process.argv[2] === 'none' ? 'none' : 'even');
const own = (cloud: NdArray): NdArray => takeRows(cloud, rows.slice(first, first + count));

function near(name: string, found: number, expected: number, allowed: number): void {
  differences.check(
    `${name}: expected ${expected} but received ${found}`,
    Math.abs(found - expected) <= allowed * Math.max(1, Math.abs(expected)),
  );
}

const depths = [1, 3, 'continuous'] as const;
const comparison = await compareDepths(own(points), {
  ...{ depths, backend: 'mpi', snapshots: 2 },
  labels: labels.slice(first, first + count),
});
const alone = await compareDepths(points, { depths, labels, backend: 'native', snapshots: 2 });
differences.check('points of the whole cloud', comparison.n === n && comparison.backend === 'mpi');
near('smoothing', comparison.smoothing, alone.smoothing, 1e-4);
near('entropy of the start', comparison.start.entropy, alone.start.entropy, 1e-6);
comparison.runs.forEach((run, i) => {
  const expected = alone.runs[i];
  near(`entropy at ${run.depth}`, run.entropy, expected.entropy, 1e-4);
  near(`its error at ${run.depth}`, run.entropyError!, expected.entropyError!, 1e-4);
  near(`accuracy at ${run.depth}`, run.accuracy!, expected.accuracy!, 1 / n);
  near(`displacement at ${run.depth}`, run.displacement, expected.displacement, 1e-4);
  near(`sliced distance at ${run.depth}`, run.slicedW2, expected.slicedW2, 1e-4);
  near(`action at ${run.depth}`, run.action, expected.action, 1e-3);
  near(`evaluations at ${run.depth}`, run.evaluations, expected.evaluations, 0);
  const there = own(expected.positions).data;
  differences.compare(`positions at ${run.depth}`, run.positions.data, there, () => 1e-2);
});

const estimate = await nearestNeighbourEntropy(own(points), { backend: 'mpi', k: 2 });
const expected = await nearestNeighbourEntropy(points, { backend: 'native', k: 2 });
near('entropy', estimate.value, expected.value, 1e-6);
near('its standard error over blocks', estimate.standardError, expected.standardError, 1e-5);

const weights = Float32Array.from({ length: n }, (_, i) => 1 + (i % 7));
const densities = await score(own(points), own(points), {
  ...{ variance: 20, backend: 'mpi', excludeSelf: true },
  weights: weights.slice(first, first + count),
});
const all = await score(points, points, { variance: 20, backend: 'native', excludeSelf: true, weights });
const part = all.logDensity!.slice(first, first + count);
differences.compare('weighted densities', densities.logDensity, part, () => 1e-4);

// Steps that all ranks take alike, by the error of the whole cloud: rows of one rank move a hundred times as fast.
const field = fieldFromFunction(({ data, shape }, t) => ({
  data: data.map((value) => -value * (1 + (value > 12 ? 100 : 0) * t)) as FloatData,
  shape,
}));
const path = await integrate(field, own(points), { to: 0.1, backend: 'mpi', track: { action: true } });
const whole = await integrate(field, points, { to: 0.1, backend: 'native', track: { action: true } });
near('steps', path.statistics.steps, whole.statistics.steps, 0);
near('action', path.end.action!, whole.end.action!, 1e-5);
differences.compare('ends', path.end.positions.data, own(whole.end.positions).data, () => 1e-4);

// What does not run says so, on all ranks, and leaves them able to go on.
const events = [{ name: 'stop', value: () => 1, terminal: true }];
if (size > 1) {
  const refused = await integrate(field, own(points), { to: 0.1, backend: 'mpi', events }).catch(
    (error: unknown) => (error as RidgeflowError).code,
  );
  differences.check('events are refused', refused === 'UNSUPPORTED');
  const unlike = slicedWasserstein(own(points), own(points), { backend: 'mpi', p: 1 + rank });
  const code = await unlike.catch((error: unknown) => (error as RidgeflowError).code);
  differences.check('ranks that disagree are told', code === 'INVALID_ARGUMENT');
}
finish();
