// One small call of every function that the library exports, as its arguments: what tests of arguments, methods and
// results start from.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as rf from '../ts/index.js';
import { normals as singles, residualStream, writeGraphModel } from './network-models.js';
import { Random } from './reference/random.js';
import { kernels, scalarSystem, vector } from './reference/flow.js';

/** What an exported function is called with; the last argument is its options, where it has some. */
export type ValidCalls = Readonly<Record<string, readonly unknown[]>>;

type Named<T> = { [K in keyof T]: T[K] extends (...values: infer A) => unknown ? Readonly<A> : never };

const normals = (rows: number, columns: number, seed = 1) =>
  rf.ndarray(new Random(seed).normals(rows * columns), [rows, columns], 'float64');

/** Files of these calls lie in `folder`, which they may write to. */
export async function validCalls(folder: string): Promise<ValidCalls> {
  const [a, b] = [normals(8, 2), normals(9, 2, 2)];
  const [line, column] = [normals(8, 1), normals(8, 1, 3)];
  const labels = Int32Array.from({ length: 8 }, (_, i) => i % 2);
  const costs = { ...normals(4, 4, 5), data: normals(4, 4, 5).data.map(Math.abs) };
  const law = rf.gaussian({ mean: [0, 0], variance: 1 });
  const other = rf.gaussian({ mean: [1, 0], covariance: [[2, 1], [1, 2]] }); // prettier-ignore
  const mixture = rf.gaussianMixture({ weights: [0.5, 0.5], means: [[0, 0], [2, 1]], variances: [1, 0.5] }); // prettier-ignore
  const pull = rf.linearField({ matrix: -1 });
  const beam = { angles: rf.equalAngles(4), shape: [6, 6] as [number, number] };
  const image = normals(6, 6);
  const sinogram = await rf.radonTransform(image, { angles: beam.angles });
  const fan = { ...beam, angles: rf.equalAngles(8, 2 * Math.PI), sourceDistance: 20, detectorDistance: 20 };
  const fanData = await rf.fanBeamProjector(fan).project(image);
  const stackedSinogram = {
    data: Float64Array.from(
      { length: 2 * sinogram.data.length },
      (_, i) => sinogram.data[i % sinogram.data.length],
    ),
    shape: [4, 2, sinogram.shape[1]],
  };
  const directions = rf.directionSet(4, 2, { dtype: 'float64' });
  const volume = { shape: [4, 4, 4] as [number, number, number], directions: rf.directionSet(3, 3) };
  const hyperplanes = { shape: [6, 6], directions };
  const slices = await rf.hyperplaneProjector(hyperplanes).project(image);
  const training = { width: 2, epochs: 2, noise: 0.1 };
  const layers = { width: 2, epochs: 2, layers: 2, T: 0.1 };
  const stack = { widths: 2, epochs: 2, layers: 2, T: 0.1 };
  const dae = await rf.trainDae(a, training);
  const target = { points: a, values: line };
  const pair = rf.ridgeletPair('relu', 2);
  const units = { a: normals(5, 2, 6), b: rf.ndarray(new Random(7).normals(5), [5], 'float64') };
  const grid = { a: [axis(), axis()], b: axis() };
  const coefficients = {
    ...units,
    coefficients: normals(5, 1, 8),
    weights: { data: new Float64Array(5).fill(0.2), shape: [5] },
  };
  const { network } = await rf.fitNetwork(target, { width: 4 });
  const flow = rf.heatFlow(law, { to: 1 });
  const compiled = await rf.compileFlow(flow, { width: 4, depth: 2, samples: 50 });
  const files = Object.fromEntries(
    [
      'a.npy',
      'a.npz',
      'a.png',
      'a.safetensors',
      'dae',
      'net.onnx',
      'layers',
      'dae-layers',
      'dae.onnx',
      'a.txt',
      'made',
    ].map((name) => [name, join(folder, name)]),
  );
  await rf.writeNpy(files['a.npy'], a);
  await rf.writeNpz(files['a.npz'], { a });
  await rf.writePng(files['a.png'], image);
  await rf.writeSafetensors(files['a.safetensors'], { a });
  await rf.writeDae(files.dae, dae);
  await rf.writeNetworkOnnx(files['net.onnx'], network);
  await rf.writeLayersModel(files.layers, network);
  await rf.writeDaeLayersModel(files['dae-layers'], dae);
  await mkdir(join(folder, 'graph'), { recursive: true });
  await writeGraphModel(join(folder, 'graph'), singles(2, 3));
  const model = await rf.openModel(join(folder, 'graph'));
  const network2 = residualStream(2, 2);
  const blocks = await rf.analyseBlocks([network2], a);
  await rf.writeLayersModel(join(folder, 'stream'), network2);
  const stream = await rf.openModel(join(folder, 'stream'));
  const trajectory = await rf.integrate(pull, a, { to: 1, saveAt: [0.5], track: { action: true } });
  const ball = [{ centre: [0, 0], semiAxes: [1, 2] }];
  const calls: Partial<Named<typeof rf>> = {
    activation: ['relu'],
    alignmentMatrix: [await rf.openActivations(model, singles(12, 2)), undefined, {}],
    analyseAttention: [model, singles(12, 2), {}],
    analyseBlocks: [[network2], a, {}],
    analyseStreams: [stream, singles(12, 2), {}],
    analyseNetwork: [model, singles(12, 2), {}],
    asCloud: [a, {}],
    attentionLayers: [model],
    availableBackends: [],
    axialDirections: [[0, 1]],
    backproject: [sinogram, beam],
    backwardHeatField: [law],
    blockByDifferences: [async (x) => x, { shape: [2], spread: 1 }],
    blockDerivatives: [async (x) => x, a, { shape: [2], spread: 1 }, {}],
    centredKernelAlignment: [a, a, {}],
    cgls: [sinogram, { ...beam, iterations: 2 }],
    checkerboard: [5, {}],
    characterOf: [blocks.blocks[0]],
    chooseByFolds: [target, { widths: [2, 3], folds: 2 }],
    chooseLayers: [model, ['*']],
    circleTransport: [[0.1, 0.2], [0.3, 0.5], {}], // prettier-ignore
    circles: [5, {}],
    collapse: [0.1, {}],
    compareDepths: [a, { T: 0.1, depths: [1], smoothing: 0.5 }],
    compareStacking: [a, { ...stack, widths: [2] }],
    compareWithSpectrum: [network, target, { positions: units }],
    compileFlow: [flow, { width: 4, depth: 2, samples: 50 }],
    composedDae: [law, { layers: 2, T: 0.1 }],
    continuousDae: [mixture, { to: 0.1 }],
    continuousDaeFlow: [law, { to: 0.1 }],
    daeMap: [mixture, { noise: 0.1 }],
    defaultNoise: [0.1],
    defaultSmoothing: [a, {}],
    denoiseByRidgelets: [image, { block: 3 }],
    denoiseByWavelets: [image, {}],
    diffuse: [pull, a, { to: 1, step: 0.5, noise: 0.1 }],
    dilated: [law, { scale: 2 }],
    directionSet: [4, 2, {}],
    displacementInterpolation: [a, b, 0.5, (await rf.exactTransport(a, b)).plan],
    distanceFromFlow: [compiled.network, flow, a, {}],
    distributed: [{}],
    dualRidgeletTransform: [a, coefficients, { activation: 'relu' }],
    effectiveRank: [a, {}],
    empirical: [{ points: a }],
    ensureOutputFolder: [files.made],
    entropicJkoFlow: [
      { entropy: 1 },
      line,
      new Float64Array(8).fill(1 / 8),
      { step: 0.1, steps: 1, epsilon: 1 },
    ],
    entropyFromDistances: [Float64Array.of(1, 2, 3), { d: 2, n: 3, k: 1, stride: 1 }],
    equalAngles: [4],
    errorByWidth: [target, { widths: [2, 3] }],
    exactTransport: [a, b, {}],
    exactTransportMatrix: [costs, {}],
    fanBeamFilteredBackprojection: [fanData, fan],
    fanBeamLines: [fan],
    fanBeamProjector: [fan],
    fieldFromFunction: [(x) => x, { jacobianVector: (_x, _t, u) => u }],
    filteredBackprojection: [sinogram, beam],
    filteredBackprojectionSlices: [stackedSinogram, { ...beam, shape: [2, 6, 6] }],
    fineTune: [await rf.trainComposedDae(a, layers), a, { epochs: 1, noise: 0.1 }],
    finiteRadonTransform: [normals(5, 5), {}],
    finiteRidgeletTransform: [normals(5, 5), {}],
    fisherInformation: [normals(60, 2), {}],
    fisherRatio: [a, labels, {}],
    fitComposedDae: [a, { width: 2, layers: 2, T: 0.1 }],
    fitDae: [a, { width: 2, noise: 0.1 }],
    fitError: [network, target, {}],
    fitNetwork: [target, { width: 4 }],
    fitStackedDae: [a, { widths: 2, layers: 2, T: 0.1 }],
    fixedSupportBarycentre: [a, [new Float64Array(8).fill(1 / 8)], { epsilon: 1 }],
    flowMatching: [law, mixture],
    flowSpectra: [flow, { times: [0.5], positions: units, samples: 20 }],
    fokkerPlanckFlow: [{ law: () => law, potential: quadratic(), to: 1 }],
    frechetDistance: [a, b, {}],
    freeEnergyFlow: [{ entropy: 1 }, { to: 0.01 }],
    freeSupportBarycentre: [[a, a], {}],
    functionOnGrid: [image, { from: [0, 0], spacing: 1 }],
    gaussian: [{ mean: [0, 0], variance: 1 }],
    gaussianBarycentre: [[law, other], {}],
    gaussianEntropy: [a, {}],
    gaussianGeodesic: [law, other, 0.5, {}],
    gaussianGrid: [5, {}],
    gaussianMixture: [{ weights: [1], means: [[0, 0]], variances: [1] }],
    gaussianMixtureWasserstein: [mixture, mixture, {}],
    gaussianWasserstein: [law, other, {}],
    gradientField: [quadratic(), {}],
    heatField: [law],
    heatFlow: [law, { to: 1 }],
    heatSlices: [sinogram, { time: 0.1, spacing: 1 }],
    hyperplaneProjector: [hyperplanes],
    hyperplanesOf: [{ ...hyperplanes, detector: { count: 10 } }],
    integrate: [pull, a, { to: 1, dense: true }],
    integrateEllipsoids: [[{ centre: [0, 0, 0], semiAxes: [1, 1, 1] }], rf.xrayLines(volume)],
    integrateMixture: [mixture, rf.fanBeamLines(fan)],
    interpolateAlongMap: [a, a, 0.5],
    inverseFiniteRadonTransform: [await rf.finiteRadonTransform(normals(5, 5)), {}],
    inverseFiniteRidgeletTransform: [await rf.finiteRidgeletTransform(normals(5, 5)), {}],
    inverseRadonTransform: [slices, { shape: [6, 6], directions }],
    jitter: [a, { width: 0.1 }],
    jkoFlow: [{ entropy: 1 }, line, { step: 0.01, steps: 1 }],
    kernelEntropy: [a, {}],
    kernelFlow: [law, { variance: 1, to: 0.1 }],
    klDivergence: [a, b, {}],
    langevin: [law, { step: 0.1, steps: 2 }],
    laplaceNoise: [{ scale: 1 }],
    lawOf: [rf.variancePreserving(), law, 0.5],
    layerSeparation: [await rf.trainStackedDae(a, stack), a, labels, {}],
    leavingBall: [[0, 0], 2, {}],
    lineTransport: [[0.1, 0.2], [0.3, 0.5], {}], // prettier-ignore
    linearField: [{ matrix: -1 }],
    linearProbe: [a, labels, { folds: 2 }],
    lyapunovExponents: [[network2], a, { count: 1 }],
    localStretch: [rf.ndarray(new Random(3).normals(8), [2, 2, 2], 'float64'), {}],
    mapRows: [(rows) => rows],
    maxSlicedWasserstein: [a, b, { directions: 2, maximumIterations: 2 }],
    maximumLikelihoodDimension: [normals(30, 2), { k: 5 }],
    maximumMeanDiscrepancy: [a, b, { variance: 1 }],
    medianSquaredDistance: [a, {}],
    metropolisAdjustedLangevin: [law, { step: 0.1, steps: 2 }],
    mutualInformation: [line, column, {}],
    ndarray: [[1, 2]],
    nearestNeighbourAccuracy: [a, labels, { k: 1 }],
    nearestNeighbourEntropy: [a, {}],
    nearestNeighbours: [a, b, { k: 1 }],
    neighbourRows: [a, { k: 1 }],
    noiseFromDensity: [{ logDensity: ({ shape }) => new Float64Array(shape[0]) }],
    normalisedReconstruction: [a, coefficients, normals(5, 1, 9), { activation: 'relu' }],
    openActivations: [model, singles(12, 2), {}],
    openModel: [join(folder, 'graph'), {}],
    oracleUnits: [a, line, { width: 3 }],
    ornsteinUhlenbeck: [{}],
    ornsteinUhlenbeckFlow: [law, {}],
    pairUnits: [a, { width: 3 }],
    pairedFlowMatching: [{ from: a, to: normals(8, 2, 4), variance: 0.1 }],
    parallelBeamProjector: [beam],
    principalComponents: [a, { count: 1 }],
    probabilityFlow: [rf.variancePreserving(), mixture, {}],
    projectBall: [{ centre: [0, 0], radius: 1 }, rf.raysOf({ ...beam, detector: { count: 10 } })],
    projectCloud: [a, { directions }],
    projectEllipsoids: [ball, rf.raysOf(beam)],
    projectMixture: [mixture, rf.raysOf(beam)],
    projectRows: [directions],
    projectedDensity: [a, { directions, bins: { count: 4, spacing: 3 } }],
    projectedExtents: [a, { directions }],
    radonTransform: [image, { angles: beam.angles }],
    randomUnits: [a, { width: 3 }],
    rasterise: [ball, { shape: [6, 6] }],
    raysOf: [beam],
    readCloud: [files['a.npy'], {}],
    readDae: [files.dae, {}],
    readDaeLayersModel: [files['dae-layers']],
    readLayersModel: [files.layers],
    readNetworkOnnx: [files['net.onnx']],
    readNpy: [files['a.npy'], {}],
    readNpz: [files['a.npz'], {}],
    readPng: [files['a.png'], {}],
    readRows: [files['a.npy'], {}],
    readSafetensors: [files['a.safetensors'], {}],
    recordBatches: [{}],
    rectifiedFlow: [law, mixture, { variance: 0.1, pairs: 8, rounds: 1, step: { steps: 2 } }],
    renyiDivergence: [a, b, { order: 0.5 }],
    residualStreams: [model],
    residualNetwork: [{ layers: residualStream(2, 2).layers }],
    reverseDiffusion: [rf.variancePreserving(), mixture, {}],
    ridgeletPair: ['relu', 2, {}],
    ridgeletTransform: [target, units, { pair }],
    ridgeletTransformAlong: [target, units.a, axis(), { pair }],
    ridgeletTransformOfMeasure: [mixture, units, { pair }],
    ridgeletTransformOnGrid: [target, grid, { pair }],
    sCurve: [5, {}],
    sampleRidgelet: [target, 3, { pair }],
    sampleSpectrum: [await rf.ridgeletTransformOnGrid(target, grid, { pair }), 3, {}],
    sart: [sinogram, { ...beam, iterations: 2 }],
    scaled: [pull, 2],
    score: [a, b, { variance: 1 }],
    scoreRows: [a, { variance: 1 }],
    scoreField: [mixture, {}],
    separability: [a, labels, {}],
    shallowNetwork: [{ activation: 'relu', A: network.A, b: network.b, C: network.C }],
    sheppLogan: [{}],
    shufflePairs: [a, {}],
    silhouette: [a, labels, {}],
    sinkhorn: [a, b, { epsilon: 1 }],
    sinkhornDivergence: [a, b, { epsilon: 1, gradient: true }],
    sinkhornDivergenceFlow: [b, { epsilon: 1, to: 0.1 }],
    sinkhornMatrix: [costs, { epsilon: 1 }],
    sirt: [sinogram, { ...beam, iterations: 2 }],
    slicedWasserstein: [a, b, { directions: 2 }],
    slicedWassersteinFlow: [a, { to: 0.1, step: 0.1, directions: 2 }],
    smoothed: [{ points: a, variance: 0.5 }],
    solve: [scalarSystem((t, y) => t - y), [vector(1)], { from: 0, to: 1, kernels, dense: true }],
    spectrumSlice: [network, target, { size: 4 }],
    standardise: [a, {}],
    steinVariationalGradientDescent: [law, { to: 0.1 }],
    streamVerdict: [blocks.blocks],
    straightness: [trajectory, 1],
    sumOf: [pull, pull],
    swissRoll: [5, {}],
    timeReversed: [pull, {}],
    toArrow: [a, {}],
    toTensor: [a],
    totalVariation: [sinogram, { ...beam, iterations: 2, weight: 0.1 }],
    trainComposedDae: [a, layers],
    trainDae: [a, training],
    trainNetwork: [target, { width: 2, steps: 2, optimiser: { kind: 'sgd', rate: 0.1 } }],
    trainStackedDae: [a, stack],
    trajectoryDistance: [[a, a], [a, a], {}], // prettier-ignore
    trajectoryInformation: [trajectory, {}],
    transportCloud: [a, { T: 0.1, depth: 1, smoothing: 0.5 }],
    transportMap: [dae, {}],
    twoMoons: [5, {}],
    twoNearestNeighbourDimension: [normals(30, 2), {}],
    uniformBallNoise: [{ radius: 1 }],
    uniformDirections: [2, 2, 0, 'float32'],
    unitFlow: [a, { noise: 0.1 }],
    unitsOfGrid: [grid, {}],
    varianceExploding: [{ maximum: 10 }],
    variancePreserving: [{}],
    writeAtomic: [files['a.txt'], async (write) => void write, {}],
    writeDae: [`${files.dae}2`, dae, {}],
    writeDaeLayersModel: [`${files['dae-layers']}2`, dae, {}],
    writeDaeOnnx: [files['dae.onnx'], dae, {}],
    writeLayersModel: [`${files.layers}2`, network, {}],
    writeNetworkOnnx: [`${files['net.onnx']}2.onnx`, network, {}],
    writeNpy: [`${files['a.npy']}2.npy`, a, {}],
    writeNpz: [`${files['a.npz']}2.npz`, { a }, {}],
    writePng: [`${files['a.png']}2.png`, image, undefined, {}],
    writeSafetensors: [`${files['a.safetensors']}2.safetensors`, { a }, {}],
    writeTextAtomic: [files['a.txt'], 'text', {}],
    xrayLines: [volume],
    xrayProjector: [volume],
    zeros: [[2, 2]],
  };
  return calls as ValidCalls;
}

function axis() {
  return { from: -1, spacing: 0.5, count: 5 };
}

/** |x|²/2, as a potential. */
function quadratic(): rf.Potential {
  return { gradient: (x) => x, hessianVector: (_x, _t, u) => u };
}
