import type { Tensor } from '@tensorflow/tfjs-core';
import { isKerasStore, renamedFromStore } from './keras-store.js';
import { RESET_AFTER } from './keras3.js';
import { KerasMasks, makerOf, paddingOf } from './keras-masks.js';
import { type LayerStep, LayerValue, stepsOf } from './layers-graph.js';
import { type ModelLayer, type ModelValue, computes } from './model.js';
import { registerResetAfterGru } from './reset-after-gru.js';
import type { TfjsFiles } from './tfjs-files.js';
import type { TfjsProgram } from './tfjs-network.js';
import { walkBack } from './walk-back.js';

/** Loads a LayersModel of TensorFlow.js, its topology as `toLayersFormat` gives it. */
export async function loadLayersProgram(files: TfjsFiles): Promise<TfjsProgram> {
  const tfl = await import('@tensorflow/tfjs-layers');
  const { topology, specs, weights } = files;
  const tf = await import('@tensorflow/tfjs-core');
  if (JSON.stringify(topology).includes(RESET_AFTER)) registerResetAfterGru(tfl, tf);
  const stored = isKerasStore(specs);
  const artifacts = {
    modelTopology: topology,
    ...(stored ? {} : { weightSpecs: specs as never, weightData: weights }),
  };
  const model = await tfl.loadLayersModel({ load: () => Promise.resolve(artifacts) });
  if (stored) {
    const named = tf.io.decodeWeights(weights, renamedFromStore(specs, topology, model.layers) as never);
    try {
      model.loadWeights(named);
    } finally {
      tf.dispose(named);
    }
  }
  // By the names of their layers: those of symbols are made unique in the process.
  const inputs = model.inputs.map(({ sourceLayer: { name }, shape, dtype }) => ({ name, shape, dtype }));
  const values = new Map(inputs.map(({ name }) => [name, new LayerValue()]));
  const steps = stepsOf(model, [...values.values()]);
  const masks = new KerasMasks(tf, steps, makerOf(topology));
  const given = new Map(inputs.map((input) => [values.get(input.name)!, input]));
  const padding = paddingOf(steps, given);
  const layers: ModelLayer[] = [];
  for (const { layer, outputs, name: path } of steps) {
    const kind = layer.getClassName().replace(/^ridgeflow>/, '');
    if (!computes(kind) || outputs.length === 0) continue;
    let name = path;
    for (let use = 2; values.has(name); use++) name = `${path} (${use})`;
    values.set(name, outputs[0]);
    const first = layer.getConfig().dataFormat === 'channelsFirst';
    layers.push({ name, kind, ...(first ? { channelAxis: 1 } : {}) });
  }
  return {
    format: 'tfjs-layers',
    unit: 'layer',
    inputs,
    ...(padding && { padding }),
    layers,
    leftOut: [],
    values: graphOf(steps, values),
    compute(given, names) {
      const known = new Map(Array.from(given, ([name, x]) => [values.get(name)!, x]));
      const wanted = names.map((name) => values.get(name)!);
      const found = valuesFrom(steps, known, new Set(wanted), masks);
      return wanted.map((value) => found.get(value)!);
    },
    follows: (from, to, others) => {
      const first = values.get(from)!;
      const last = values.get(to)!;
      const known = new Map(others.map((name) => [values.get(name)!, name]));
      const met = walkBack(last, first, (value) => (known.has(value) ? [] : value.step?.inputs));
      if (!met?.has(first)) return undefined;
      const between = steps.filter(({ outputs }) =>
        outputs.some((value) => value !== first && met.has(value)),
      );
      if (masks.isLost(first, between)) return undefined;
      return [...known].flatMap(([value, name]) => (met.has(value) ? [name] : []));
    },
    dispose: () => {
      // Models inside a model keep their weights where they are used more than once.
      const weights = model.weights.map((weight) => weight.read());
      model.dispose();
      for (const weight of weights) if (!weight.isDisposed) weight.dispose();
    },
  };
}

/** Every value, by the name of its layer; others by their layer and number. */
function graphOf(steps: readonly LayerStep[], layers: ReadonlyMap<string, LayerValue>): ModelValue[] {
  const names = new Map(Array.from(layers, ([name, value]) => [value, name]));
  const made = new Set(steps.flatMap(({ outputs }) => outputs));
  const values: ModelValue[] = [];
  for (const [value, name] of names)
    if (!made.has(value)) values.push({ name, kind: 'Input', path: name, inputs: [] });
  for (const { layer, inputs, outputs, name: path } of steps) {
    const from = [...new Set(inputs.map((value) => names.get(value)!))];
    const kind = layer.getClassName();
    outputs.forEach((value, i) => {
      const name = names.get(value) ?? `${path}:${values.length}:${i}`;
      names.set(value, name);
      values.push({ name, kind, path, inputs: from });
    });
  }
  return values;
}

/** Follows the steps with some values given, as far as the values need that are wanted; others go when they are used up. */
function valuesFrom(
  steps: readonly LayerStep[],
  given: ReadonlyMap<LayerValue, Tensor>,
  wanted: ReadonlySet<LayerValue>,
  masks: KerasMasks,
): ReadonlyMap<LayerValue, Tensor> {
  const values = new Map(given);
  const needed = neededSteps(steps, given, wanted);
  // Some layers hand the very tensor on that they are given.
  const uses = new Map<Tensor, number>();
  const left = new Map<LayerValue, number>();
  for (const { inputs } of needed) for (const input of inputs) left.set(input, (left.get(input) ?? 0) + 1);
  const kept = new Set(given.values());
  const hold = (tensor: Tensor, by: number) => {
    const count = (uses.get(tensor) ?? 0) + by;
    uses.set(tensor, count);
    if (count === 0 && !kept.has(tensor)) tensor.dispose();
  };
  const known = new Map<LayerValue, Tensor>();
  for (const step of needed) {
    const { inputs, outputs } = step;
    const ready = inputs.map((input) => values.get(input)!);
    const { tensors, mask } = masks.apply(
      step,
      ready,
      inputs.map((input) => known.get(input)),
    );
    if (mask) known.set(outputs[0], mask);
    outputs.forEach((output, i) => {
      values.set(output, tensors[i]);
      if (wanted.has(output)) kept.add(tensors[i]);
      hold(tensors[i], left.get(output) ?? 0);
    });
    for (const input of inputs) if (!given.has(input)) hold(values.get(input)!, -1);
  }
  return values;
}

/** The steps that the wanted values need and that the given ones let be taken. */
function neededSteps(
  steps: readonly LayerStep[],
  given: ReadonlyMap<LayerValue, Tensor>,
  wanted: ReadonlySet<LayerValue>,
): LayerStep[] {
  const needed = new Set<LayerStep>();
  const stack = [...wanted];
  while (stack.length > 0) {
    const value = stack.pop()!;
    if (given.has(value) || !value.step || needed.has(value.step)) continue;
    needed.add(value.step);
    stack.push(...value.step.inputs);
  }
  return steps.filter((step) => needed.has(step));
}
