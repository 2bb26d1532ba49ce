// What the arguments of public functions have to be: the files named signatures say it in these words, and checkCall holds to it.
import type { NdArray } from './array.js';
import type { NdArrayLike } from './foreign.js';
import type { CallOptions } from './options.js';

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
  | {
      kind: 'object';
      fields: readonly string[];
      arrays: Readonly<Record<string, Rule>>;
      optional: boolean;
    }
  | {
      kind: 'options';
      fields: readonly string[];
      rules: Readonly<Record<string, Rule | 1>>;
      required: readonly string[];
      optional: boolean;
    }
  | { kind: 'arrayOr'; fields: readonly string[]; optional: boolean }
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
              : IsArrayLike<V> extends true
                ? Rule
                : 1 | Rule;

/** The type of field K in those types of a union that have it. */
type FieldOf<T, K> = T extends unknown ? (K extends keyof T ? NonNullable<T[K]> : never) : never;

/** Whether a type is that of an argument which may be an array of another library. */
export type IsArrayLike<V> = [V] extends [never]
  ? false
  : unknown extends V
    ? false
    : Float32Array extends V
      ? false // A list of numbers, which its call reads itself.
      : [Exclude<NdArrayLike, NdArray>] extends [V]
        ? true
        : false;

/** Options that mean the same in every call: {@link checkCall} knows what they are. */
export type OptionEverywhere =
  'backend' | 'dtype' | 'onEpoch' | 'onExpectedTime' | 'onProgress' | 'onRun' | 'onStep' | 'seed' | 'signal';

/** A rule for each option of `T`. Those that mean the same in every call have theirs already. */
type RulesFor<T> = {
  readonly [K in KeysOf<T>]: K extends OptionEverywhere ? 1 : RuleFor<FieldOf<T, K>>;
};

/** The arguments of a public function that {@link checkCall} looks at, by name. */
export type Signature = Readonly<Record<string, Rule>>;

/**
 * What the methods of objects take: by the name of the class or interface, then by that of the method; `new` is the
 * constructor.
 */
export type MethodSignatures = Readonly<Record<string, Readonly<Record<string, Signature>>>>;

/** The names of {@link CallOptions}, to spread into a list of names. */
export const CALL: Readonly<Record<keyof CallOptions, 1>> = {
  backend: 1,
  dtype: 1,
  onProgress: 1,
  seed: 1,
  signal: 1,
};

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
  return { kind: 'object', fields, arrays: {}, optional };
}

/** An object with fields that are held to rules, and others, such as points with their values. */
export function record(arrays: Readonly<Record<string, Rule>>, optional = false): Rule {
  const fields = Object.keys(arrays).filter((name) => !arrays[name].optional);
  return { kind: 'object', fields, arrays, optional };
}

/** Something that has these fields, such as a measure, or an array of another library: the call itself checks other arrays. */
export function arrayOr(fields: readonly string[], optional = false): Rule {
  return { kind: 'arrayOr', fields, optional };
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
    const required = entries.filter(([, rule]) => rule !== 1 && !rule.optional).map(([name]) => name);
    return {
      kind: 'options',
      fields: entries.map(([name]) => name),
      rules: Object.fromEntries(entries),
      required,
      optional,
    };
  };
}

/** The options of a call that takes no others. */
export const CALL_OPTIONS: Rule = options<CallOptions>()(CALL, true);
