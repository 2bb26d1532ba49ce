import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { fileError, readError } from './errors.js';

/**
 * The real path of a file that another names, which a file from elsewhere must not choose freely: it has to lie in the folder
 * of the other, links followed.
 *
 * @param path the file that names it. @param named what it names.
 * @throws FILE_FORMAT for anything outside the folder, by a symbolic link as well; FILE_NOT_FOUND.
 */
export async function insideFolder(path: string, named: unknown, place?: string): Promise<string> {
  const refused = () =>
    fileError('FILE_FORMAT', {
      file: path,
      place,
      problem: `expected weights in a file in the folder of the model but it names ${JSON.stringify(named)}`,
      remedy: 'Put the file of weights beside the model, no link to elsewhere, and name it without a path',
    });
  const plain =
    typeof named === 'string' &&
    named !== '' &&
    !/[\0\\]/.test(named) &&
    !/^[a-z]+:/i.test(named) &&
    !isAbsolute(named);
  if (!plain) throw refused();
  const outside = (inside: string) => inside === '' || inside.split(sep)[0] === '..' || isAbsolute(inside);
  try {
    const folder = await realpath(dirname(resolve(path)));
    if (outside(relative(folder, resolve(folder, named)))) throw refused();
    const file = await realpath(resolve(folder, named));
    if (outside(relative(folder, file))) throw refused();
    return file;
  } catch (cause) {
    throw readError(cause, resolve(dirname(path), named));
  }
}
