import { launchedSize, startedRanks, withoutOptions } from './ranks.js';
import { packageVersion } from './version.js';

/** The command that is running, as one could type it again. */
export function commandLine(): string {
  const started = startedRanks();
  const launched = launchedSize();
  const args = process.argv.slice(2);
  const line = (given: readonly string[]) => `npx ${['ridgeflow', ...given].map(quote).join(' ')}`;
  if (started !== undefined) return line([...withoutOptions(args), '--ranks', String(started)]);
  return launched === undefined ? line(args) : `mpirun -n ${launched} ${line(args)}`;
}

/** What a report says of the machine that made it. */
export function versions(): Record<string, string> {
  return {
    ridgeflow: packageVersion(),
    Node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** An argument as a shell would need it. */
function quote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
