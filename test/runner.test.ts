// How the test runner counts, and what `.ci/run` checks.
import test from 'ava';
import {
  countAvaFile,
  createGoogleTestReader,
  sum,
  summaryLine,
  withExitCode,
} from '../scripts/lib/counts.mjs';
import { exitCodeOf } from '../scripts/lib/run.mjs';
import { runProblems, summaryProblems, type Summary } from '../scripts/lib/summary.mjs';

const noStats = {
  declaredTests: 0,
  failedHooks: 0,
  failedTests: 0,
  internalErrors: 0,
  passedKnownFailingTests: 0,
  passedTests: 0,
  remainingTests: 0,
  skippedTests: 0,
  todoTests: 0,
  uncaughtExceptions: 0,
  unexpectedProcessExits: 0,
  unhandledRejections: 0,
};

test('tests of the library are counted file by file', (t) => {
  const count = (stats: Partial<typeof noStats>, cutShort = false) =>
    Object.values(countAvaFile({ ...noStats, declaredTests: 9, ...stats }, cutShort));
  t.deepEqual(
    count({ passedTests: 5, passedKnownFailingTests: 1, failedTests: 2, skippedTests: 1, todoTests: 1 }),
    [6, 2, 2],
  );
  t.deepEqual(count({ passedTests: 3, remainingTests: 2 }), [3, 0, 2], 'not run after --fail-fast');
  t.deepEqual(count({ passedTests: 3, remainingTests: 2 }, true), [3, 2, 0], 'a crash takes them along');
  t.deepEqual(count({ passedTests: 3, unexpectedProcessExits: 1 }), [3, 1, 0]);
  t.deepEqual(count({ passedTests: 3, failedTests: 1, uncaughtExceptions: 1 }), [3, 1, 0]);
  t.deepEqual(count({ declaredTests: 0 }), [0, 1, 0], 'a file without tests');
});

test('tests of the native code are counted line by line', (t) => {
  const count = (lines: string[], exitCode: number) => {
    const reader = createGoogleTestReader();
    for (const line of lines) reader.line(line);
    return Object.values(reader.finish(exitCode));
  };
  const lines = [
    '[ RUN      ] Score.Dense',
    '[       OK ] Score.Dense (3 ms)',
    '[       OK ] Sizes/Score.Awkward/17, where GetParam() = 17 (0 ms)',
    '[  FAILED  ] Score.Narrow (12 ms)',
    '[  SKIPPED ] Score.Neon (0 ms)',
  ];
  const end = ['[==========] 4 tests from 2 test suites ran. (15 ms total)', '[  FAILED  ] Score.Narrow'];
  t.deepEqual(count([...lines, ...end], 1), [2, 1, 1]);
  t.deepEqual(count(lines, 139), [2, 2, 1], 'the crash is one more');
  t.deepEqual(
    count([...lines.slice(0, 3), ...end.slice(0, 1)], 1),
    [2, 1, 0],
    'it failed and no test says so',
  );
  t.deepEqual(count([], 127), [0, 1, 0]);
});

test('a run that ended badly is never a success', (t) => {
  t.deepEqual(withExitCode(null, 0), { passed: 0, failed: 1, skipped: 0 });
  t.deepEqual(withExitCode({ passed: 2, failed: 0, skipped: 0 }, 1), { passed: 2, failed: 1, skipped: 0 });
  t.deepEqual(withExitCode({ passed: 2, failed: 3, skipped: 0 }, 1), { passed: 2, failed: 3, skipped: 0 });
  t.is(exitCodeOf(null, 'SIGINT'), 130);
  t.is(exitCodeOf(3, null), 3);
});

test('the last line sums up', (t) => {
  t.is(
    summaryLine(sum({ passed: 2, failed: 0, skipped: 0 }, { passed: 5, failed: 1, skipped: 0 })),
    '7 passed, 1 failed',
  );
  t.is(summaryLine(sum({ passed: 1, failed: 0, skipped: 4 })), '1 passed, 0 failed, 4 skipped');
});

test('a summary of the main job is checked', (t) => {
  const numbers = {
    entropy: -3,
    accuracy: 0.9,
    displacement: 1,
    w2: 1,
    action: 1,
    straightness: 1,
    seconds: 1,
  };
  const depths = [1, 2, 4, 8, 16, 32, 'continuous'] as const;
  const summary = (changes: Partial<Summary['runs'][0]> = {}): Summary => ({
    ...{ input: 'digits', n: 10, d: 2, T: 0.5, backend: 'native' },
    runs: depths.map((depth) => ({ ...numbers, ...changes, depth })),
  });
  t.deepEqual(summaryProblems(summary()), []);
  t.is(summaryProblems(summary({ entropy: NaN })).length, 7);
  t.is(summaryProblems(summary({ accuracy: 1.5 })).length, 7);
  t.is(summaryProblems({ ...summary(), T: 0, backend: '' }).length, 2);
  t.is(summaryProblems({ ...summary(), runs: summary().runs.slice(1) }).length, 1);
  t.deepEqual(runProblems(summary(), summary({ entropy: -3.001, accuracy: 0.905 })), []);
  t.is(runProblems(summary(), summary({ entropy: -3.01 })).length, 7);
  t.is(runProblems(summary(), summary({ accuracy: 0.8 })).length, 7);
});
