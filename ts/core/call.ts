import { type DType, type NdArray, checkArray, checkDType } from './array.js';
import { RidgeflowError, describe, invalidArgument } from './errors.js';
import { nearestName } from './nearest-name.js';
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
  | { kind: 'array' | PlainKind; optional: boolean }
  | { kind: 'list'; each?: Rule; optional: boolean }
  | { kind: 'object'; fields: readonly string[]; optional: boolean }
  | {
      kind: 'options';
      fields: readonly string[];
      rules: Readonly<Record<string, Check>>;
      required: readonly string[];
      optional: boolean;
    }
  | { kind: 'either'; rule: Rule; optional: boolean }
  | { kind: 'any'; optional: boolean };

export type PlainKind = 'number' | 'flag' | 'text' | 'callback';

export interface OfKind<K> {
  kind: K;
  optional: boolean;
}

/** The rule that an option of this type must have: the compiler asks for it where the type is of one kind. */
type RuleFor<V> = [V] extends [never]
  ? 1 | Rule
  : [V] extends [number]
    ? OfKind<'number'>
    : [V] extends [boolean]
      ? OfKind<'flag'>
      : [V] extends [string]
        ? OfKind<'text'>
        : // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any function at all
          [V] extends [(...values: any[]) => unknown]
          ? OfKind<'callback'>
          : [V] extends [readonly unknown[] | ArrayBufferView]
            ? OfKind<'list'>
            : [V] extends [NdArray]
              ? OfKind<'array'>
              : 1 | Rule;

/** The type of field K in those types of a union that have it. */
type FieldOf<T, K> = T extends unknown ? (K extends keyof T ? NonNullable<T[K]> : never) : never;

/** A rule for each option of `T`. Those that mean the same in every call have theirs already. */
type RulesFor<T> = {
  readonly [K in KeysOf<T>]: K extends keyof typeof EVERYWHERE ? 1 : RuleFor<FieldOf<T, K>>;
};

/** What looks at the value of one option, where it is given. */
type Check = (value: unknown, name: string) => void;

/** The arguments of a public function that {@link checkCall} looks at, by name. */
export type Signature = Readonly<Record<string, Rule>>;

/** What the methods of objects take: by the name of the class or interface, then by that of the method. */
export type MethodSignatures = Readonly<Record<string, Readonly<Record<string, Signature>>>>;

/** The names of {@link CallOptions}, to spread into a list of names. */
export const CALL: Readonly<Record<keyof CallOptions, 1>> = {
  backend: 1,
  dtype: 1,
  onProgress: 1,
  seed: 1,
  signal: 1,
};

/** Options that mean the same in every call. */
const EVERYWHERE = {
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
} satisfies Readonly<Record<string, Check>>;

const isEverywhere = (name: string): name is keyof typeof EVERYWHERE => Object.hasOwn(EVERYWHERE, name);

function checkListener(value: unknown, name: string): void {
  if (typeof value !== 'function') throw invalidArgument(name, 'a function', value);
}

export const ARRAY: OfKind<'array'> = { kind: 'array', optional: false };
export const ARRAY_OPTIONAL: OfKind<'array'> = { kind: 'array', optional: true };

/** An option that may be anything. */
export const ANY: Rule = { kind: 'any', optional: true };

// Options of one kind. Which values of it they may have, and that they are there, is for the call to check.
export const NUMBER: OfKind<'number'> = { kind: 'number', optional: true };
export const FLAG: OfKind<'flag'> = { kind: 'flag', optional: true };
export const TEXT: OfKind<'text'> = { kind: 'text', optional: true };
export const LIST: OfKind<'list'> = { kind: 'list', optional: true };
export const CALLBACK: OfKind<'callback'> = { kind: 'callback', optional: true };

/**
 * An object that has these fields: one that the library or the caller has made. A name that ends with () is that of a
 * method.
 */
export function object(fields: readonly string[], optional = false): Rule {
  return { kind: 'object', fields, optional };
}

/** An array or a typed array. */
export function list(optional = false): OfKind<'list'> {
  return { kind: 'list', optional };
}

/** An array of which each element is held to a rule. */
export function listOf(each: Rule, optional = false): OfKind<'list'> & { each: Rule } {
  return { kind: 'list', each, optional };
}

/** A rule that holds where the value is an object, which it need not be: an option that is, say, a number or an object of options. */
export function ifObject(rule: Rule): Rule {
  return { kind: 'either', rule, optional: rule.optional };
}

export function number(optional = false): OfKind<'number'> {
  return { kind: 'number', optional };
}

export function text(optional = false): OfKind<'text'> {
  return { kind: 'text', optional };
}

export function callback(optional = false): OfKind<'callback'> {
  return { kind: 'callback', optional };
}

/**
 * An object of options of type `T`; the compiler asks for exactly the names that `T` has, and for a rule of the right kind
 * where values are of one ({@link NUMBER}, {@link FLAG}, …). Other names have 1, or the rule of their value. Where a rule is
 * not optional, the option must be there.
 */
export function options<T>() {
  return (names: RulesFor<T>, optional = false): Rule => {
    const entries = Object.entries<1 | Rule>(names);
    const rules: Record<string, Check> = {};
    const required: string[] = [];
    for (const [name, rule] of entries) {
      if (rule === ANY) continue;
      if (rule !== 1) {
        rules[name] = (value) => check(rule, value, name);
        if (!rule.optional) required.push(name);
      } else rules[name] = isEverywhere(name) ? EVERYWHERE[name] : refuseNull;
    }
    return { kind: 'options', fields: entries.map(([name]) => name), rules, required, optional };
  };
}

/** The options of a call that takes no others. */
export const CALL_OPTIONS: Rule = options<CallOptions>()(CALL, true);

/**
 * Every public function, and every method of what such a function returns, begins with it. Throws INVALID_ARGUMENT where an argument is missing or of another kind than its
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
      if (rule.each) {
        const elements = Array.from(value as ArrayLike<unknown>);
        for (const [i, element] of elements.entries()) check(rule.each, element, `${name}[${i}]`);
      }
      return;
    case 'text':
      if (typeof value !== 'string') throw invalidArgument(name, 'a string', value);
      return;
    case 'number':
      if (typeof value !== 'number') throw invalidArgument(name, 'a number', value);
      return;
    case 'flag':
      if (typeof value !== 'boolean') throw invalidArgument(name, 'true or false', value);
      return;
    case 'callback':
      if (typeof value !== 'function') throw invalidArgument(name, 'a function', value);
      return;
    case 'object':
      return checkFields(rule.fields, value, name);
    case 'options':
      return checkOptions(rule, value, name);
    case 'either':
      refuseNull(value, name);
      if (isPlainObject(value)) check(rule.rule, value, name);
  }
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
