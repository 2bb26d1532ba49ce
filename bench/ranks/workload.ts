// One workload of the suite mpi, on each rank: rank 0 prints how long it took and what ranks sent.
import { transportCloud } from '../../ts/dae/index.js';
import { distributed } from '../../ts/index.js';
import { loadMpiAddon } from '../../ts/kernel/mpi/addon.js';
import { score } from '../../ts/measure/index.js';
import { normalCloud } from '../clouds.js';

const [workload, points, dimensions] = process.argv.slice(2);
const [n, d] = [Number(points), Number(dimensions)];
const ranks = await distributed({ backend: 'mpi' });
const variance = d / 2;

/** This rank's rows of a cloud that all ranks draw alike. */
function rowsOf(count: number) {
  const { first, count: own } = ranks.range(count);
  const { data } = normalCloud(count, d);
  return { data: data.slice(first * d, (first + own) * d), shape: [own, d] };
}

const WORKLOADS: Readonly<Record<string, (cloud: ReturnType<typeof rowsOf>) => Promise<unknown>>> = {
  score: (cloud) => score(cloud, cloud, { variance, tolerance: 0, backend: 'mpi' }),
  transport: (cloud) =>
    transportCloud(cloud, { depth: 2, T: 0.2, smoothing: variance, scoreTolerance: 0, backend: 'mpi' }),
};
const work = WORKLOADS[workload];

await work(rowsOf(2048)); // warm: load lazily, let the processor reach its speed
const cloud = rowsOf(n);
await ranks.exchange('ready');
const sent = loadMpiAddon().bytesSent();
const begin = performance.now();
await work(cloud);
const seconds = (performance.now() - begin) / 1000;
const bytes = loadMpiAddon().bytesSent() - sent;
const [slowest] = await ranks.largest([seconds]);
const [total] = await ranks.sum([bytes]);
if (ranks.rank === 0) console.log(JSON.stringify({ seconds: slowest, bytes: total }));
