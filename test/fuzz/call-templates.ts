import type { NdArray } from '../../ts/core/array.js';
import { RandomStream } from '../../ts/core/random.js';
import { transportCloud, trainDae } from '../../ts/dae/index.js';
import {
  kernelEntropy,
  mutualInformation,
  nearestNeighbourEntropy,
  nearestNeighbours,
} from '../../ts/entropy/index.js';
import { linearField } from '../../ts/field/index.js';
import { integrate } from '../../ts/flow/index.js';
import { type Addon, loadAddon } from '../../ts/kernel/native/addon.js';
import { loadNative } from '../../ts/kernel/native/index.js';
import { networkLoss } from '../../ts/kernel/native/training.js';
import { principalComponents } from '../../ts/linalg/index.js';
import { gaussian, smoothed, twoMoons } from '../../ts/measure/index.js';
import * as radon from '../../ts/radon/index.js';
import { linearProbe, separability } from '../../ts/representation/index.js';
import * as ridgelet from '../../ts/ridgelet/index.js';
import * as transport from '../../ts/transport/index.js';

/** A call of the addon as the library makes it: the function and what it is given. */
export interface CallTemplate {
  name: string;
  argument: unknown;
}

/** Runs a bit of everything on the native backend, and gives the first call of every function of the addon. */
export async function recordCalls(): Promise<CallTemplate[]> {
  const addon = loadAddon() as unknown as Record<string, (argument: unknown) => unknown>;
  const found = new Map<string, unknown>();
  const originals = Object.entries(addon).filter(([, value]) => typeof value === 'function');
  for (const [name, original] of originals) {
    addon[name] = (argument: unknown) => {
      if (!found.has(name)) found.set(name, structuredClone(argument));
      return original.call(addon, argument);
    };
  }
  try {
    await aBitOfEverything();
  } finally {
    for (const [name, original] of originals) addon[name] = original;
  }
  return [...found].map(([name, argument]) => ({ name, argument }));
}

/** The functions of the addon that compute. */
export function computing(): (keyof Addon)[] {
  const settings = ['info', 'setThreads', 'setSimd', 'gemmRate', 'peaks'];
  return (Object.keys(loadAddon()) as (keyof Addon)[]).filter((name) => !settings.includes(name));
}

