import { type DType, type NdArray, checkArray, checkDType } from './array.js';
import { RidgeflowError, describe, invalidArgument } from './errors.js';
import { BACKEND_NAMES, type BackendName, type CallOptions, checkSeed } from './options.js';

/** The type of argument `I` of a function. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any function at all
export type Argument<F extends (...values: any[]) => unknown, I extends number> = NonNullable<
  Parameters<F>[I]
>;

/** Names of the fields of every type in a union. */
type KeysOf<T> = T extends unknown ? keyof T : never;

/** What one argument of a public function has to be, before its own checks look at its values. */
export type Rule =
  | { kind: 'array' | 'list' | 'text' | 'callback'; optional: boolean }
  | { kind: 'object'; fields: readonly string[]; optional: boolean }
  | {
      kind: 'options';
      fields: readonly string[];
      rules: Readonly<Record<string, Check>>;
      required: readonly string[];
      optional: boolean;
    };

/** What looks at the value of one option, where it is given. */
type Check = (value: unknown, name: string) => void;

/** The arguments of a public function that {@link checkCall} looks at, by name. */
export type Signature = Readonly<Record<string, Rule>>;

/** The names of {@link CallOptions}, to spread into a list of names. */
export const CALL: Readonly<Record<keyof CallOptions, 1>> = {
  backend: 1,
  dtype: 1,
  onProgress: 1,
  seed: 1,
  signal: 1,
};

/** Options that mean the same in every call. */
const EVERYWHERE: Readonly<Record<string, Check>> = {
  backend: (value) => {
    if (!BACKEND_NAMES.includes(value as BackendName))
      throw invalidArgument('backend', `one of ${BACKEND_NAMES.join(', ')}`, value);
  },
  dtype: (value) => checkDType(value as DType),
  onEpoch: checkListener,
  onExpectedTime: checkListener,
  onProgress: checkListener,
  onRun: checkListener,
  onStep: checkListener,
  seed: (value) => void checkSeed(value as number),
  signal: (value) => {
    // Not instanceof: a signal may come from another realm, or from a package that makes its own.
    const signal = value as Partial<AbortSignal> | null;
    if (typeof signal?.aborted !== 'boolean' || typeof signal.addEventListener !== 'function')
      throw invalidArgument('signal', 'an AbortSignal', value);
  },
};

function checkListener(value: unknown, name: string): void {
  if (typeof value !== 'function') throw invalidArgument(name, 'a function', value);
}

/** What users of other libraries call an option, each with what it may be here, the most likely first. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  atol: ['tolerance', 'absolute'],
  rtol: ['tolerance', 'relative'],
  tol: ['tolerance'],
  stopthr: ['tolerance'],
  eps: ['epsilon', 'tolerance'],
  reg: ['epsilon', 'regularization', 'ridge', 'penalty'],
  alpha: ['ridge'],
  maxiter: ['maximumIterations', 'iterations'],
  maxiterations: ['maximumIterations', 'iterations'],
  numitermax: ['maximumIterations', 'iterations'],
  niter: ['maximumIterations', 'iterations', 'steps'],
  nprojections: ['directions'],
  ncomponents: ['count'],
  nsamples: ['samples', 'count'],
  maxstep: ['maxStep', 'step'],
  maxsteps: ['maxSteps', 'steps'],
  firststep: ['step'],
  dt: ['step'],
  dt0: ['step'],
  t0: ['from'],
  t1: ['to'],
  tspan: ['to'],
  teval: ['saveAt'],
  method: ['solver'],
  randomstate: ['seed'],
  rng: ['seed'],
  generator: ['seed'],
  k: ['neighbours'],
  nneighbors: ['k', 'neighbours'],
  nneighbours: ['k', 'neighbours'],
  sigma: ['noise', 'bandwidth', 'standardDeviations', 'variance'],
  std: ['noise', 'standardDeviations'],
  bwmethod: ['bandwidth'],
  lr: ['learningRate', 'optimiser'],
  optimizer: ['optimiser'],
  hiddensize: ['width', 'widths'],
  theta: ['angles'],
  outputsize: ['shape'],
  callback: ['onProgress'],
  verbose: ['onProgress'],
  device: ['backend'],
  precision: ['dtype'],
};

export const ARRAY: Rule = { kind: 'array', optional: false };
export const ARRAY_OPTIONAL: Rule = { kind: 'array', optional: true };

/**
 * An object that has these fields: one that the library or the caller has made. A name that ends with () is that of a
 * method.
 */
export function object(fields: readonly string[], optional = false): Rule {
  return { kind: 'object', fields, optional };
}

/** An array or a typed array. */
export function list(optional = false): Rule {
  return { kind: 'list', optional };
}

export function text(optional = false): Rule {
  return { kind: 'text', optional };
}

