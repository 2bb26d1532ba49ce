/** Every stable error code of the library, with what it means. Codes never change meaning between versions. */
export const ERROR_CODES = {
  INVALID_ARGUMENT: 'an argument has the wrong type or an impossible value',
  INVALID_SHAPE: 'an array has the wrong shape or length',
  INVALID_DTYPE: 'an array has an element type that is not supported here',
  NON_FINITE: 'an array or a result holds NaN or infinity',
  EMPTY_CLOUD: 'a cloud of points has no rows, or fewer than the call needs',
  DEGENERATE_CLOUD:
    'a cloud has no extent where the call needs one, or coincident points where it allows none',
  COLLAPSED: 'a flow was asked to go past the time at which its measure collapses',
  STEP_BUDGET: 'an integrator used up its budget of steps or its step size became too small',
  NOT_CONVERGED: 'an iteration ended before it reached its tolerance',
  INFEASIBLE: 'a problem has no solution under its constraints',
  OUT_OF_MEMORY: 'the call would need more memory than there is or than was allowed',
  ABORTED: 'the caller aborted the call',
  BACKEND_UNAVAILABLE: 'the backend asked for cannot be loaded',
  UNSUPPORTED: 'the backend or the format does not have this',
  FILE_NOT_FOUND: 'a file does not exist or cannot be read',
  FILE_FORMAT: 'a file is not in the format it should be in, or is damaged',
  FILE_TRUNCATED: 'a file ends before its header says it should',
  FILE_WRITE: 'a file or folder cannot be written',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * The one error class of the library. `code` is stable and meant for programs; `message` says which argument or
 * file, what was expected and what came; `details` holds the same facts as values (for example
 * `{ row: 3, column: 7 }`, or `{ collapseTime: 0.5 }`).
 */
export class RidgeflowError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    // Callers that follow the web's convention look for this name on cancelled work.
    this.name = code === 'ABORTED' ? 'AbortError' : 'RidgeflowError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** A short description of any value for error messages, never longer than a line. */
export function describe(value: unknown): string {
  const text =
    Array.isArray(value) && value.length <= 8 ? `[${value.map(describeOne).join(', ')}]` : describeOne(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

function describeOne(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length} values`;
  if (ArrayBuffer.isView(value)) {
    const length = (value as unknown as { length?: number }).length ?? value.byteLength;
    return `${value.constructor.name} of length ${length}`;
  }
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
    case 'object':
      return `an object of type ${value.constructor?.name ?? 'Object'}`;
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'symbol':
    case 'undefined':
      return `${String(value)} of type ${typeof value}`;
    default:
      return 'a function';
  }
}

/** An INVALID_ARGUMENT error in the library's one form: Expected *what* for *parameter* but received *value*. */
export function invalidArgument(parameter: string, expected: string, received: unknown): RidgeflowError {
  return new RidgeflowError(
    'INVALID_ARGUMENT',
    `Expected ${expected} for ${parameter} but received ${describe(received)}`,
    { details: { parameter } },
  );
}
