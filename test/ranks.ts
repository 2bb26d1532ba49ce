// What tests of the command line over ranks share.

/** One thread for each rank, and no backend but the one that is asked for. */
export const env = { RIDGEFLOW_BACKEND: '', RIDGEFLOW_THREADS: '1' };

export type Numbers = Record<string, unknown>;

/**
 * Where two summaries differ: numbers by more than float32 sums in another order do, everything else at all; but not in what
 * a run says of itself.
 */
export function differing(found: unknown, expected: unknown, where: string, allowed = 2e-4): string[] {
  if (typeof found === 'number' && typeof expected === 'number')
    return Math.abs(found - expected) <= allowed * Math.max(1, Math.abs(expected))
      ? []
      : [`${where}: ${found}, not ${expected}`];
  if (typeof found !== 'object' || typeof expected !== 'object' || !found || !expected)
    return found === expected ? [] : [`${where}: ${String(found)}, not ${String(expected)}`];
  const names = new Set([...Object.keys(found), ...Object.keys(expected)]);
  for (const name of ['backend', 'ranks', 'seconds', 'command']) names.delete(name);
  return [...names].flatMap((name) =>
    differing((found as Numbers)[name], (expected as Numbers)[name], `${where}.${name}`, allowed),
  );
}
