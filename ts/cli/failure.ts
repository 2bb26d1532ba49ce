import { InvalidArgumentError } from 'commander';
import { RidgeflowError } from '../core/errors.js';
import { isError } from '../core/realm.js';

/** Exit codes of every command. */
export const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** The same for the end of a command's help. */
export const EXIT_HELP = `
Exit codes: 0 done, 1 the input or the computation failed, 2 wrong usage,
130 interrupted.`;

/** Says what went wrong on standard error, without a stack trace unless asked, and returns the exit code. */
export function reportFailure(error: unknown, debug: boolean): number {
  if (error instanceof RidgeflowError && error.code === 'ABORTED') {
    process.stderr.write('ridgeflow: interrupted; every file that was written is whole\n');
    return EXIT.interrupted;
  }
  if (error instanceof RidgeflowError) {
    process.stderr.write(`ridgeflow: ${error.message} [${error.code}]\n`);
  } else {
    process.stderr.write(
      `ridgeflow: unexpected failure: ${isError(error) ? error.message : String(error)}\n`,
    );
    if (!debug) process.stderr.write('Run again with --debug for the stack trace.\n');
  }
  if (debug && isError(error)) process.stderr.write(`${error.stack}\n`);
  return EXIT.failure;
}

/** Parses a number above zero given on the command line. */
export function parsePositive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

/** Parses a whole number of at least `minimum`, and at most `maximum` where one is given. */
export function parseInteger(minimum: number, maximum = Infinity): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < minimum || value > maximum) {
      const range = maximum === Infinity ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
      throw new InvalidArgumentError(`It must be a whole number ${range}.`);
    }
    return value;
  };
}

/** Parses rows x columns. */
export function parseImageShape(text: string): [number, number] {
  const match = /^(\d+)x(\d+)$/.exec(text);
  if (!match || Number(match[1]) < 1 || Number(match[2]) < 1)
    throw new InvalidArgumentError('It must be rows x columns, like 28x28.');
  return [Number(match[1]), Number(match[2])];
}

/** Parses the extents of an array, like 3x224x224. */
export function parseShape(text: string): number[] {
  if (!/^[1-9]\d*(?:[x,][1-9]\d*)*$/.test(text))
    throw new InvalidArgumentError('It must be extents, like 3x224x224.');
  return text.split(/[x,]/).map(Number);
}
