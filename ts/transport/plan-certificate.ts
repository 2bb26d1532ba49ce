import { Pace } from '../core/pace.js';
import type { RunControl } from '../kernel/contract.js';

/** Entries of a plan: masses[k] goes from source rows[k] to target columns[k]. */
export interface PlanEntries {
  rows: Int32Array;
  columns: Int32Array;
  masses: Float64Array;
}

/** A plan of a problem, with potentials. */
export interface Solution {
  costs: Float64Array;
  weightsA: Float64Array;
  weightsB: Float64Array;
  plan: PlanEntries;
  f: Float64Array;
  g: Float64Array;
}

/** What a plan and potentials prove of each other, from the answer alone. */
export interface Certificate {
  cost: number;
  /** Bound of cost − optimum. */
  dualityGap: number;
  /** The most by which f_i + g_j is above c_ij. */
  dualViolation: number;
  /** The most by which a marginal of the plan is off. */
  marginalError: number;
}

/**
 * The cost is at most the optimum + Σ π_ij (c_ij − f_i − g_j) + the worst violation of f_i + g_j ≤ c_ij, for a plan with
 * the right marginals; mass that is missing counts with the largest cost that the plan uses. O(nm) time.
 */
export async function certify(solution: Solution, run?: RunControl): Promise<Certificate> {
  const { costs, weightsA, weightsB, plan, f, g } = solution;
  const m = g.length;
  const [left, right] = [weightsA.slice(), weightsB.slice()];
  let [cost, slack, largest] = [0, 0, 0];
  plan.masses.forEach((mass, k) => {
    const [i, j] = [plan.rows[k], plan.columns[k]];
    const entry = costs[i * m + j];
    cost += mass * entry;
    slack += mass * (entry - f[i] - g[j]);
    largest = Math.max(largest, Math.abs(entry));
    left[i] -= mass;
    right[j] -= mass;
  });
  let marginalError = 0;
  for (const rest of left) marginalError = Math.max(marginalError, Math.abs(rest));
  for (const rest of right) marginalError = Math.max(marginalError, Math.abs(rest));
  const dualViolation = await worstViolation(solution, run);
  const dualityGap = Math.abs(slack) + dualViolation + marginalError * largest;
  return { cost, dualityGap, dualViolation, marginalError };
}

async function worstViolation({ costs, f, g }: Solution, run?: RunControl): Promise<number> {
  const pace = new Pace({ signal: run?.signal }, f.length);
  const m = g.length;
  let worst = 0;
  for (let i = 0; i < f.length; i++) {
    for (let j = 0; j < m; j++) {
      const above = f[i] + g[j] - costs[i * m + j];
      if (above > worst) worst = above;
    }
    await pace.tick(1);
  }
  return worst;
}

/**
 * Potentials of the same plan with the digits that a large cost took from them: each connected part of the plan has its
 * own, from its entries alone, and the parts are moved against each other by no more than the other costs ask. The parts
 * are found as shortest paths by Bellman and Ford; of a plan that is not optimal there are none, and the potentials are
 * the best that were met. O(nm) time a sweep, mostly few.
 */
export async function refinePotentials(solution: Solution, run?: RunControl): Promise<Solution> {
  const { costs } = solution;
  const { f, g, partOfSource, partOfTarget, parts } = partsOf(solution);
  const [n, m] = [f.length, g.length];
  const offsets = new Float64Array(parts);
  const pace = new Pace({ signal: run?.signal }, 1);
  for (let sweep = 0, moved = true; moved && sweep <= Math.min(parts, SWEEPS); sweep++) {
    moved = false;
    for (let i = 0; i < n; i++) {
      const from = partOfSource[i];
      const base = offsets[from] - f[i];
      for (let j = 0; j < m; j++) {
        const to = partOfTarget[j];
        const reachable = base + (costs[i * m + j] - g[j]);
        // Beyond rounding, which must not send it round in circles.
        if (to === from || !(reachable < offsets[to] - 1e-15 * (Math.abs(base) + Math.abs(g[j])))) continue;
        offsets[to] = reachable;
        moved = true;
      }
      await pace.tick(0);
    }
  }
  for (let i = 0; i < n; i++) f[i] -= offsets[partOfSource[i]];
  for (let j = 0; j < m; j++) g[j] += offsets[partOfTarget[j]];
  return { ...solution, f, g };
}

const SWEEPS = 200;

/** The connected parts of a plan, with potentials that are 0 at the first source (else target) of each. */
function partsOf({ costs, plan, f: { length: n }, g: { length: m } }: Solution) {
  const entriesOf = Array.from({ length: n + m }, (): number[] => []);
  plan.masses.forEach((_, k) => {
    entriesOf[plan.rows[k]].push(k);
    entriesOf[n + plan.columns[k]].push(k);
  });
  const potential = new Float64Array(n + m);
  const partOfNode = new Int32Array(n + m).fill(-1);
  let parts = 0;
  for (let root = 0; root < n + m; root++) {
    if (partOfNode[root] >= 0) continue;
    partOfNode[root] = parts;
    for (const waiting = [root]; waiting.length > 0;) {
      const node = waiting.pop() as number;
      for (const k of entriesOf[node]) {
        const other = node < n ? n + plan.columns[k] : plan.rows[k];
        if (partOfNode[other] >= 0) continue;
        partOfNode[other] = parts;
        potential[other] = costs[plan.rows[k] * m + plan.columns[k]] - potential[node];
        waiting.push(other);
      }
    }
    parts++;
  }
  return {
    f: potential.slice(0, n),
    g: potential.slice(n),
    partOfSource: partOfNode.subarray(0, n),
    partOfTarget: partOfNode.subarray(n),
    parts,
  };
}
