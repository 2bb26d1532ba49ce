import { type DType, type NdArray, checkArray, checkDType, dtypeOf } from './array.js';
import { RidgeflowError, describe, invalidArgument } from './errors.js';
import { type Foreign, type ForeignArray, isForeign, isOwn, openForeign, ownForm } from './foreign.js';
import { nearestName } from './nearest-name.js';
import { BACKEND_NAMES, type BackendName, checkSeed } from './options.js';
import { isFloat64Array } from './realm.js';
import type { IsArrayLike, OptionEverywhere, Rule, Signature } from './rules.js';

/** The call whose arguments are looked at. */
interface Call {
  readonly signature: Signature;
  readonly values: Readonly<Record<string, unknown>>;
  /** The element type of its arrays of plain numbers, once there is one. */
  plain?: DType;
}

/** Options that mean the same in every call. */
const EVERYWHERE: Readonly<Record<OptionEverywhere, (value: unknown, name: string) => void>> = {
  backend: (value: unknown) => {
    if (!BACKEND_NAMES.includes(value as BackendName))
      throw invalidArgument('backend', `one of ${BACKEND_NAMES.join(', ')}`, value);
  },
  dtype: (value: unknown) => checkDType(value as DType),
  onEpoch: checkListener,
  onExpectedTime: checkListener,
  onProgress: checkListener,
  onRun: checkListener,
  onStep: checkListener,
  seed: (value: unknown) => void checkSeed(value as number),
  signal: (value: unknown) => {
    // Not instanceof: a signal may come from another realm, or from a package that makes its own.
    const signal = value as Partial<AbortSignal> | null;
    if (typeof signal?.aborted !== 'boolean' || typeof signal.addEventListener !== 'function')
      throw invalidArgument('signal', 'an AbortSignal', value);
  },
};

const isEverywhere = (name: string): name is OptionEverywhere => Object.hasOwn(EVERYWHERE, name);

function checkListener(value: unknown, name: string): void {
  if (typeof value !== 'function') throw invalidArgument(name, 'a function', value);
}

/** What {@link checkCall} makes of a value: arrays of other libraries have become the library's own. */
type Own<V> =
  IsArrayLike<V> extends true
    ? Exclude<V, ForeignArray>
    : V extends readonly (infer E)[]
      ? IsArrayLike<E> extends true
        ? readonly Exclude<E, ForeignArray>[]
        : V
      : V extends (...values: never[]) => unknown
        ? V
        : V extends object
          ? { [K in keyof V]-?: IsArrayLike<V[K]> } extends Record<keyof V, false>
            ? V
            : { [K in keyof V]: IsArrayLike<V[K]> extends true ? Exclude<V[K], ForeignArray> : V[K] }
          : V;

/**
 * Every public function, and every method of what such a function returns, begins with it. Returns the values, where an array
 * of another library ({@link NdArrayLike}) has become one of the library's own, without a copy where its memory allows.
 * Throws INVALID_ARGUMENT where an argument is missing or of another kind than its rule says, or where an object of options
 * has a name that the call does not know; then the message gives the nearest one that it does. Throws what
 * {@link checkArray} and {@link openForeign} throw.
 */
export function checkCall<S extends Signature, V extends { readonly [K in keyof S]: unknown }>(
  signature: S,
  values: V & { readonly [K in Exclude<keyof V, keyof S>]: never },
): { [K in keyof V]: Own<V[K]> } {
  const call: Call = { signature, values };
  let taken: Record<string, unknown> = values;
  for (const name of Object.keys(signature)) {
    const value = call.values[name];
    const own = take(signature[name], value, name, call);
    if (own === value) continue;
    if (taken === values) taken = { ...values };
    taken[name] = own;
  }
  return taken as { [K in keyof V]: Own<V[K]> };
}

function take(rule: Rule, value: unknown, name: string, call: Call): unknown {
  if (value === undefined && rule.optional) return value;
  switch (rule.kind) {
    case 'array':
      return takeArray(value, name, call);
    case 'arrayOr':
      if (isForeign(value)) return takeArray(value, name, call);
      if (!isOwn(value)) checkFields(rule.fields, value, name);
      return value;
    case 'list':
      if (!Array.isArray(value) && (!ArrayBuffer.isView(value) || value instanceof DataView))
        throw invalidArgument(name, 'an array or a typed array', value);
      return rule.each ? takeElements(rule.each, value as ArrayLike<unknown>, name, call) : value;
    case 'text':
      if (typeof value !== 'string') throw invalidArgument(name, 'a string', value);
      return value;
    case 'number':
      if (typeof value !== 'number') throw invalidArgument(name, 'a number', value);
      return value;
    case 'flag':
      if (typeof value !== 'boolean') throw invalidArgument(name, 'true or false', value);
      return value;
    case 'callback':
      if (typeof value !== 'function') throw invalidArgument(name, 'a function', value);
      return value;
    case 'object':
      checkFields(rule.fields, value, name);
      return takeFields(value as object, rule.arrays, (each, given, field) =>
        take(each, given, `${name}.${field}`, call),
      );
    case 'options':
      return takeOptions(rule, value, name, call);
    case 'either': {
      refuseNull(value, name);
      const isHeld =
        rule.rule.kind === 'array' ? isPlainObject(value) || isForeign(value) : isPlainObject(value);
      return isHeld ? take(rule.rule, value, name, call) : value;
    }
    case 'any':
      return value;
  }
}

