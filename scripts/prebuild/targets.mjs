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

/**
 * Those that the script can make on such a machine, and that no machine has proven yet. Once one has, its row goes above
 * and its name into ts/kernel/native/locate.ts: from then on the library names the package.
 *
 * @type {readonly Target[]}
 */
export const UNPROVEN_TARGETS = [
  {
    name: 'darwin-arm64',
    os: 'darwin',
    cpu: 'arm64',
    openblas: {
      tag: 'macosx_11_0_arm64',
      sha256: '813bb8101da2f64555c4a5e71c3714539d92b0b4f1841ec12b80d50e56cde46c',
    },
  },
  {
    name: 'darwin-x64',
    os: 'darwin',
    cpu: 'x64',
    openblas: {
      tag: 'macosx_10_13_x86_64',
      sha256: '85d42ee10fd207ed6014273dcb9236ab1a65d21357f278b3aa0a78e8189665a8',
    },
  },
  {
    name: 'win32-x64',
    os: 'win32',
    cpu: 'x64',
    openblas: {
      tag: 'win_amd64',
      sha256: '963e311354df08856c22aad17d77209448d2d8fc3bc4b3b1d87912828797cf13',
    },
  },
  {
    name: 'win32-arm64',
    os: 'win32',
    cpu: 'arm64',
    openblas: {
      tag: 'win_arm64',
      sha256: '64b1637b1c0495552351743e6f5d8bb50828aaea5821bb8d998927837256bda9',
    },
  },
];

/** @param {readonly string[]} names */
export function targetsNamed(names) {
  const all = [...TARGETS, ...UNPROVEN_TARGETS];
  return names.map((name) => {
    const target = all.find((known) => known.name === name);
    if (!target) throw new Error(`no target ${name}: there are ${all.map((known) => known.name).join(', ')}`);
    return target;
  });
}