export function callback(optional = false): Rule {
  return { kind: 'callback', optional };
}

/**
 * An object of options of type `T`; the compiler asks for exactly the names that `T` has. Instead of 1, a name may have
 * the rule of its value; where that is not optional, the option must be there. The rule of an object of options holds
 * only where the value is such an object.
 */
export function options<T>() {
  return (names: Readonly<Record<KeysOf<T>, 1 | Rule>>, optional = false): Rule => {
    const entries: [string, 1 | Rule][] = Object.entries(names);
    const rules: Record<string, Check> = {};
    const required: string[] = [];
    for (const [name, rule] of entries) {
      if (rule !== 1) {
        rules[name] = (value) => checkOption(rule, value, name);
        if (!rule.optional) required.push(name);
      } else if (Object.hasOwn(EVERYWHERE, name)) rules[name] = EVERYWHERE[name];
    }
    return { kind: 'options', fields: entries.map(([name]) => name), rules, required, optional };
  };
}

function checkOption(rule: Rule, value: unknown, name: string): void {
  if (rule.kind !== 'options' || isPlainObject(value)) check(rule, value, name);
}

/**
 * Every public function begins with it. Throws INVALID_ARGUMENT where an argument is missing or of another kind than its
 * rule says, or where an object of options has a name that the call does not know; then the message gives the nearest
 * one that it does. Throws what {@link checkArray} throws.
 */
export function checkCall<S extends Signature>(
  signature: S,
  values: { readonly [K in keyof S]: unknown },
): void {
  for (const name of Object.keys(signature)) check(signature[name], values[name], name);
}

function check(rule: Rule, value: unknown, name: string): void {
  if (value === undefined && rule.optional) return;
  switch (rule.kind) {
    case 'array':
      return checkArray(value as NdArray, name);
    case 'list':
      if (!Array.isArray(value) && (!ArrayBuffer.isView(value) || value instanceof DataView))
        throw invalidArgument(name, 'an array or a typed array', value);
      return;
    case 'text':
      if (typeof value !== 'string') throw invalidArgument(name, 'a string', value);
      return;
    case 'callback':
      if (typeof value !== 'function') throw invalidArgument(name, 'a function', value);
      return;
    case 'object':
      return checkFields(rule.fields, value, name);
    case 'options':
      return checkOptions(rule, value, name);
  }
}

function checkFields(fields: readonly string[], value: unknown, name: string): void {
  const expected = fields.length === 0 ? 'an object' : `an object with ${fields.join(', ')}`;
  if (value === null || typeof value !== 'object') throw invalidArgument(name, expected, value);
  const missing = fields.find((field) => {
    const method = field.endsWith('()');
    const found = (value as Record<string, unknown>)[method ? field.slice(0, -2) : field];
    return method ? typeof found !== 'function' : found === undefined;
  });
  if (missing === undefined) return;
  throw new RidgeflowError(
    'INVALID_ARGUMENT',
    `Expected ${expected} for ${name} but received ${describe(value)} without ${missing}`,
    { details: { parameter: name, missing } },
  );
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function checkOptions(rule: Extract<Rule, { kind: 'options' }>, value: unknown, name: string): void {
  const known = rule.fields;
  if (!isPlainObject(value)) throw invalidArgument(name, `an object of options (${known.join(', ')})`, value);
  for (const [key, given] of Object.entries(value)) {
    if (!known.includes(key)) throw unknownOption(known, key, name);
    if (given !== undefined && Object.hasOwn(rule.rules, key)) rule.rules[key](given, key);
  }
  for (const key of rule.required) {
    if ((value as Record<string, unknown>)[key] === undefined) rule.rules[key](undefined, key);
  }
}

function unknownOption(known: readonly string[], key: string, name: string): RidgeflowError {
  const nearest = nearestName(key, known);
  return new RidgeflowError(
    'INVALID_ARGUMENT',
    `Expected one of ${known.join(', ')} as the name of an option in ${name} but received ${describe(key)}` +
      (nearest === undefined ? '' : `: did you mean ${nearest}?`),
    { details: { parameter: name, unknown: key, ...(nearest !== undefined && { nearest }) } },
  );
}

/** The name among `known` that was most likely meant, if any is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain = plainly(name);
  const aliases = Object.hasOwn(ALIASES, plain) ? ALIASES[plain] : undefined;
  const alias = aliases?.find((candidate) => known.includes(candidate));
  if (alias !== undefined) return alias;
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of known) {
    const other = plainly(candidate);
    const contained =
      Math.min(plain.length, other.length) > 2 && (other.includes(plain) || plain.includes(other));
    const distance = contained ? 1 : editDistance(plain, other);
    if (distance < least && (contained || distance <= Math.max(1, plain.length / 2))) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

function plainly(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Least number of letters to insert, remove or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}
