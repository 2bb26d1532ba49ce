/** Options of the command line that take no value. */
const SWITCHES = new Set(['--quiet', '--json', '--debug', '--help', '-h']);

/**
 * What `npm start -- <args>` runs: the file that comes first among the arguments, before any option that takes a value,
 * or else `file`.
 *
 * @param {string[]} args
 * @param {string} file what to run on where the user names none
 * @returns {string[]} the arguments of the `ridgeflow` command
 */
export function transportArguments(args, file) {
  const first = args.findIndex((arg) => !SWITCHES.has(arg) && !/^--[^=]+=/.test(arg));
  const named = first >= 0 && !args[first].startsWith('-');
  return ['transport', ...(named ? [] : [file]), ...args];
}
