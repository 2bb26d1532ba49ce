// The rules of every argument of the library, by the names of functions and of types.
import type { MethodSignatures, Signature } from '../ts/core/rules.js';
import { SIGNATURES as dae } from '../ts/dae/signatures.js';
import { SIGNATURES as entropy } from '../ts/entropy/signatures.js';
import { SIGNATURES as field } from '../ts/field/signatures.js';
import { SIGNATURES as flow } from '../ts/flow/signatures.js';
import { SIGNATURES as io } from '../ts/io/signatures.js';
import { SIGNATURES as kernel } from '../ts/kernel/signatures.js';
import { SIGNATURES as linalg } from '../ts/linalg/signatures.js';
import { SIGNATURES as measure } from '../ts/measure/signatures.js';
import { SIGNATURES as network } from '../ts/network/signatures.js';
import { SIGNATURES as radon } from '../ts/radon/signatures.js';
import { SIGNATURES as report } from '../ts/report/signatures.js';
import { SIGNATURES as representation } from '../ts/representation/signatures.js';
import { SIGNATURES as ridgelet } from '../ts/ridgelet/signatures.js';
import { SIGNATURES as stream } from '../ts/stream/signatures.js';
import { SIGNATURES as theory } from '../ts/theory/signatures.js';
import { SIGNATURES as transport } from '../ts/transport/signatures.js';
import { METHODS as daeMethods } from '../ts/dae/method-signatures.js';
import { METHODS as fieldMethods } from '../ts/field/method-signatures.js';
import { METHODS as flowMethods } from '../ts/flow/method-signatures.js';
import { METHODS as kernelMethods } from '../ts/kernel/method-signatures.js';
import { METHODS as measureMethods } from '../ts/measure/method-signatures.js';
import { METHODS as networkMethods } from '../ts/network/method-signatures.js';
import { METHODS as radonMethods } from '../ts/radon/method-signatures.js';
import { METHODS as randomMethods } from '../ts/core/random.js';
import { METHODS as ridgeletMethods } from '../ts/ridgelet/method-signatures.js';
import { METHODS as transportMethods } from '../ts/transport/method-signatures.js';

const SUBJECTS: readonly Record<string, Signature>[] = [
  dae,
  entropy,
  field,
  flow,
  io,
  kernel,
  linalg,
  measure,
  network,
  radon,
  report,
  representation,
  ridgelet,
  stream,
  theory,
  transport,
];
/** Of every exported function. */
export const SIGNATURES: Readonly<Record<string, Signature>> = Object.assign({}, ...SUBJECTS);

/** Of every method of what such a function returns. */
export const METHODS: MethodSignatures = {
  ...daeMethods,
  ...fieldMethods,
  ...flowMethods,
  ...kernelMethods,
  ...measureMethods,
  ...networkMethods,
  ...radonMethods,
  ...randomMethods,
  ...ridgeletMethods,
  ...transportMethods,
};
