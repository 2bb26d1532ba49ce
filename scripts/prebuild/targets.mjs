// The platforms for which packages are made, and what each is made from.

/**
 * @typedef {object} Target
 * @property {string} name of the package, in the scope of ridgeflow
 * @property {string} os as package.json says it
 * @property {string} cpu
 * @property {'glibc' | 'musl'} [libc] Linux only
 * @property {string} [triple] what zig compiles for; without one the machine's own compiler is used, on that machine
 * @property {{ tag: string, sha256: string }} openblas the wheel of OpenBLAS
 */

/** Of the wheel scipy-openblas32, which the SciPy project builds for its own packages, licences and all. */
export const OPENBLAS_VERSION = '0.3.34.481.3';

/** @type {readonly Target[]} */
export const TARGETS = [
  {
    name: 'linux-x64',
    os: 'linux',
    cpu: 'x64',
    libc: 'glibc',
    triple: 'x86_64-linux-gnu.2.28',
    openblas: {
      tag: 'manylinux_2_27_x86_64.manylinux_2_28_x86_64',
      sha256: '0595f94cd58c1f8a0d90c975621f4587337a003916b1979e834ebdf2cb5d9504',
    },
  },
  {
    name: 'linux-arm64',
    os: 'linux',
    cpu: 'arm64',
    libc: 'glibc',
    triple: 'aarch64-linux-gnu.2.28',
    openblas: {
      tag: 'manylinux_2_27_aarch64.manylinux_2_28_aarch64',
      sha256: 'e085dddbc5b9aa130f83def515d31c440e69f387a90c7e63b154a5575b4466bc',
    },
  },
  {
    name: 'linux-x64-musl',
    os: 'linux',
    cpu: 'x64',
    libc: 'musl',
    triple: 'x86_64-linux-musl',
    openblas: {
      tag: 'musllinux_1_2_x86_64',
      sha256: '46fac855d3c05004f9ee111eeeeb0aeb076c6411fc6f87c34a49b8ba729c4c38',
    },
  },
  {
    name: 'linux-arm64-musl',
    os: 'linux',
    cpu: 'arm64',
    libc: 'musl',
    triple: 'aarch64-linux-musl',
    openblas: {
      tag: 'musllinux_1_2_aarch64',
      sha256: '88b00ba6a232fe958695403f6f71858fb23c3c9ce561c467e787e5d46ace16ca',
    },
  },
];

/** @param {readonly string[]} names */
export function targetsNamed(names) {
  return names.map((name) => {
    const target = TARGETS.find((known) => known.name === name);
    if (!target)
      throw new Error(`no target ${name}: there are ${TARGETS.map((known) => known.name).join(', ')}`);
    return target;
  });
}
