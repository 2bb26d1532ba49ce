/**
 * summary.json as the main job writes it.
 *
 * @typedef {object} Summary
 * @property {string} input
 * @property {number} n
 * @property {number} d
 * @property {number} T
 * @property {string} backend
 * @property {Run[]} runs
 *
 * @typedef {{ depth: number | 'continuous' } & Record<typeof NUMBERS[number], number>} Run
 */

const NUMBERS = /** @type {const} */ ([
  'entropy',
  'accuracy',
  'displacement',
  'w2',
  'action',
  'straightness',
  'seconds',
]);
const DEPTHS = [1, 2, 4, 8, 16, 32, 'continuous'];

/**
 * What is wrong with a summary of a run on labelled points.
 *
 * @param {Summary} summary
 * @returns {string[]}
 */
export function summaryProblems(summary) {
  const problems = [];
  for (const name of /** @type {const} */ (['input', 'backend'])) {
    if (typeof summary[name] !== 'string' || !summary[name]) problems.push(`${name} is not a name`);
  }
  for (const name of /** @type {const} */ (['n', 'd', 'T'])) {
    if (!(Number.isFinite(summary[name]) && summary[name] > 0))
      problems.push(`${name} is not a positive number`);
  }
  if (!Array.isArray(summary.runs)) return [...problems, 'runs is not an array'];
  const depths = summary.runs.map(({ depth }) => depth);
  if (depths.join() !== DEPTHS.join()) problems.push(`depths are ${depths.join()} and not ${DEPTHS.join()}`);
  for (const run of summary.runs) {
    for (const name of NUMBERS) {
      if (!Number.isFinite(run[name])) problems.push(`${name} at depth ${run.depth} is not a number`);
    }
    if (run.accuracy < 0 || run.accuracy > 1)
      problems.push(`accuracy at depth ${run.depth} is ${run.accuracy}`);
  }
  return problems;
}

/**
 * Where two runs on the same input differ by more than the precision of float32 explains.
 *
 * @param {Summary} first
 * @param {Summary} second
 * @returns {string[]}
 */
export function runProblems(first, second) {
  if (first.n !== second.n || first.d !== second.d) return ['the runs are of different inputs'];
  return first.runs.flatMap((run, i) => {
    const other = second.runs[i];
    const tolerances = { entropy: 1e-3 * Math.max(1, Math.abs(run.entropy)), accuracy: 0.01 };
    return /** @type {const} */ (['entropy', 'accuracy'])
      .filter((name) => !(Math.abs(run[name] - other[name]) <= tolerances[name]))
      .map(
        (name) =>
          `${name} at depth ${run.depth} is ${run[name]} on ${first.backend}, ${other[name]} on ${second.backend}`,
      );
  });
}
