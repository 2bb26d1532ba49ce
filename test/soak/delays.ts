// How long the event loop stands still during each call, at most: the processor time of the main thread from one turn to
// the next, so that a busy machine does not change it, or elsewhere than on Linux the time by the clock.
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as rf from '../../ts/index.js';
import type { Call } from './calls.js';

/** A call that takes longer is stopped: what holds the event loop does so from the beginning. */
const SECONDS = 3;

/** What a call may hold the event loop for, in milliseconds. */
const MOST = 20;

/** Nanoseconds that the main thread has run, and waited to run. */
const STATISTICS = `/proc/self/task/${process.pid}/schedstat`;

/** Milliseconds of work of the main thread so far. */
const worked = existsSync(STATISTICS)
  ? () => Number(readFileSync(STATISTICS, 'utf8').split(' ')[0]) / 1e6
  : () => performance.now();

/** Measures the longest turn of the event loop until it is stopped. */
function watchTurns(): { stop: () => number } {
  let longest = 0;
  let last = worked();
  let isWatching = true;
  const look = () => {
    const now = worked();
    longest = Math.max(longest, now - last);
    last = now;
    if (isWatching) setImmediate(look);
  };
  setImmediate(look);
  return {
    stop: () => {
      isWatching = false;
      return Math.max(longest, worked() - last);
    },
  };
}

/** `count` is how many seconds a call may take. Throws where one holds the event loop for long. */
export async function delays(count = SECONDS): Promise<string> {
  const long: string[] = [];
  let largest = 0;
  for (const [name, call] of Object.entries(await heavyCalls())) {
    await sleep(20);
    const start = performance.now();
    const turns = watchTurns();
    await call({ signal: AbortSignal.timeout(1000 * count) }).catch((error: unknown) => {
      if ((error as { code?: string }).code !== 'ABORTED') throw error;
    });
    await sleep(5);
    const turn = turns.stop();
    largest = Math.max(largest, turn);
    if (turn > MOST) long.push(name);
    const seconds = (performance.now() - start) / 1000;
    console.log(`${name.padEnd(26)} ${turn.toFixed(1).padStart(8)} ms of ${seconds.toFixed(2)} s`);
  }
  if (long.length > 0)
    throw new Error(`the event loop stood still for more than ${MOST} ms during ${long.join(', ')}`);
  return `the event loop stood still for ${largest.toFixed(1)} ms at most`;
}

/** Calls of a second or so. */
async function heavyCalls(): Promise<Record<string, Call>> {
  const { points, labels } = rf.twoMoons(20_000, { noise: 0.1, seed: 1 });
  const others = rf.twoMoons(20_000, { noise: 0.1, seed: 2 }).points;
  const few = rf.twoMoons(1000, { noise: 0.1, seed: 3 }).points;
  const image = rf.rasterise(rf.sheppLogan(), { shape: [256, 256], subsamples: 1 });
  const beam = { angles: rf.equalAngles(180), shape: [256, 256] as [number, number] };
  const sinogram = await rf.radonTransform(image, { angles: beam.angles });
  const moons = rf.smoothed({ points: few, variance: 0.05 });
  return {
    score: (o) => rf.score(points, others, { variance: 0.1, ...o }),
    sample: (o) => moons.sample(2_000_000, o),
    nearestNeighbourEntropy: (o) => rf.nearestNeighbourEntropy(points, { k: 3, ...o }),
    principalComponents: (o) =>
      rf.principalComponents(rf.zeros([2000, 600]), { count: 2, ...o }).catch(() => undefined),
    silhouette: (o) => rf.silhouette(points, labels, o),
    linearProbe: (o) => rf.linearProbe(points, labels, o),
    sinkhorn: (o) => rf.sinkhorn(few, few, { epsilon: 0.01, tolerance: 1e-9, ...o }),
    exactTransport: (o) => rf.exactTransport(few, rf.twoMoons(1000, { seed: 4 }).points, o),
    slicedWasserstein: (o) => rf.slicedWasserstein(points, others, { directions: 200, ...o }),
    maxSlicedWasserstein: (o) => rf.maxSlicedWasserstein(points, others, { directions: 20, ...o }),
    radonTransform: (o) => rf.radonTransform(image, { angles: rf.equalAngles(720), ...o }),
    filteredBackprojection: (o) => rf.filteredBackprojection(sinogram, { ...beam, ...o }),
    sart: (o) => rf.sart(sinogram, { ...beam, iterations: 2, ...o }),
    totalVariation: (o) => rf.totalVariation(sinogram, { ...beam, iterations: 10, weight: 0.1, ...o }),
    finiteRidgelet: (o) => rf.finiteRidgeletTransform(rf.zeros([257, 257]), o),
    denoiseByWavelets: (o) => rf.denoiseByWavelets(image, o),
    trainDae: (o) => rf.trainDae(few, { width: 64, noise: 0.1, epochs: 200, ...o }),
    fitDae: (o) => rf.fitDae(few, { width: 128, noise: 0.1, ...o }),
    transportCloud: (o) => rf.transportCloud(few, { T: 0.1, depth: 20, smoothing: 0.05, ...o }),
    integrate: (o) => rf.integrate(rf.scoreField(moons), few, { to: 0.5, track: { logDensity: true }, ...o }),
    diffuse: (o) => rf.diffuse(rf.scoreField(moons), few, { to: 0.5, step: 0.01, noise: 1, ...o }),
    jkoFlow: (o) =>
      rf.jkoFlow({ entropy: 1 }, rf.ndarray(few.data, [2000, 1]), { step: 0.1, steps: 20, ...o }),
    rectifiedFlow: (o) =>
      rf.rectifiedFlow(moons, rf.gaussian({ mean: [0, 0], variance: 1 }), {
        variance: 0.1,
        pairs: 200,
        ...o,
      }),
  };
}
