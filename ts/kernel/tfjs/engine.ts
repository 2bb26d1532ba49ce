import { dirname, sep } from 'node:path';
import { dependencyFile } from '../../core/package-root.js';

/** The TensorFlow.js engines, fastest first. */
export const ENGINES = ['tfjs-node', 'tfjs-wasm', 'tfjs-cpu'] as const;

export type EngineName = (typeof ENGINES)[number];

/** What the kernels need of TensorFlow.js: its matrix product. */
export interface Engine {
  readonly name: EngineName;
  /** The product of a (rows × inner) and b (inner × columns), row-major, synchronous. Leaves no tensor behind. */
  product(a: Float32Array, b: Float32Array, rows: number, inner: number, columns: number): Float32Array;
}

type Core = typeof import('@tensorflow/tfjs-core');

/** How an engine is brought in: the name TensorFlow.js knows it by, and what registers it. */
const LOADERS: Record<EngineName, { backend: string; register: () => Promise<void> }> = {
  'tfjs-node': { backend: 'tensorflow', register: registerNode },
  'tfjs-wasm': { backend: 'wasm', register: registerWasm },
  'tfjs-cpu': { backend: 'cpu', register: registerCpu },
};

let lastLoad: Promise<unknown> = Promise.resolve();

/**
 * Loads one engine; rejects with the plain reason where that fails. Loads queue up, because each changes settings of
 * TensorFlow.js that are global and puts them back.
 */
export function loadEngine(name: EngineName): Promise<Engine> {
  const load = lastLoad.then(() => loadAlone(name));
  lastLoad = load.catch(() => undefined);
  return load;
}

async function loadAlone(name: EngineName): Promise<Engine> {
  const tf = await import('@tensorflow/tfjs-core');
  const { backend, register } = LOADERS[name];
  const before = tf.getBackend() as string | undefined;
  const production = tf.env().getBool('PROD');
  // Outside production mode TensorFlow.js prints advice on the console when it registers and first uses an engine.
  tf.env().set('PROD', true);
  try {
    await register();
    await initialise(tf, backend);
    if (!(await tf.setBackend(backend))) {
      throw new Error(`TensorFlow.js could not initialise its ${backend} engine`);
    }
    const engine = { name, product: productOn(tf, backend) };
    engine.product(Float32Array.of(2), Float32Array.of(3), 1, 1, 1);
    return engine;
  } finally {
    tf.env().set('PROD', production);
    if (before && tf.getBackend() !== before) await tf.setBackend(before);
  }
}

/**
 * Makes an engine that takes time to initialise ready before TensorFlow.js hears of it: until one that `setBackend` waits for
 * is ready, no other can compute.
 */
async function initialise(tf: Core, backend: string): Promise<void> {
  const { registry, registryFactory } = tf.engine();
  if (backend in registry || !(backend in registryFactory)) return;
  const { factory, priority } = registryFactory[backend];
  const ready = await withoutProcessListeners(async () => factory());
  tf.removeBackend(backend);
  tf.registerBackend(backend, () => ready, priority);
}

function productOn(tf: Core, backend: string): Engine['product'] {
  return (a, b, rows, inner, columns) => {
    const before = tf.getBackend();
    // The engine is initialised, so it is switched to before setBackend returns. The caller's own TensorFlow.js code
    // shares this setting: it is put back as it was.
    if (before !== backend) void tf.setBackend(backend);
    let result: Float32Array = new Float32Array(0);
    try {
      // Not returned from tidy, which would look for tensors in each of its elements.
      tf.tidy(() => {
        const product = tf.matMul(tf.tensor2d(a, [rows, inner]), tf.tensor2d(b, [inner, columns]));
        result = product.dataSync<'float32'>();
      });
    } finally {
      if (before !== backend) void tf.setBackend(before);
    }
    return result;
  };
}

async function registerNode(): Promise<void> {
  // The TensorFlow library writes its start-up notes to standard error unless told not to.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Not a literal: the package is the user's to install, and its types need not be there.
  const specifier: string = '@tensorflow/tfjs-node';
  await import(specifier);
}

async function registerCpu(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu');
}

async function registerWasm(): Promise<void> {
  const tf = await import('@tensorflow/tfjs-core');
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  // The program around may have one already.
  if ('wasm' in tf.engine().registry) return;
  const file = dependencyFile('@tensorflow/tfjs-backend-wasm', 'dist/tfjs-backend-wasm.wasm');
  wasm.setWasmPaths(dirname(file) + sep);
}

/**
 * The wasm module's start-up code adds process-wide handlers that rethrow every uncaught exception and rejection,
 * which would change how the caller's program fails. They are recognised by their text, and taken off again.
 */
async function withoutProcessListeners<T>(start: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => process.rawListeners(event));
  const started = await start();
  events.forEach((event, i) => {
    for (const listener of process.rawListeners(event)) {
      if (!before[i].includes(listener) && /throw (ex|reason);/.test(String(listener))) {
        process.removeListener(event, listener as () => void);
      }
    }
  });
  return started;
}
