// Messages name options as their reader gives them: `labelColumn: "y"` in a program, `--label-column y` on the command line.
let isCommandLine = false;

/** Whether messages are read at a command line. */
export function speaksToCommandLine(): boolean {
  return isCommandLine;
}

/** Runs `work`, whose messages are read at a command line. */
export async function speakToCommandLine<T>(work: () => Promise<T>): Promise<T> {
  const before = isCommandLine;
  isCommandLine = true;
  try {
    return await work();
  } finally {
    isCommandLine = before;
  }
}

/** What a message says to the author of a program, or at the command line where the same is asked for in another way. */
export function spoken(inProgram: string, atCommandLine: string): string {
  return isCommandLine ? atCommandLine : inProgram;
}

/** An option as the reader of a message gives it, with the value that it is to have, if any; several as several options. */
export function spokenOption(
  name: string,
  value?: string | number | boolean | readonly (string | number)[],
): string {
  if (!isCommandLine) return value === undefined ? name : `${name}: ${inProgram(value)}`;
  const option = `--${kebab(name)}`;
  if (value === undefined || value === true) return option;
  // A choice of columns is refused by a word, anything else by its own option.
  if (value === false) return name === 'labelColumn' ? `${option} none` : `--no-${kebab(name)}`;
  if (typeof value === 'string' || typeof value === 'number') return `${option} ${shellWord(value)}`;
  // A name with a comma in it would be taken for two in a list.
  if (value.some((each) => String(each).includes(',')))
    return value.map((each) => `${option} ${shellWord(each)}`).join(' ');
  return `${option} ${shellWord(value.join(','))}`;
}

function inProgram(value: string | number | boolean | readonly (string | number)[]): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  return value.length === 1
    ? JSON.stringify(value[0])
    : `[${value.map((each) => JSON.stringify(each)).join(', ')}]`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A word of a command line: quoted where a shell asks for it. */
function shellWord(value: string | number): string {
  const text = String(value);
  return /^[\w%+./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
