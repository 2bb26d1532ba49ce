/**
 * What became of a step. `unchanged`: there was nothing to do. `fallback`: it could not be done, and the main job runs
 * without it, more slowly. `failed`: the main job cannot run.
 *
 * @typedef {object} Outcome
 * @property {'unchanged' | 'done' | 'fallback' | 'failed'} status
 * @property {string} detail
 * @property {string[]} [lines] what the user should read about it
 */

/**
 * A step of the set-up. `check` is quick, changes nothing, and says either how things stand or what `run` would do.
 *
 * @typedef {object} Step
 * @property {string} name
 * @property {() => Outcome | { status: 'needed', detail: string }} check
 * @property {() => Promise<Outcome>} run
 */

/**
 * What a step is made from.
 *
 * @typedef {object} Context
 * @property {import('./project.mjs').ProjectPaths} paths
 * @property {import('./requirements.mjs').System} system
 * @property {boolean} forTests
 * @property {boolean} forMpi whether runs over ranks are wanted
 * @property {boolean} retry whether to try again what failed on the same input before
 * @property {NodeJS.ProcessEnv} env
 */

/**
 * One line for each step: its name, what it does, how it ended and how long it took.
 *
 * @param {{ quiet: boolean, stream: { write(text: string): unknown } }} options `quiet` prints problems only
 */
export function createReporter({ quiet, stream }) {
  const width = 18;
  return {
    /** @param {string} text */
    note(text) {
      if (!quiet) stream.write(`${text}\n`);
    },
    /**
     * @param {string} name
     * @param {string} detail
     */
    started(name, detail) {
      if (!quiet) stream.write(`${name.padEnd(width)}${detail} ... `);
    },
    /**
     * @param {string} name
     * @param {Outcome} outcome
     * @param {number} [seconds] how long it took, where it was not only checked
     */
    ended(name, { status, detail, lines = [] }, seconds) {
      const problem = status === 'fallback' || status === 'failed';
      if (quiet && !problem) return;
      const head = seconds === undefined || quiet ? name.padEnd(width) : '';
      const time = seconds === undefined ? '' : ` (${seconds.toFixed(1)} s)`;
      stream.write(`${head}${detail}${time}\n`);
      for (const line of lines) stream.write(`${' '.repeat(width)}${line}\n`);
    },
  };
}
