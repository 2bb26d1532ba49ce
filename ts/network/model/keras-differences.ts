import { fileError } from '../../io/errors.js';

type Fields = Record<string, unknown>;

/** Options of layers that TensorFlow.js Layers does not look at, with the value at which that does not matter. */
const IGNORED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  ReLU: { negative_slope: 0, threshold: 0 },
  LayerNormalization: { rms_scaling: false },
  GlobalAveragePooling1D: { keepdims: false },
  GlobalAveragePooling2D: { keepdims: false },
  GlobalMaxPooling1D: { keepdims: false },
  GlobalMaxPooling2D: { keepdims: false },
  Conv1D: { groups: 1 },
  Conv2D: { groups: 1 },
  Conv3D: { groups: 1 },
};

/** Names of activations that TensorFlow.js has otherwise. */
const RENAMED: Readonly<Record<string, string>> = { silu: 'swish' };

/**
 * Brings a layer's options to the names that TensorFlow.js Layers has for them, and refuses what it would read as something
 * else: options that it leaves out, and functions that changed between Keras 2 and 3. `config` is changed in place. Throws
 * UNSUPPORTED.
 */
export function bridgeDifferences(kind: string, config: Fields, isKeras3: boolean, file: string): void {
  if (kind === 'LeakyReLU' && config.negative_slope !== undefined) {
    config.alpha = config.negative_slope;
    delete config.negative_slope;
  }
  for (const [option, harmless] of Object.entries(IGNORED[kind] ?? {})) {
    const value = config[option] ?? harmless;
    if (value !== harmless)
      throw unsupported(file, `${option} ${JSON.stringify(value)} of a ${kind}`, config);
  }
  for (const [key, value] of Object.entries(config)) {
    if (!/activation$/.test(key) || typeof value !== 'string') continue;
    config[key] = RENAMED[value] ?? value;
    // x/6 + 1/2 since Keras 3, x/5 + 1/2 before and in TensorFlow.js.
    if (value === 'hard_sigmoid' && isKeras3) throw unsupported(file, 'the hard_sigmoid of Keras 3', config);
  }
}

function unsupported(file: string, what: string, { name }: Fields) {
  return fileError('UNSUPPORTED', {
    file,
    problem: `TensorFlow.js does not have ${what}${typeof name === 'string' ? ` (layer ${name})` : ''}, which the model uses`,
    remedy: 'Export the model as ONNX',
    details: { operator: what },
  });
}
