import { packageVersion } from './version.js';

/** The command that is running, as one could type it again. */
export function commandLine(): string {
  return `npx ${['ridgeflow', ...process.argv.slice(2)].map(quote).join(' ')}`;
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
