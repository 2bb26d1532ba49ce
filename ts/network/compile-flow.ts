import { type NdArray, checkPoints, dtypeOf } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger, checkSeed, partOf, tell } from '../core/options.js';
import { Pace } from '../core/pace.js';
import type { VelocityField } from '../field/field.js';
import type { TrajectoryTolerance } from '../flow/integrate.js';
import { integrate } from '../flow/integrate.js';
import { Flow } from '../flow/named/flow.js';
import { kernelsFor } from '../kernel/backend.js';
import type { Measure } from '../measure/measure.js';
import { type FitNetworkOptions, type NetworkFit, fitNetwork } from './fit.js';
import { type ResidualLayer, type ResidualNetwork, residualNetwork } from './residual-network.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link compileFlow}. */
export interface CompileFlowOptions
  extends
    CallOptions,
    Pick<FitNetworkOptions, 'activation' | 'scale' | 'units' | 'ridge' | 'heldOut' | 'solver'> {
  /** Number of layers, all of the same step. */
  depth: number;
  /** Units of each layer. */
  width: number;
  /** Where particles start: points, or a measure to draw them from. Default: the law of the flow at its start. */
  start?: NdArray | Measure;
  /** Points drawn from a measure. Default 2048. */
  samples?: number;
  /** Times, where a field is given instead of a flow. `from` defaults to 0. */
  from?: number;
  to?: number;
}

/** What {@link compileFlow} returns. */
export interface CompiledFlow {
  network: ResidualNetwork;
  /** How well each layer fits the field at its time. */
  layers: Pick<NetworkFit, 'training' | 'heldOut' | 'ridge'>[];
}

/**
 * The double continuum limit, discretised: a residual network whose forward pass follows a flow. Layer l is a shallow
 * network fitted, without gradient descent, to the velocity field at its time, on the points as the layers before it left
 * them; its step is the time between layers. The distance from the true trajectories falls as 1/depth, down to what the
 * width allows, which falls as the width grows.
 *
 * @param flow A flow, or a velocity field with `to` and `start`.
 * @throws INVALID_ARGUMENT, COLLAPSED where the flow ends before `to`, UNSUPPORTED where its law at the start is not known
 *   and no `start` is given; as fitNetwork. Time: depth times that of a fit and an evaluation of the field.
 *
 * Source: S. Sonoda, N. Murata, Transport analysis of infinitely deep neural network, JMLR 20 (2019), section 5.
 */
export async function compileFlow(
  flow: Flow | VelocityField,
  options: CompileFlowOptions,
): Promise<CompiledFlow> {
  checkCall(SIGNATURES.compileFlow, { flow, options });
  const { width, samples = 2048 } = options;
  const depth = checkInteger(options.depth, 'depth', 1, 1_000_000);
  checkInteger(width, 'width', 1);
  checkInteger(samples, 'samples', 2);
  const seed = checkSeed(options.seed);
  const { field, from, to } = timesOf(flow, options);
  const { signal, backend, dtype } = options;
  const call = { signal, backend, dtype, seed };
  let points = await startOf(flow, from, samples, options);
  const { activation, scale, units, ridge, heldOut, solver } = options;
  const step = (to - from) / depth;
  const layers: ResidualLayer[] = [];
  const fits: CompiledFlow['layers'] = [];
  const pace = new Pace({ signal }, depth);
  for (let l = 0; l < depth; l++) {
    await pace.tick(1);
    const t = from + l * step;
    const { velocity } = await field.evaluate(points, t, {}, call);
    const fit = await fitNetwork(
      { points, values: velocity },
      {
        ...partOf(options, l / depth, (l + 1) / depth),
        ...{ activation, scale, units, ridge, heldOut, solver, width },
        seed: (seed + l) % Number.MAX_SAFE_INTEGER,
      },
    );
    const { network, training, heldOut: error } = fit;
    layers.push({ network, step });
    fits.push({ training, heldOut: error, ridge: fit.ridge });
    points = await residualNetwork({ layers: [{ network, step }] }).evaluate(points, call);
  }
  await tell(options.onProgress, 1);
  return { network: residualNetwork({ layers, from }), layers: fits };
}

