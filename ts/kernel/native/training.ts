import { dtypeOf, type FloatData } from '../../core/array.js';
import type { RunControl } from '../contract.js';
import type { DenseLayer, NetworkProblem, TrainingKernels } from '../contract/training.js';
import type { Addon } from './addon.js';
import { withControl } from './control.js';

/** The fields that bindings/training.cpp reads of a problem. */
function fieldsOf({ layers, parameters, points, targets, order, noise }: NetworkProblem) {
  return {
    depth: layers.length,
    layers: Int32Array.from(layers.flatMap(numbersOf)),
    parameters,
    points: points.data,
    n: points.rows,
    targets: targets?.data,
    order,
    count: order.length,
    noise: 0,
    ...(noise && { ...noise.stream.words, ...noiseFields(noise, parameters) }),
  };
}

function numbersOf({ inputs, outputs, activation, skipFrom = -1, tiedTo = -1 }: DenseLayer): number[] {
  return [inputs, outputs, activation?.code ?? -1, activation?.order ?? 0, skipFrom, tiedTo];
}

function noiseFields({ model }: NonNullable<NetworkProblem['noise']>, parameters: FloatData) {
  switch (model.kind) {
    case 'gaussian':
      return { noise: 1, noiseScale: model.scale };
    case 'factor': {
      const { factor } = model;
      const same = dtypeOf({ data: factor }) === dtypeOf({ data: parameters });
      return { noise: 2, factor: same ? factor : Float32Array.from(factor) };
    }
    case 'masking':
      return { noise: 3, noiseScale: model.threshold };
  }
}

/** Training on the addon. */
export function trainingKernels(addon: Addon): TrainingKernels {
  return {
    async trainNetwork(problem, run) {
      const { optimiser, moments, batch, step } = problem;
      const loss = new Float64Array(1);
      const adam = optimiser.kind === 'adam';
      await withControl(run, (control) =>
        addon.trainNetwork({
          ...fieldsOf(problem),
          moments,
          batch,
          step,
          adam,
          rate: optimiser.rate,
          beta1: adam ? optimiser.beta1 : optimiser.momentum,
          beta2: adam ? optimiser.beta2 : 0,
          epsilon: adam ? optimiser.epsilon : 0,
          loss,
          control,
        }),
      );
      return loss[0];
    },
    networkLoss: (problem, run) => networkLoss(addon, problem, run),
  };
}

/**
 * {@link TrainingKernels.networkLoss}; with `places`, one for each row of the order, row i takes its noise from
 * places[i]·d on in the stream: rows of a longer order, which ranks share out.
 */
export async function networkLoss(
  addon: Addon,
  problem: NetworkProblem & { gradient?: FloatData },
  run?: RunControl,
  places?: Int32Array,
): Promise<number> {
  const loss = new Float64Array(1);
  const { gradient } = problem;
  await withControl(run, (control) =>
    addon.networkLoss({ ...fieldsOf(problem), places, gradient, loss, control }),
  );
  return loss[0];
}
