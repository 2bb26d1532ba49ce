// So many calls of each kind, and as many aborts: memory does not grow with them.
import { setImmediate as turn } from 'node:timers/promises';
import { CALLS, type Call } from './calls.js';

/** How often memory is looked at in a run; the first third is a warm-up. */
const LOOKS = 12;
/** What a call may seem to leave, in bytes: caches, and what the allocator keeps, are spread over the calls of a run. */
const allowed = (count: number) => 300 + 3e7 / count;

export async function leaks(count: number): Promise<string> {
  const slopes: [string, number][] = [];
  for (const [name, call] of Object.entries(CALLS)) {
    slopes.push([name, await slope(count, () => call({}))]);
    slopes.push([`${name}, aborted`, await slope(count, () => aborted(call))]);
  }
  const leaking = slopes.filter(([, bytes]) => bytes > allowed(count));
  if (leaking.length > 0)
    throw new Error(leaking.map(([name, bytes]) => `${name}: ${bytes.toFixed(0)} bytes a call`).join('; '));
  const [worst, bytes] = slopes.reduce((a, b) => (b[1] > a[1] ? b : a));
  return `${count} calls and ${count} aborts of ${slopes.length / 2} kinds; most bytes a call: ${bytes.toFixed(0)} (${worst})`;
}

async function aborted(call: Call): Promise<void> {
  const controller = new AbortController();
  const running = call({ signal: controller.signal });
  await turn();
  controller.abort();
  await running.catch((error: { code?: string }) => {
    if (error.code !== 'ABORTED') throw error;
  });
}

/** Bytes by which the process grows with each call, by least squares. */
async function slope(count: number, call: () => Promise<unknown>): Promise<number> {
  const looks: [number, number][] = [];
  const each = Math.max(1, Math.floor(count / LOOKS));
  for (let look = 0; look < LOOKS; look++) {
    for (let i = 0; i < each; i++) await call();
    await turn();
    gc!();
    if (look >= LOOKS / 3) looks.push([look * each, process.memoryUsage().rss]);
  }
  const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [x, y] = [mean(looks.map(([at]) => at)), mean(looks.map(([, rss]) => rss))];
  const covariance = looks.reduce((sum, [at, rss]) => sum + (at - x) * (rss - y), 0);
  return covariance / looks.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
}