/** How far a network is from the flow it was compiled from. */
export interface FlowDistance {
  /** Of the layers' ends, the start included. */
  times: number[];
  /** Root mean square over points of the distance from the true trajectory, at each time. */
  rms: number[];
  /** The largest distance of a point, at each time. */
  max: number[];
}

/**
 * The distance of a network's forward pass from the trajectories of the flow, from the same points, which are integrated
 * to a tolerance.
 *
 * @param x0 n × d, where the particles are at the start.
 * @param options `tolerance` of the true trajectories: relative 1e-6 by default.
 * @throws As integrate.
 */
export async function distanceFromFlow(
  network: ResidualNetwork,
  flow: Flow | VelocityField,
  x0: NdArrayLike,
  options: CallOptions & { tolerance?: TrajectoryTolerance } = {},
): Promise<FlowDistance> {
  ({ x0 } = checkCall(SIGNATURES.distanceFromFlow, { network, flow, x0, options }));
  const field = flow instanceof Flow ? flow.field : flow;
  const { times, depth } = network;
  const { tolerance = { relative: 1e-6 }, ...call } = options;
  const { n, d } = checkPoints(x0, 'x0', { dimension: network.dimension });
  const found = await network.trajectory(x0, partOf(call, 0, 0.5));
  const { states } = await integrate(field, x0, {
    ...partOf(call, 0.5, 1),
    from: times[0],
    to: times[depth],
    saveAt: times.slice(1, depth),
    tolerance,
    maximumSteps: 100_000,
  });
  const [rms, max]: [number[], number[]] = [[], []];
  states.forEach(({ positions }, l) => {
    let [sum, most] = [0, 0];
    for (let i = 0; i < n; i++) {
      let square = 0;
      for (let c = i * d; c < (i + 1) * d; c++) square += (found[l].data[c] - positions.data[c]) ** 2;
      sum += square;
      most = Math.max(most, square);
    }
    rms.push(Math.sqrt(sum / n));
    max.push(Math.sqrt(most));
  });
  return { times: [...times], rms, max };
}

function timesOf(
  flow: Flow | VelocityField,
  options: CompileFlowOptions,
): { field: VelocityField; from: number; to: number } {
  const isFlow = flow instanceof Flow;
  const field = isFlow ? flow.field : flow;
  if (typeof field?.evaluate !== 'function')
    throw invalidArgument('flow', 'a flow or a velocity field', flow);
  const from = options.from ?? (isFlow ? flow.from : 0);
  const to = options.to ?? (isFlow ? flow.to : undefined);
  if (!Number.isFinite(from)) throw invalidArgument('from', 'a finite time', from);
  if (to === undefined || !Number.isFinite(to) || to === from)
    throw invalidArgument('to', `a finite time other than ${from}`, to);
  const end = to > from ? field.times.to : field.times.from;
  if (from > field.times.from && from < field.times.to && Math.sign(end - to) * Math.sign(to - from) >= 0) {
    return { field, from, to };
  }
  throw new RidgeflowError(
    'COLLAPSED',
    `The field exists only between times ${field.times.from} and ${field.times.to}, but was to be followed from ${from} to ${to}`,
    { details: { collapseTime: end, time: to } },
  );
}

async function startOf(
  flow: Flow | VelocityField,
  from: number,
  samples: number,
  options: CompileFlowOptions,
): Promise<NdArray> {
  const { start, signal, backend, dtype, seed } = options;
  const isMeasure = typeof start === 'object' && 'sample' in start;
  if (start !== undefined && !isMeasure) {
    checkPoints(start, 'start', { minimum: 2 });
    await kernelsFor(options, dtype ?? dtypeOf(start));
    return start;
  }
  const measure = isMeasure ? start : flow instanceof Flow ? flow.law(from) : undefined;
  if (!measure) throw invalidArgument('start', 'points or a measure, where a field is given', start);
  return measure.sample(samples, { signal, backend, dtype, seed });
}
