import { run } from '../ts/cli/program.js';

/** Remedies that are followed at most. */
const MOST = 6;

/**
 * Runs a command in this process and, where it ends with an error, again with the first option that the message gives as the
 * remedy, until it ends well or names none. Returns the last exit code, what was said, and the options that were added.
 */
export async function followRemedies(
  args: readonly string[],
): Promise<{ code: number; said: string; added: readonly string[] }> {
  let added: readonly string[] = [];
  let result = await quietly([...args]);
  for (let step = 0; result.code !== 0 && step < MOST; step++) {
    const next = following(result.said.slice(result.said.lastIndexOf('ridgeflow: ')), added);
    if (!next) break;
    added = next;
    result = await quietly([...args, ...added]);
  }
  return { ...result, added };
}

/** Runs a command in this process; what it prints goes nowhere else. */
async function quietly(args: string[]): Promise<{ code: number; said: string }> {
  let said = '';
  const streams = [process.stderr, process.stdout] as const;
  const kept = streams.map((stream) => stream.write.bind(stream));
  for (const stream of streams)
    stream.write = (text: string) => {
      said += text;
      return true;
    };
  try {
    return { code: await run(['node', 'ridgeflow', ...args]), said };
  } finally {
    streams.forEach((stream, i) => (stream.write = kept[i]));
  }
}

/** The options after the first remedy of a message is followed: added, or put in the place of another. */
function following(message: string, before: readonly string[]): string[] | undefined {
  const [, option, quoted, plain, instead] =
    /(--(?:drop-missing|drop-columns|duplicates|array|fill|label-column))(?: (?:'([^']+)'|(\w[^\s,):]*)))?( instead of --drop-missing)?/.exec(message) ?? []; // prettier-ignore
  if (option === undefined) return undefined;
  const kept = instead === undefined ? before : before.filter((each) => each !== '--drop-missing');
  return [...kept, ...(option === '--drop-missing' ? [option] : [option, quoted ?? plain])];
}
