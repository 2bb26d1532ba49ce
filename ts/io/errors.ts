import { RidgeflowError, type ErrorCode } from '../core/errors.js';
import { isError } from '../core/realm.js';

/** Facts of an error about a file: the message reads `file, place: problem. remedy.` */
export interface FileProblem {
  file: string;
  /** Where in the file: a line, a row and a column, an entry. */
  place?: string;
  /** What was expected and what came. */
  problem: string;
  /** What the user can do about it: a sentence without its full stop. */
  remedy?: string;
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** An error about a file, in the one form that all readers and writers use. `details.file` is always there. */
export function fileError(code: ErrorCode, facts: FileProblem): RidgeflowError {
  const where = facts.place ? `${facts.file}, ${facts.place}` : facts.file;
  const remedy = facts.remedy ? `. ${facts.remedy}` : '';
  return new RidgeflowError(code, `${where}: ${facts.problem}${remedy}`, {
    cause: facts.cause,
    details: { file: facts.file, ...facts.details },
  });
}

/** FILE_TRUNCATED: the file should have had `expected` bytes (of `what`) and has `actual`. */
export function truncated(file: string, what: string, expected: number, actual: number): RidgeflowError {
  return fileError('FILE_TRUNCATED', {
    file,
    problem: `expected ${expected} bytes of ${what} but the file has only ${actual}`,
    remedy: 'It is cut short: copy or download it again',
    details: { expected, actual },
  });
}

/** FILE_FORMAT: the file contradicts its own format. */
export function damaged(file: string, problem: string, cause?: unknown): RidgeflowError {
  return fileError('FILE_FORMAT', {
    file,
    problem,
    remedy: 'The file is damaged: copy, download or write it again',
    cause,
  });
}

/** The system's code of a failed file operation, such as ENOENT, or of a failed decompression, such as Z_DATA_ERROR. */
export function systemCode(cause: unknown): string | undefined {
  if (!isError(cause) || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}

const READ_PROBLEMS: Record<string, [problem: string, remedy: string]> = {
  ENOENT: ['there is no such file', 'Check the path'],
  ENOTDIR: ['a part of its path is a file, not a folder', 'Check the path'],
  EACCES: ['reading it is not permitted', 'Change its permissions, or run as a user who may read it'],
  EPERM: ['reading it is not permitted', 'Change its permissions, or run as a user who may read it'],
  EMFILE: ['too many files are open', 'Close some, or raise the limit of open files'],
  ELOOP: ['its symbolic links lead in a circle', 'Check the path'],
  ENAMETOOLONG: ['its name is too long', 'Check the path'],
};

/** The RidgeflowError of a failed read: the error itself where it already is one. */
export function readError(cause: unknown, file: string): RidgeflowError {
  if (cause instanceof RidgeflowError) return cause;
  const code = systemCode(cause);
  if (code === 'Z_BUF_ERROR') {
    return fileError('FILE_TRUNCATED', {
      file,
      problem: 'its compressed data ends too early',
      remedy: 'It is cut short: copy or download it again',
      cause,
    });
  }
  const message = isError(cause) ? cause.message : String(cause);
  if (code?.startsWith('Z_')) return damaged(file, `its compressed data is invalid (${message})`, cause);
  const [problem, remedy] = READ_PROBLEMS[code ?? ''] ?? [`it cannot be read (${message})`, undefined];
  return fileError('FILE_NOT_FOUND', { file, problem, remedy, cause });
}