function takeArray(value: unknown, name: string, call: Call): NdArray {
  if (isOwn(value)) {
    checkArray(value, name);
    return value;
  }
  const foreign = openForeign(value, name);
  const array = ownForm(foreign, foreign.dtype ?? (call.plain ??= plainType(call)));
  checkArray(array, name);
  return array;
}

/**
 * The element type of a call's arrays of plain numbers: what its options ask for, else that of its other arrays, else float64
 * where float32 cannot tell the numbers of one of them apart.
 */
function plainType({ signature, values }: Call): DType {
  let type: DType = 'float32';
  for (const [name, rule] of Object.entries(signature)) {
    const value = values[name];
    if (rule.kind === 'options') {
      const asked = (value as { dtype?: DType } | null | undefined)?.dtype;
      if (rule.fields.includes('dtype') && asked !== undefined) {
        checkDType(asked);
        return asked;
      }
    }
    for (const [array, at] of arraysIn(rule, value, name)) {
      if (isOwn(array) ? isFloat64Array(array.data) : isForeign(array) && isWide(openForeign(array, at)))
        type = 'float64';
    }
  }
  return type;
}

const isWide = (foreign: Foreign): boolean =>
  (foreign.dtype ?? dtypeOf(ownForm(foreign, undefined))) === 'float64';

/** The arrays that a rule asks for in a value, with their names. */
function arraysIn(rule: Rule, value: unknown, name: string): (readonly [unknown, string])[] {
  if (value === undefined || value === null) return [];
  if (rule.kind === 'array' || rule.kind === 'arrayOr') return [[value, name]];
  if (rule.kind === 'list' && rule.each?.kind === 'array' && Array.isArray(value))
    return value.map((element: unknown, i) => [element, `${name}[${i}]`] as const);
  if (rule.kind === 'object' && typeof value === 'object')
    return Object.keys(rule.arrays).map(
      (field) => [(value as Record<string, unknown>)[field], `${name}.${field}`] as const,
    );
  return [];
}

function takeElements(rule: Rule, values: ArrayLike<unknown>, name: string, call: Call): ArrayLike<unknown> {
  const elements = Array.from(values);
  const taken = elements.map((element, i) => take(rule, element, `${name}[${i}]`, call));
  return taken.some((element, i) => element !== elements[i]) ? taken : values;
}

/** The object, or a copy where what is taken for a field is not what it has. */
function takeFields<R>(
  given: object,
  rules: Readonly<Record<string, R>>,
  taking: (rule: R, value: unknown, field: string) => unknown,
): object {
  let taken = given as Record<string, unknown>;
  for (const field of Object.keys(rules)) {
    const value = (given as Record<string, unknown>)[field];
    if (value === undefined) continue;
    const own = taking(rules[field], value, field);
    if (own === value) continue;
    if (taken === given) taken = { ...given };
    taken[field] = own;
  }
  return taken;
}

/** What an option must not be, whatever it is: it is left out, or has a value. */
function refuseNull(value: unknown, name: string): void {
  if (value === null) throw invalidArgument(name, 'a value, or nothing at all,', value);
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

function takeOptions(
  rule: Extract<Rule, { kind: 'options' }>,
  value: unknown,
  name: string,
  call: Call,
): object {
  const known = rule.fields;
  if (!isPlainObject(value)) throw invalidArgument(name, `an object of options (${known.join(', ')})`, value);
  for (const key of Object.keys(value)) if (!known.includes(key)) throw unknownOption(known, key, name);
  const taken = takeFields(value, rule.rules, (each, given, key) => takeOption(each, given, key, call));
  for (const key of rule.required) {
    if ((value as Record<string, unknown>)[key] === undefined)
      takeOption(rule.rules[key], undefined, key, call);
  }
  return taken;
}

function takeOption(rule: Rule | 1, value: unknown, name: string, call: Call): unknown {
  if (rule !== 1) return take(rule, value, name, call);
  if (isEverywhere(name)) EVERYWHERE[name](value, name);
  else refuseNull(value, name);
  return value;
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
