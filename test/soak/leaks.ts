// So many calls of each kind, and as many aborts: memory does not grow with them.
import { setImmediate as turn } from 'node:timers/promises';
import { CALLS, type Call } from './calls.js';

/** How often memory is looked at in a run; the first third is a warm-up. */
const LOOKS = 12;

/** What a call may seem to leave, in bytes: code and caches that still grow are spread over the calls of a run. */
const ALLOWED = {
  /** Of objects and arrays: what lives after a collection is known to the byte. */
  JavaScript: (count: number) => 500 + 4e5 / count,
  /** Of the process beside V8's heap, which the allocator has in pages. */
  native: (count: number) => 300 + 1.5e6 / count,
};

type Part = keyof typeof ALLOWED;
const PARTS = Object.keys(ALLOWED) as Part[];

export async function leaks(count: number): Promise<string> {
  const slopes: { name: string; part: Part; bytes: number }[] = [];
  for (const [kind, call] of Object.entries(CALLS)) {
    for (const [name, run] of [
      [kind, () => call({})],
      [`${kind}, aborted`, () => aborted(call)],
    ] as const) {
      const grown = await growth(count, run);
      if (PARTS.some((part) => grown[part] > ALLOWED[part](count))) {
        // A leak is there the second time too, and as large over more calls; what a compiler or a collector was late with
        // is not.
        const again = await growth(3 * count, run);
        for (const part of PARTS) grown[part] = Math.min(grown[part], again[part]);
      }
      for (const part of PARTS) slopes.push({ name, part, bytes: grown[part] });
    }
  }
  const leaking = slopes.filter(({ part, bytes }) => bytes > ALLOWED[part](count));
  const say = ({ name, part, bytes }: (typeof slopes)[number]) =>
    `${bytes.toFixed(0)} bytes of ${part} memory a call of ${name}`;
  if (leaking.length > 0) throw new Error(leaking.map(say).join('; '));
  const most = PARTS.map((one) =>
    slopes.filter(({ part }) => part === one).reduce((x, y) => (y.bytes > x.bytes ? y : x)),
  );
  return `${count} calls and ${count} aborts of ${Object.keys(CALLS).length} kinds; at most ${most.map(say).join(', ')}`;
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

/** Bytes by which each part of memory grows with a call. */
async function growth(count: number, call: () => Promise<unknown>): Promise<Record<Part, number>> {
  const looks: ({ at: number } & Record<Part, number>)[] = [];
  const each = Math.max(1, Math.floor(count / LOOKS));
  for (let look = 0; look < LOOKS; look++) {
    for (let i = 0; i < each; i++) await call();
    // What finalisers let go is collected the second time.
    for (let collection = 0; collection < 2; collection++) {
      await turn();
      gc!();
    }
    if (look < LOOKS / 3) continue;
    const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
    looks.push({ at: look * each, JavaScript: heapUsed + external, native: rss - heapTotal - external });
  }
  const slope = (part: Part) =>
    median(looks.flatMap((a, i) => looks.slice(i + 1).map((b) => (b[part] - a[part]) / (b.at - a.at))));
  return { JavaScript: slope('JavaScript'), native: slope('native') };
}

/** Of slopes between all pairs of looks it is a slope that one jump of a heap does not move (Theil and Sen). */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
