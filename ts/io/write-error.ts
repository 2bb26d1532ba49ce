import type { RidgeflowError } from '../core/errors.js';
import { isError } from '../core/realm.js';
import { fileError, systemCode } from './errors.js';

const PERMISSION: [problem: string, remedy: string] = [
  'writing there is not permitted',
  'Choose another output folder, or change its permissions',
];

const WRITE_PROBLEMS: Record<string, [problem: string, remedy: string]> = {
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  EROFS: ['its file system is read-only', 'Choose another output folder'],
  ENOSPC: ['the disk is full', 'Free some space, or choose a folder on another disk'],
  EDQUOT: ['the disk quota is used up', 'Free some space, or choose a folder on another disk'],
  ENOENT: ['its folder does not exist', 'Create the folder, or choose another'],
  ENOTDIR: ['a part of its path is a file, not a folder', 'Choose another path, or move that file away'],
  EEXIST: ['there is a file of that name, not a folder', 'Choose another path, or move that file away'],
  EISDIR: ['it is a folder', 'Choose the name of a file'],
  ENAMETOOLONG: ['its name is too long', 'Choose a shorter one'],
  EMFILE: ['too many files are open', 'Close some, or raise the limit of open files'],
  EFBIG: ['it would be larger than its file system allows', 'Choose a folder on another disk'],
  ELOOP: ['its symbolic links lead in a circle', 'Choose another path'],
};

/** FILE_WRITE, with what the system says and what to do about it. */
export function writeError(cause: unknown, path: string): RidgeflowError {
  const message = isError(cause) ? cause.message : String(cause);
  const [problem, remedy] = WRITE_PROBLEMS[systemCode(cause) ?? ''] ?? [`it cannot be written (${message})`];
  return fileError('FILE_WRITE', {
    file: path,
    problem,
    remedy,
    cause,
    details: { systemCode: systemCode(cause) },
  });
}
