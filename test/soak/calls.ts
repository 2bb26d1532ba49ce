// Calls of every kind on little data: enough to leave the event loop, few enough for thousands of them.
import * as rf from '../../ts/index.js';

export type Call = (options: rf.CallOptions) => Promise<unknown>;

const { points, labels } = rf.twoMoons(400, { noise: 0.1, seed: 1 });
const others = rf.twoMoons(300, { noise: 0.1, seed: 2 }).points;
const few = rf.twoMoons(60, { noise: 0.1, seed: 3 }).points;
const image = rf.rasterise(rf.sheppLogan(), { shape: [32, 32] });
const beam = { angles: rf.equalAngles(24), shape: [32, 32] as [number, number] };
const sinogram = await rf.radonTransform(image, { angles: beam.angles });
const moons = rf.smoothed({ points, variance: 0.05 });
const training = { width: 16, noise: 0.1, epochs: 2, batch: 32 };

/** Each gives the same bits with the same options, whatever else runs. */
export const CALLS: Readonly<Record<string, Call>> = {
  score: (o) => rf.score(points, others, { variance: 0.1, ...o }),
  nearestNeighbours: (o) => rf.nearestNeighbours(points, others, { k: 5, ...o }),
  nearestNeighbourEntropy: (o) => rf.nearestNeighbourEntropy(points, { k: 3, ...o }),
  kernelEntropy: (o) => rf.kernelEntropy(points, o),
  principalComponents: (o) => rf.principalComponents(points, { count: 2, ...o }),
  linearProbe: (o) => rf.linearProbe(points, labels, o),
  maximumMeanDiscrepancy: (o) => rf.maximumMeanDiscrepancy(points, others, { variance: 0.1, ...o }),
  sinkhorn: (o) => rf.sinkhorn(points, others, { epsilon: 0.05, ...o }),
  sinkhornDivergence: (o) => rf.sinkhornDivergence(few, others, { epsilon: 0.1, ...o }),
  exactTransport: (o) => rf.exactTransport(points, others, o),
  assignment: (o) => rf.exactTransport(few, few, { method: 'assignment', ...o }),
  slicedWasserstein: (o) => rf.slicedWasserstein(points, others, { directions: 50, ...o }),
  radonTransform: (o) => rf.radonTransform(image, { angles: beam.angles, ...o }),
  filteredBackprojection: (o) => rf.filteredBackprojection(sinogram, { ...beam, ...o }),
  sart: (o) => rf.sart(sinogram, { ...beam, iterations: 2, ...o }),
  trainDae: (o) => rf.trainDae(few, { ...training, ...o }),
  fitDae: (o) => rf.fitDae(few, { width: 16, noise: 0.1, ...o }),
  transportCloud: (o) => rf.transportCloud(few, { T: 0.1, depth: 3, smoothing: 0.05, ...o }),
  integrate: (o) => rf.integrate(rf.scoreField(moons), few, { to: 0.1, ...o }),
  diffuse: (o) => rf.diffuse(rf.scoreField(moons), few, { to: 0.1, step: 0.02, noise: 1, ...o }),
  sample: (o) => moons.sample(500, o),
};
