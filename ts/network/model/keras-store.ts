import type { WeightSpec } from './tfjs-files.js';

/** Of a layer of TensorFlow.js, what is needed to find its weights: those of TensorFlow.js Layers are such. */
interface NamedLayer {
  readonly name: string;
  readonly weights: readonly { readonly originalName: string }[];
  /** Of a model within. */
  readonly layers?: readonly NamedLayer[];
}

/** A layer as a topology has it. */
interface LayerConfig {
  class_name?: unknown;
  name?: unknown;
  config?: { name?: unknown; layers?: unknown };
}

const VARIABLE = /(?:^|\/)vars\/\d+$/;

/** Whether weights are named by their places in a `.keras` file: `layers/dense_1/vars/0`. */
export function isKerasStore(specs: readonly WeightSpec[]): boolean {
  return specs.some(({ name }) => VARIABLE.test(name));
}

/**
 * The weights of a `.keras` file, which names layers by their classes and counts them, with the names that the layers of a
 * model have for theirs: in both the weights of a layer stand in the order in which it made them. `topology` lists the layers
 * in the order of the file. Throws where a layer has other weights than the file.
 */
export function renamedFromStore(
  specs: readonly WeightSpec[],
  topology: object,
  layers: readonly NamedLayer[],
): WeightSpec[] {
  const names = new Map<string, string>();
  const visit = (model: LayerConfig, path: string, known: readonly NamedLayer[]): void => {
    const counts = new Map<string, number>();
    for (const config of layersOf(model)) {
      const kind = snakeCase(String(config.class_name));
      const count = counts.get(kind) ?? 0;
      counts.set(kind, count + 1);
      const place = `${path}layers/${count === 0 ? kind : `${kind}_${count}`}/`;
      const name = config.config?.name ?? config.name;
      const layer = known.find((each) => each.name === name);
      if (!layer) continue;
      if (layer.layers) {
        visit(config, place, layer.layers);
        continue;
      }
      const stored = specs.filter((spec) => spec.name.startsWith(place)).sort(inOrder);
      if (stored.length !== layer.weights.length) {
        throw new Error(
          `layer ${layer.name} has ${layer.weights.length} weights, but the file holds ${stored.length} in ${place}`,
        );
      }
      stored.forEach((spec, i) => names.set(spec.name, layer.weights[i].originalName));
    }
  };
  visit(modelOf(topology), '', layers);
  return specs.map((spec) => ({ ...spec, name: names.get(spec.name) ?? spec.name }));
}

function modelOf(topology: object): LayerConfig {
  const { model_config, modelConfig } = topology as Record<string, LayerConfig | undefined>;
  return model_config ?? modelConfig ?? topology;
}

function layersOf({ config }: LayerConfig): LayerConfig[] {
  const layers: unknown = Array.isArray(config) ? config : config?.layers;
  return Array.isArray(layers) ? (layers as LayerConfig[]) : [];
}

/** Forward before backward, and variables by their numbers. */
function inOrder({ name: a }: WeightSpec, { name: b }: WeightSpec): number {
  const key = (name: string) => name.replace('/forward_layer/', '/0/').replace('/backward_layer/', '/1/');
  return key(a).localeCompare(key(b), 'en', { numeric: true });
}

/** A class as Keras names a folder after it. */
function snakeCase(name: string): string {
  return name
    .replace(/^.*>/, '')
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