async function aBitOfEverything(): Promise<void> {
  const on = { backend: 'native' } as const;
  const { points, labels } = twoMoons(24, { noise: 0.1 });
  const other = twoMoons(17, { noise: 0.1, seed: 5 }).points;

  // Densities, flows, distances, information.
  const cloud = smoothed({ points, variance: 0.1 });
  await cloud.evaluate(other, { logDensity: true, score: true }, on);
  await transportCloud(points, { depth: 2, T: 0.1, smoothing: 0.2, ...on });
  await integrate(linearField({ matrix: -1 }), points, { from: 0, to: 1, ...on });
  await gaussian({ mean: [0, 0], covariance: [[2, 1], [1, 2]] }).sample(9, { ...on }); // prettier-ignore
  await nearestNeighbours(other, points, { k: 3, ...on });
  await nearestNeighbourEntropy(points, on);
  await kernelEntropy(points, on);
  await mutualInformation(columnOf(points, 0), columnOf(points, 1), on);
  await principalComponents(points, { count: 2, ...on });
  await separability(points, labels, on);
  await linearProbe(points, labels, on);
  const layers = [{ inputs: 2, outputs: 2 }];
  const fit = {
    layers,
    parameters: new Float32Array(6),
    points: { data: Float32Array.from(points.data), rows: 24, columns: 2 },
    order: Int32Array.of(3, 1, 4),
    noise: { model: { kind: 'gaussian', scale: 0.1 }, stream: new RandomStream(1, 'noise') },
  } as const;
  await networkLoss(loadAddon(), fit, undefined, Int32Array.of(0, 1, 5));
  const earlyStopping = { heldOut: 0.25, patience: 1 };
  const { network } = await trainDae(points, {
    width: 3,
    noise: 0.1,
    epochs: 2,
    batch: 8,
    earlyStopping,
    ...on,
  });
  await network.jacobianVector(points, points, on);
  await network.divergence(points, on);

  // Transport.
  const costs = { data: Float64Array.from({ length: 20 }, (_, i) => (i * 7) % 11), shape: [4, 5] };
  await transport.exactTransport(points, other, on);
  await transport.exactTransport(points, twoMoons(24, { seed: 7 }).points, on);
  await transport.exactTransportMatrix(costs, on);
  const plan = await transport.sinkhorn(points, other, { epsilon: 0.1, cost: 'euclidean', ...on });
  await plan.rows(0, 4);
  await plan.transportCost();
  await plan.gradient();
  const matrix = await transport.sinkhornMatrix(costs, { epsilon: 1, ...on });
  await matrix.rows(0, 2);
  await matrix.transportCost();
  await transport.slicedWasserstein(points, other, { directions: 4, ...on });

  // What takes more than a small call to be reached.
  const kernels = loadNative();
  const matrixOf = ({ data, shape: [rows, columns] }: NdArray) => ({ data, rows, columns });
  const [queries, centres] = [matrixOf(other), matrixOf(points)];
  await kernels.assignment({ costs: Float64Array.of(1, 2, 3, 4), n: 2 });
  const [n, m, d] = [other.shape[0], points.shape[0], 2];
  const sums = { n, d, logs: new Float64Array(n).fill(-Infinity), meanSums: new Float64Array(n * d), traces: new Float64Array(n) }; // prettier-ignore
  const mean = Float32Array.from(other.data);
  const [parts, divergence] = [new Float64Array(2 * n).fill(0.5), new Float32Array(n)];
  await loadAddon().addScorePart({ ...sums, mean, parts });
  const [vectors, along, partProducts] = [0, 1, 2].map(() => new Float64Array(n * d).fill(0.5));
  const { logs, meanSums } = sums;
  await loadAddon().addCovariancePart({ n, d, vectors, logs: logs.slice(), meanSums, products: along, mean: vectors, parts, partProducts }); // prettier-ignore
  const near = {
    n,
    k: 3,
    distances: new Float32Array(3 * n).fill(0.5),
    indices: new Int32Array(3 * n).fill(-1),
  };
  const nearPart = { partK: 2, first: 24, partDistances: new Float32Array(2 * n), partIndices: new Int32Array(2 * n) }; // prettier-ignore
  await loadAddon().addNeighbourPart({ ...near, ...nearPart });
  await loadAddon().addSoftminPart({ n, minima: logs.slice(), part: new Float64Array(n), epsilon: 0.1 });
  await loadAddon().writeScoreSums({ ...sums, queries: queries.data, m, variance: 0.1, mean, divergence });
  await kernels.posteriorCovarianceProduct({ queries, vectors: queries, centres, variance: 0.1 });
  const places = Int32Array.of(0, ~1, 2, 0);
  await kernels.signedSums({ points: queries, places, each: 2, columns: 3, scale: 1 });

  // Projections and what comes back from them.
  const image = radon.rasterise(radon.sheppLogan(), { shape: [16, 16] });
  const volume = radon.rasterise(radon.sheppLogan({ dimension: 3 }), { shape: [6, 6, 6] });
  const angles = radon.equalAngles(12);
  const sinogram = await radon.radonTransform(image, { angles, ...on });
  await radon.filteredBackprojection(sinogram, { angles, shape: image.shape, ...on });
  const fan = { sourceDistance: 60, detectorDistance: 30, shape: image.shape, angles: radon.equalAngles(24, 2 * Math.PI) }; // prettier-ignore
  const projector = radon.fanBeamProjector(fan);
  const fanData = await projector.project(image, on);
  await projector.backproject(fanData, on);
  await radon.fanBeamFilteredBackprojection(fanData, { ...fan, ...on });
  const directions = radon.directionSet(5, 3, { kind: 'fibonacci' });
  const shape = volume.shape;
  for (const each of [
    radon.hyperplaneProjector({ directions, shape }),
    radon.xrayProjector({ directions, shape }),
  ])
    await each.backproject(await each.project(volume, on), on);
  const rays = radon.directionSet(4, 2, { kind: 'fibonacci' });
  await radon.projectCloud(points, { directions: rays, ...on });
  await radon.projectedExtents(points, { directions: rays, ...on });
  await radon.projectedDensity(points, { directions: rays, bins: { count: 8, spacing: 0.5 }, ...on });

  // Ridgelets.
  const prime: NdArray = { data: Float32Array.from({ length: 25 }, (_, i) => i % 7), shape: [5, 5] };
  await ridgelet.finiteRadonTransform(prime, on);
  const pair = ridgelet.ridgeletPair('tanh', 2);
  const data = { points, values: points };
  await ridgelet.ridgeletTransformAlong(data, rays, { from: -2, count: 8, spacing: 0.5 }, { pair, ...on });
  await ridgelet.sampleRidgelet(data, 6, { pair, seed: 1, ...on });
}

function columnOf({ data, shape: [n, d] }: NdArray, k: number): NdArray {
  return { data: Float64Array.from({ length: n }, (_, i) => data[i * d + k]), shape: [n, 1] };
}
