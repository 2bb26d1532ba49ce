import test from 'ava';
import {
  type NdArray,
  checkArray,
  checkPoints,
  checkSameDtype,
  dtypeOf,
  ndarray,
  toDtype,
  zeros,
} from '../ts/core/array.js';
import { ERROR_CODES, type ErrorCode, RidgeflowError, describe, invalidArgument } from '../ts/core/errors.js';
import {
  type CallOptions,
  abortError,
  checkInteger,
  checkPositive,
  checkSeed,
  partOf,
  throwIfAborted,
} from '../ts/core/options.js';
import { Pace, nextTurn } from '../ts/core/pace.js';

/** The code that `body` throws; undefined where it throws nothing or something else. */
function codeOf(body: () => unknown): ErrorCode | undefined {
  try {
    body();
  } catch (error) {
    return error instanceof RidgeflowError ? error.code : undefined;
  }
  return undefined;
}

test('an error has a code, a message, details and a cause', (t) => {
  const cause = new Error('below');
  const error = new RidgeflowError('FILE_FORMAT', 'bad file', { cause, details: { row: 3 } });
  t.true(error instanceof Error);
  t.like(error, {
    name: 'RidgeflowError',
    code: 'FILE_FORMAT',
    message: 'bad file',
    cause,
    details: { row: 3 },
  });
  t.deepEqual(new RidgeflowError('COLLAPSED', 'x').details, {});
  t.false('cause' in new RidgeflowError('COLLAPSED', 'x'));
  for (const [code, meaning] of Object.entries(ERROR_CODES)) {
    t.regex(code, /^[A-Z_]+$/);
    t.true(meaning.length > 10, code);
  }
});

test('an error of an aborted call is named as on the web, and carries the reason', (t) => {
  const reason = new Error('enough');
  const error = abortError(AbortSignal.abort(reason));
  t.like(error, { name: 'AbortError', code: 'ABORTED', cause: reason });
  t.is(
    codeOf(() => throwIfAborted(AbortSignal.abort())),
    'ABORTED',
  );
  t.notThrows(() => throwIfAborted(undefined));
  t.notThrows(() => throwIfAborted(new AbortController().signal));
});

test('a bad argument is named, with what was expected and what came', (t) => {
  const error = invalidArgument('T', 'a finite number above 0', -1);
  t.is(error.message, 'Expected a finite number above 0 for T but received -1 of type number');
  t.deepEqual(error.details, { parameter: 'T' });
});

test('any value is described in one short line', (t) => {
  const expected: [unknown, string][] = [
    [null, 'null'],
    [undefined, 'undefined of type undefined'],
    [NaN, 'NaN of type number'],
    [3n, '3 of type bigint'],
    [true, 'true of type boolean'],
    [Symbol('s'), 'Symbol(s) of type symbol'],
    ['two\nlines', '"two\\nlines"'],
    [() => 1, 'a function'],
    [[1, 'a', [2, 3]], '[1 of type number, "a", an array of 2 values]'],
    [new Array(9).fill(0), 'an array of 9 values'],
    [new Float64Array(4), 'Float64Array of length 4'],
    [new DataView(new ArrayBuffer(5)), 'DataView of length 5'],
    [{}, 'an object of type Object'],
    [Object.create(null), 'an object of type Object'],
    [new Date(0), 'an object of type Date'],
  ];
  for (const [value, text] of expected) t.is(describe(value), text);
  const circular: unknown[] = [];
  circular.push(circular, 'x'.repeat(1000), 10n ** 500n);
  for (const value of [circular, 'y'.repeat(1000), 10n ** 500n, Symbol('z'.repeat(500))]) {
    t.true(describe(value).length <= 120, describe(value));
    t.false(describe(value).includes('\n'));
  }
});

test('ndarray keeps typed storage and copies plain numbers', (t) => {
  const data = Float64Array.of(1, 2, 3, 4, 5, 6);
  t.is(ndarray(data, [2, 3]).data, data);
  t.deepEqual(ndarray(data).shape, [6]);
  t.deepEqual(
    ndarray([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] },
  );
  t.deepEqual(ndarray([1, NaN], undefined, 'float64'), { data: Float64Array.of(1, NaN), shape: [2] });
  t.deepEqual(ndarray([1, 2, 3, 4], [2, 2]).shape, [2, 2]);
  t.deepEqual(ndarray([]).shape, [0]);
  const shape = [3, 2];
  const array = ndarray(data, shape);
  shape[0] = 7;
  t.deepEqual(array.shape, [3, 2]);
});

