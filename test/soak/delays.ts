// How long the event loop stands still during each call, at most.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import * as rf from '../../ts/index.js';
import type { Call } from './calls.js';

export async function delays(): Promise<string> {
  const lines: string[] = [];
  for (const [name, call] of Object.entries(await heavyCalls())) {
    const monitor = monitorEventLoopDelay({ resolution: 1 });
    monitor.enable();
    await sleep(20);
    monitor.reset();
    const start = performance.now();
    await call({});
    const seconds = (performance.now() - start) / 1000;
    await sleep(5);
    monitor.disable();
    lines.push(
      `${name.padEnd(26)} ${(monitor.max / 1e6).toFixed(1).padStart(8)} ms of ${seconds.toFixed(2)} s`,
    );
  }
  return lines.join('\n');
}

/** Calls of a second or so. */
async function heavyCalls(): Promise<Record<string, Call>> {
  const { points, labels } = rf.twoMoons(20_000, { noise: 0.1, seed: 1 });
  const others = rf.twoMoons(20_000, { noise: 0.1, seed: 2 }).points;
  const few = rf.twoMoons(1000, { noise: 0.1, seed: 3 }).points;
  const image = rf.rasterize(rf.sheppLogan(), { shape: [256, 256], subsamples: 1 });
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
