// Which part may need which: `npm run lint` holds the sources to it. docs/architecture.md draws it.

/** The folders of ts/, from the bottom up. A part needs those before it, and none after it. */
const layers = [
  'core',
  'io',
  'kernel',
  'linalg',
  'entropy',
  'measure',
  'field',
  'transport',
  'representation',
  'flow',
  'ridgelet',
  'radon',
  'network',
  'dae',
  'stream',
  'theory',
  'report',
  'cli',
];

export default {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Modules that need each other cannot be read, tested or moved alone.',
      severity: 'error',
      from: {},
      // The argument check of a function names types of the subject, and the subject calls the check.
      to: { circular: true, viaOnly: { pathNot: '/([a-z]+-)?signatures[.]ts$' } },
    },
    ...layers.slice(0, -1).map((layer, place) => ({
      name: `${layer}-reaches-up`,
      comment: `ts/${layer} is below what it needs: move that down, or this up.`,
      severity: 'error',
      from: { path: `^ts/${layer}/` },
      to: { path: `^ts/(${layers.slice(place + 1).join('|')}|index[.]ts)(/|$)` },
    })),
    {
      name: 'a-folder-without-a-layer',
      comment: 'A new folder of ts/ takes its place in the list of layers.',
      severity: 'error',
      from: { path: '^ts/', pathNot: `^ts/(${layers.join('|')})/|^ts/index[.]ts$` },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
