/**
 * How many tests passed, failed and were skipped.
 *
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 */

/**
 * @param {Counts[]} counts
 * @returns {Counts}
 */
export function sum(...counts) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of counts) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** @param {Counts} counts */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * Makes a run that ended badly count as failed even where no single test did, or none could be counted: a crash, a
 * file that cannot be loaded, a name that matches no test.
 *
 * @param {Counts | null} counts
 * @param {number} exitCode of the test program
 * @returns {Counts}
 */
export function withExitCode(counts, exitCode) {
  if (!counts) return { passed: 0, failed: 1, skipped: 0 };
  return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/**
 * What AVA knows of a test file. `remainingTests` have begun or waited when the file ended.
 *
 * @typedef {object} AvaFileStats
 * @property {number} declaredTests
 * @property {number} failedHooks
 * @property {number} failedTests
 * @property {number} internalErrors
 * @property {number} passedKnownFailingTests
 * @property {number} passedTests
 * @property {number} remainingTests
 * @property {number} skippedTests
 * @property {number} todoTests
 * @property {number} uncaughtExceptions
 * @property {number} unexpectedProcessExits
 * @property {number} unhandledRejections
 */

/**
 * Counts one test file. One that crashed, or in which there is no test, has at least one failure; tests that never came
 * to run have failed with the file that crashed, and else were skipped.
 *
 * @param {AvaFileStats} stats
 * @param {boolean} cutShort whether its process failed or it ran out of time
 * @returns {Counts}
 */
export function countAvaFile(stats, cutShort) {
  const errors = stats.uncaughtExceptions + stats.unhandledRejections + stats.internalErrors;
  const crashed = cutShort || errors + stats.unexpectedProcessExits > 0;
  const failed = stats.failedTests + stats.failedHooks + (crashed ? stats.remainingTests : 0);
  return {
    passed: stats.passedTests + stats.passedKnownFailingTests,
    failed: crashed || stats.declaredTests === 0 ? Math.max(failed, 1) : failed,
    skipped: stats.skippedTests + stats.todoTests + (crashed ? 0 : stats.remainingTests),
  };
}

/** Reads GoogleTest's output line by line. A test that was running when the program crashed counts as failed. */
export function createGoogleTestReader() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let complete = false;
  return {
    /** @param {string} line */
    line(line) {
      // The list at the end repeats the names without times: only the lines with times are counted.
      const result = /^\[ +(OK|FAILED|SKIPPED) +\] .* \(\d+ ms\)$/.exec(line);
      if (result?.[1] === 'OK') counts.passed++;
      if (result?.[1] === 'FAILED') counts.failed++;
      if (result?.[1] === 'SKIPPED') counts.skipped++;
      if (/^\[=+\] \d+ tests? from \d+ test (suite|case)s? ran\./.test(line)) complete = true;
    },
    /**
     * @param {number} exitCode
     * @returns {Counts}
     */
    finish(exitCode) {
      return complete ? withExitCode(counts, exitCode) : { ...counts, failed: counts.failed + 1 };
    },
  };
}
