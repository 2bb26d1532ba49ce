import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { throwIfAborted } from '../core/options.js';
import { packageRoot, sourceFolder } from '../core/package-root.js';
import { writeTextAtomic } from '../io/index.js';
import { fromJson, toJson } from './result-json.js';

/** All entries together; those that were not used for longest go first. */
const MOST_BYTES = 256 * 2 ** 20;
const ENTRY = /^[0-9a-f]{64}\.json$/;
/** What the first line of an entry begins with: another form of it is another number. */
const MAGIC = 'ridgeflow-cache-1 ';

/** The user's folder for caches, by the custom of the system. */
export function defaultCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const own = env.XDG_CACHE_HOME;
  if (own !== undefined && own !== '') return join(own, 'ridgeflow');
  if (process.platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'ridgeflow', 'Cache');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'ridgeflow');
  return join(homedir(), '.cache', 'ridgeflow');
}

/** Results of earlier runs in a folder, by a hash of all that they depend on. */
export class ResultCache {
  /** @param strict whether a folder that cannot be written is an error, as one that the user named. */
  constructor(
    readonly folder: string,
    readonly strict: boolean,
    readonly mostBytes = MOST_BYTES,
  ) {}

  /** The result, or undefined where there is none, or a damaged one. */
  async read(key: string): Promise<unknown> {
    const path = this.#path(key);
    try {
      const text = await readFile(path, 'utf8');
      const end = text.indexOf('\n');
      const body = text.slice(end + 1);
      if (text.slice(0, end) !== MAGIC + checksum(body)) return undefined;
      const found = fromJson(body);
      await utimes(path, new Date(), new Date()).catch(() => undefined);
      return found;
    } catch {
      return undefined;
    }
  }

  /** Keeps a result, and lets the oldest go. A folder that cannot be written keeps nothing, or is an error where `strict`. */
  async write(key: string, result: unknown): Promise<void> {
    try {
      const body = toJson(result);
      if (body.length > this.mostBytes) return;
      await mkdir(this.folder, { recursive: true });
      await writeTextAtomic(this.#path(key), `${MAGIC}${checksum(body)}\n${body}`);
      await this.#trim();
    } catch (cause) {
      if (this.strict) throw cause;
    }
  }

  #path(key: string): string {
    return join(this.folder, `${key}.json`);
  }

  async #trim(): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => ENTRY.test(name));
    const entries = await Promise.all(
      names.map(async (name) => {
        const path = join(this.folder, name);
        // Another run may have let it go.
        const found = await stat(path).catch(() => undefined);
        return found ? [{ path, size: found.size, used: found.mtimeMs }] : [];
      }),
    );
    let bytes = 0;
    for (const { path, size } of entries.flat().sort((a, b) => b.used - a.used)) {
      bytes += size;
      if (bytes > this.mostBytes) await rm(path, { force: true });
    }
  }
}

/**
 * The hash of what a result depends on: the contents of files, of folders all that is in them, and values. Another build of the
 * program has other hashes. Throws what reading a file throws, ABORTED.
 */
export async function resultKey(
  { files, values }: { files: readonly string[]; values: unknown },
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  const built = await newest([sourceFolder(''), join(packageRoot(), 'build', 'Release')]);
  hash.update(JSON.stringify([built, values]));
  for (const file of files) await addFile(hash, file, signal);
  return hash.digest('hex');
}

async function addFile(hash: Hash, path: string, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  const found = await stat(path);
  if (found.isDirectory()) {
    const names = (await readdir(path)).sort();
    hash.update(JSON.stringify(names));
    for (const name of names) await addFile(hash, join(path, name), signal);
    return;
  }
  hash.update(`${found.size}:`);
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    hash.update(chunk as Buffer);
    throwIfAborted(signal);
  }
}

/** When the newest file in these folders was written. */
async function newest(folders: readonly string[]): Promise<number> {
  let time = 0;
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
      time = Math.max(time, found?.mtimeMs ?? 0);
    }
  }
  return time;
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
