// How a run ends where one of its ranks does: the argument says how. Run on each rank; see test/mpi.test.ts.
import { mpi, rank, size } from './ranks.js';

const [how] = process.argv.slice(2);
await mpi.shareOf(rank);
const last = rank === size - 1;
if (how === 'throws' && last) throw new RangeError('this rank has had enough');
if (how === 'killed' && last) process.kill(process.pid, 'SIGKILL');
if (how === 'returns' && !last) await mpi.sumOverRanks([1]);
if (how === 'exits' && last) process.exit(0);
if (how === 'exits' && !last) await mpi.sumOverRanks([1]);
if (how === 'fails') {
  // A kernel that fails on one rank fails on all, who then go on together.
  const cloud = { data: new Float32Array(10), rows: 5, columns: 2 };
  const signal = last ? AbortSignal.abort() : undefined;
  const problem = { queries: cloud, centres: cloud, variance: 1, want: { mean: true } };
  const error = await mpi.score(problem, { signal }).catch((failure: unknown) => failure as { code: string });
  if ((error as { code?: string }).code !== 'ABORTED') throw new Error(`rank ${rank} went on`);
  const [sum] = await mpi.sumOverRanks([1]);
  if (sum !== size) throw new Error(`rank ${rank}: ${sum}`);
  console.log('together');
} else await mpi.sumOverRanks([1, 2]);
