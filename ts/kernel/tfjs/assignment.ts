import { Pace } from '../../core/pace.js';
import type { RunControl } from '../contract.js';
import type { AssignmentResult } from '../contract/transport.js';

/**
 * The assignment of least cost by successive shortest augmenting paths (the Hungarian method in Jonker and Volgenant's
 * form), in float64. Costs of ∞ forbid a pair; undefined where every assignment uses one. O(n³) time, O(n) memory.
 */
export async function assignment(
  { costs, n }: { costs: Float64Array; n: number },
  run?: RunControl,
): Promise<AssignmentResult | undefined> {
  const pace = new Pace(run, n);
  const u = new Float64Array(n);
  const v = new Float64Array(n);
  const rows = new Int32Array(n).fill(-1);
  const distances = new Float64Array(n);
  const previous = new Int32Array(n);
  const scanned = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    distances.fill(Infinity);
    scanned.fill(0);
    let row = i;
    let column = -1;
    let least = 0;
    // Dijkstra's method on reduced costs, from row i to the nearest column without a row.
    do {
      let next = -1;
      for (let j = 0; j < n; j++) {
        if (scanned[j]) continue;
        const distance = least + costs[row * n + j] - u[row] - v[j];
        if (distance < distances[j]) {
          distances[j] = distance;
          previous[j] = column;
        }
        if (next < 0 || distances[j] < distances[next]) next = j;
      }
      column = next;
      least = distances[column];
      if (least === Infinity) return undefined;
      scanned[column] = 1;
      row = rows[column];
      await pace.tick(0);
    } while (row >= 0);
    for (let j = 0; j < n; j++) {
      if (!scanned[j]) continue;
      const gain = least - distances[j];
      v[j] -= gain;
      if (rows[j] >= 0) u[rows[j]] += gain;
    }
    u[i] += least;
    for (let at = column; at >= 0; at = previous[at]) rows[at] = previous[at] < 0 ? i : rows[previous[at]];
    await pace.tick(1);
  }
  const columns = new Int32Array(n);
  for (let j = 0; j < n; j++) columns[rows[j]] = j;
  await pace.finish();
  return { columns, u, v };
}