test('ndarray and zeros refuse what is not an array of numbers', (t) => {
  const bad: [ErrorCode, unknown, unknown?, unknown?][] = [
    ['INVALID_ARGUMENT', null],
    ['INVALID_ARGUMENT', 'abc'],
    ['INVALID_ARGUMENT', { data: [1], shape: [1] }],
    ['INVALID_ARGUMENT', new Int32Array(3)],
    ['INVALID_ARGUMENT', [1, '2']],
    [
      'INVALID_ARGUMENT',
      [
        [1, 2],
        [3, null],
      ],
    ],
    ['INVALID_ARGUMENT', [1, , 3]], // eslint-disable-line no-sparse-arrays
    ['INVALID_SHAPE', [[1, 2], [3]]],
    ['INVALID_SHAPE', [[1], 2]],
    ['INVALID_SHAPE', [1, [2]]],
    ['INVALID_SHAPE', new Float32Array(6), [2, 2]],
    ['INVALID_SHAPE', new Float32Array(6), [-2, -3]],
    ['INVALID_SHAPE', new Float32Array(6), [1.5, 4]],
    ['INVALID_SHAPE', new Float32Array(6), [2 ** 60, 2 ** 60]],
    ['INVALID_SHAPE', new Float32Array(6), 6],
    ['INVALID_SHAPE', new Float32Array(6), 'ab'],
    ['INVALID_DTYPE', [1, 2], [2], 'float16'],
  ];
  for (const [code, data, shape, dtype] of bad) {
    t.is(
      codeOf(() => ndarray(data as number[], shape as number[], dtype as 'float32')),
      code,
      describe(data),
    );
  }
  const ragged = t.throws(() => ndarray([[1, 2], [3]]), {
    message: /2 values in row 1 of data .*\[3 of type/,
  });
  t.deepEqual((ragged as RidgeflowError).details, { row: 1 });
  t.throws(
    () =>
      ndarray([
        [1, 2],
        [3, 'x' as unknown as number],
      ]),
    { message: /data\[1\]\[1\]/ },
  );
  t.is(
    codeOf(() => zeros([-1])),
    'INVALID_SHAPE',
  );
  t.is(
    codeOf(() => zeros(3 as unknown as number[])),
    'INVALID_SHAPE',
  );
  t.is(
    codeOf(() => zeros([1], 'int8' as 'float32')),
    'INVALID_DTYPE',
  );
  t.throws(() => zeros([1e8, 1e8], 'float64', 'a matrix'), {
    code: 'OUT_OF_MEMORY',
    message: /10000000000000000 float64 values for a matrix/,
  });
});

test('checkArray refuses malformed arrays by name', (t) => {
  const bad: [ErrorCode, unknown][] = [
    ['INVALID_ARGUMENT', undefined],
    ['INVALID_ARGUMENT', null],
    ['INVALID_ARGUMENT', 3],
    ['INVALID_ARGUMENT', new Float32Array(3)],
    ['INVALID_ARGUMENT', { data: new Float32Array(3) }],
    ['INVALID_DTYPE', { data: [1, 2, 3], shape: [3] }],
    ['INVALID_DTYPE', { data: new Int32Array(3), shape: [3] }],
    ['INVALID_DTYPE', { data: new DataView(new ArrayBuffer(12)), shape: [3] }],
    ['INVALID_SHAPE', { data: new Float32Array(3), shape: [4] }],
    ['INVALID_SHAPE', { data: new Float32Array(3), shape: [NaN] }],
    ['INVALID_SHAPE', { data: new Float32Array(3), shape: '3' }],
    ['INVALID_SHAPE', { data: new Float32Array(3), shape: new Int32Array([3]) }],
  ];
  for (const [code, array] of bad) {
    t.is(
      codeOf(() => checkArray(array as NdArray, 'points')),
      code,
      describe(array),
    );
    t.throws(() => checkArray(array as NdArray, 'points'), { message: /for points|of points/ });
  }
  const detached = new Float32Array(3);
  structuredClone(detached, { transfer: [detached.buffer] });
  t.is(
    codeOf(() => checkArray({ data: detached, shape: [3] }, 'points')),
    'INVALID_SHAPE',
  );
  t.notThrows(() => checkArray({ data: new Float32Array(1), shape: [] }, 'scalar'));
  const Resizable = ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer;
  const resizable = new Float32Array(new Resizable(12, { maxByteLength: 24 }));
  t.is(
    codeOf(() => checkArray({ data: resizable, shape: [3] }, 'points')),
    'INVALID_ARGUMENT',
  );
});

test('checkPoints returns n and d, and says what a cloud must be', (t) => {
  t.deepEqual(checkPoints(zeros([5, 3]), 'points'), { n: 5, d: 3 });
  t.is(
    codeOf(() => checkPoints(zeros([0, 3]), 'points')),
    'EMPTY_CLOUD',
  );
  t.is(
    codeOf(() => checkPoints(zeros([1, 3]), 'points', { minimum: 2 })),
    'EMPTY_CLOUD',
  );
  t.is(
    codeOf(() => checkPoints(zeros([3, 0]), 'points')),
    'INVALID_SHAPE',
  );
  t.is(
    codeOf(() => checkPoints(zeros([3]), 'points')),
    'INVALID_SHAPE',
  );
  t.is(
    codeOf(() => checkPoints(zeros([3, 2, 1]), 'points')),
    'INVALID_SHAPE',
  );
  t.is(
    codeOf(() => checkPoints(zeros([3, 2]), 'points', { dimension: 3 })),
    'INVALID_SHAPE',
  );
  t.throws(() => checkPoints(zeros([1, 3]), 'cloud', { minimum: 2 }), {
    message: 'Expected at least 2 points for cloud but received 1',
  });
});

test('dtypes are told apart, compared and converted', (t) => {
  const single = zeros([2]);
  const double = ndarray([1 / 3, 2], [2], 'float64');
  t.is(dtypeOf(single), 'float32');
  t.is(dtypeOf(double), 'float64');
  t.is(
    codeOf(() => checkSameDtype(single, 'a', double, 'b')),
    'INVALID_DTYPE',
  );
  t.notThrows(() => checkSameDtype(single, 'a', single, 'b'));
  t.is(toDtype(double, 'float64'), double);
  t.is(toDtype(double, undefined), double);
  t.deepEqual(toDtype(double, 'float32'), { data: Float32Array.of(1 / 3, 2), shape: [2] });
  t.is(
    codeOf(() => toDtype(double, 'int8' as 'float32')),
    'INVALID_DTYPE',
  );
});

test('numbers among the options are checked', (t) => {
  t.is(checkSeed(undefined), 0);
  for (const seed of [0, 1, 2 ** 53 - 1]) t.is(checkSeed(seed), seed);
  for (const seed of [-1, 0.5, NaN, 2 ** 53, '1', null]) {
    t.is(
      codeOf(() => checkSeed(seed as number)),
      'INVALID_ARGUMENT',
      describe(seed),
    );
  }
  for (const value of [5e-324, 1, 1e308]) t.is(checkPositive(value, 'T'), value);
  for (const value of [0, -1, NaN, Infinity, '1', undefined, null, 1n]) {
    t.is(
      codeOf(() => checkPositive(value as number, 'T')),
      'INVALID_ARGUMENT',
      describe(value),
    );
  }
  t.is(checkInteger(3, 'k', 1, 3), 3);
  for (const value of [0, 4, 2.5, NaN, '2', undefined]) {
    t.throws(() => checkInteger(value as number, 'k', 1, 3), {
      code: 'INVALID_ARGUMENT',
      message: /^Expected a whole number from 1 to 3 for k but received /,
    });
  }
  t.throws(() => checkInteger(0, 'k', 1), { message: /of at least 1 for k/ });
});

test('progress of a part is mapped onto the whole', (t) => {
  const seen: number[] = [];
  const { onProgress } = partOf({ onProgress: (fraction) => seen.push(fraction) }, 0.25, 0.75);
  for (const fraction of [0, 0.5, 1]) onProgress?.(fraction);
  t.deepEqual(seen, [0.25, 0.5, 0.75]);
  t.deepEqual(partOf({ seed: 3 }, 0, 1), { seed: 3 });
  t.deepEqual(partOf({ seed: 3, width: 8 } as CallOptions, 0, 1), { seed: 3 }, 'no options of other calls');
});

test('a paced computation lets timers fire, reports progress and stops when aborted', async (t) => {
  const controller = new AbortController();
  const seen: number[] = [];
  const pace = new Pace({ signal: controller.signal, onProgress: (f) => seen.push(f) }, 1000);
  setTimeout(() => controller.abort(), 150);
  let ticks = 0;
  const error = await t.throwsAsync(
    async () => {
      for (; ticks < 1e9; ticks++) {
        const end = performance.now() + 2;
        while (performance.now() < end);
        await pace.tick(10);
      }
    },
    { instanceOf: RidgeflowError },
  );
  t.is(error.code, 'ABORTED');
  t.true(seen.length > 0 && seen.every((f, i) => f > 0 && f <= 1 && f >= (seen[i - 1] ?? 0)), seen.join(' '));
});

test('progress is told while other calls turn the event loop', async (t) => {
  const seen: number[] = [];
  const pace = new Pace({ onProgress: (fraction) => void seen.push(fraction) }, 100);
  for (let i = 0; i < 100; i++) {
    const start = performance.now();
    while (performance.now() - start < 3);
    await nextTurn();
    await pace.tick(1);
  }
  // 300 ms of work, told of every 50: more often on a slower machine, never less.
  t.true(seen.length >= 3, seen.join());
  t.true(
    seen.every((fraction, i) => fraction <= 1 && fraction > (seen[i - 1] ?? 0)),
    seen.join(),
  );
});
