import { rmSync } from 'node:fs';
import { aptInstall, installer } from './apt.mjs';
import { installAdvice, missingRequirements } from './requirements.mjs';
import { clearStamp, fingerprint, readStamp, writeStamp } from './stamp.mjs';

/** @typedef {import('./requirements.mjs').Requirement} Requirement */
/** @typedef {import('./steps.mjs').Outcome} Outcome */

/**
 * The system packages: a compiler and libraries for the addon, GoogleTest for its tests, Open MPI for runs over ranks.
 *
 * @param {import('./steps.mjs').Context} context
 * @returns {import('./steps.mjs').Step}
 */
export function packagesStep({ paths, system, forTests, forMpi, retry, env }) {
  const stamp = paths.stamp('packages');
  const log = paths.log('packages');
  const missing = () => missingRequirements(system, { forTests, forMpi });
  /** @param {readonly Requirement[]} list */
  const digest = (list) => fingerprint(paths.root, [], [list.map(({ debian }) => debian)]);
  /**
   * @param {readonly Requirement[]} list
   * @param {string} why
   * @returns {Outcome}
   */
  const incomplete = (list, why) => ({
    status: 'fallback',
    detail: `not all there; ${why}`,
    lines: installAdvice(list, { root: system.root }),
  });

  return {
    name: 'system packages',
    check() {
      const list = missing();
      if (list.length === 0) return { status: 'unchanged', detail: 'all there' };
      const how = installer(system, env);
      if ('refusal' in how) return incomplete(list, how.refusal);
      if (!retry && readStamp(stamp)?.fingerprint === digest(list)) {
        return incomplete(list, `installing failed before (log: ${log}); \`npm run setup\` tries again`);
      }
      const names = list.map(({ debian }) => debian).join(' ');
      const password = how.asksPassword
        ? ' (sudo may ask for your password; RIDGEFLOW_NO_INSTALL=1 goes without)'
        : '';
      return { status: 'needed', detail: `installing ${names}${password}` };
    },
    async run() {
      const list = missing();
      const how = installer(system, env);
      if ('refusal' in how) return incomplete(list, how.refusal);
      clearStamp(stamp);
      rmSync(log, { force: true });
      const names = list.map(({ debian }) => debian);
      await aptInstall(names, how, log);
      const left = missing();
      if (left.length === 0) return { status: 'done', detail: 'installed' };
      writeStamp(stamp, { fingerprint: digest(left), ok: false });
      return incomplete(left, `apt-get failed (log: ${log})`);
    },
  };
}
