// What a package of a Linux must hold to: its size, what it shows of itself, and what it asks of the system.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const MEGABYTES = 12;
/** The two functions of Node-API. */
const SHOWN = /^(napi_register_module|node_api_module_get_api_version)_v\d+$/;
/** The C library, in all its parts, and what lies in the package. */
const ASKED =
  /^(lib(c|m|pthread|dl|rt)\.so(\.\d+)?|libc\.musl-\w+\.so\.1|ld-linux-[\w-]+\.so\.\d|libscipy_openblas\.so)$/;
/** The glibc of the oldest systems: that of RHEL 8, which Node.js itself needs. */
const GLIBC = 28;
/** Of the C library, which has them in its fastest form for each processor. zig's own library has them too, in one piece with
 * what a program may need of it: a single call of that, of 128-bit integers say, and these would be of zig. */
const TAKEN = ['memcpy', 'memset', 'exp'];

/**
 * @param {import('./targets.mjs').Target} target
 * @param {{ folder: string, megabytes: number }} made the unpacked package and the size of the packed one
 * @returns {string[]} what is wrong
 */
export function packageFaults({ os, libc }, { folder, megabytes }) {
  const size = megabytes <= MEGABYTES ? [] : [`${megabytes.toFixed(1)} MB packed, of ${MEGABYTES}`];
  if (os !== 'linux') return size;
  const addon = join(folder, 'ridgeflow.node');
  const ofAddon = symbols(addon).map(({ defined, name }) => ({ defined, name: name.split('@')[0] }));
  const shown = ofAddon.filter(({ defined, name }) => defined && !SHOWN.test(name));
  const files = [addon, join(folder, 'libscipy_openblas.so')];
  const asked = files.flatMap(
    (file) =>
    [...readelf(file, '--dynamic').matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name).filter((name) => !ASKED.test(name)), // prettier-ignore
  );
  const newer = files
    .flatMap(symbols)
    .filter(({ name }) => Number(/@GLIBC_2\.(\d+)/.exec(name)?.[1]) > GLIBC);
  const asks = new Set(ofAddon.filter(({ defined }) => !defined).map(({ name }) => name));
  const own = libc === 'musl' ? [] : TAKEN.filter((name) => !asks.has(name));
  return [
    ...size,
    ...own.map((name) => `${name} is not that of the C library`),
    ...shown.map(({ name }) => `${name} is visible`),
    ...asked.map((name) => `${name} is needed`),
    ...newer.map(({ name }) => `${name} is newer than glibc 2.${GLIBC}`),
  ];
}

/**
 * @param {string} file
 * @returns {{ defined: boolean, name: string }[]} its dynamic symbols that are not local
 */
function symbols(file) {
  return readelf(file, '--dyn-syms')
    .split('\n')
    .flatMap((line) => {
      const [, number, , , , bind, , section, name] = line.split(/\s+/);
      return /^\d+:$/.test(number ?? '') && bind !== 'LOCAL' && name ? [{ defined: section !== 'UND', name }] : []; // prettier-ignore
    });
}

/**
 * @param {string} file of any processor
 * @param {string} what
 */
function readelf(file, what) {
  const { status, stdout } = spawnSync('readelf', ['--wide', what, file], { encoding: 'utf8', maxBuffer: 1 << 28 }); // prettier-ignore
  if (status !== 0) throw new Error(`readelf ${what} ${file} failed: it comes with the compiler (binutils)`);
  return stdout;
}
