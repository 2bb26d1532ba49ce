import { pathToFileURL } from 'node:url';

/**
 * A plugin of esbuild: what is CommonJS and loaded by `import()` keeps the names that Node.js gives it. esbuild by itself
 * leaves it a default export alone, once the code is split.
 *
 * @returns {import('esbuild').Plugin}
 */
export function lazyCommonJs() {
  const namespace = 'lazy-commonjs';
  return {
    name: namespace,
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
        if (kind !== 'dynamic-import' || pluginData === namespace || path.startsWith('node:'))
          return undefined;
        const found = await build.resolve(path, { kind, resolveDir, pluginData: namespace });
        if (found.external || found.errors.length > 0) return undefined;
        const names = await namesOfCommonJs(found.path);
        return names && { path: found.path, namespace, pluginData: names };
      });
      build.onLoad({ filter: /.*/, namespace }, ({ path, pluginData }) => {
        /** @type {string[]} */
        const names = pluginData;
        const contents = `import whole from ${JSON.stringify(path)};
          export default whole;
          export const { ${names.join(', ')} } = whole;`;
        return { contents, resolveDir: '/' };
      });
    },
  };
}

/**
 * The named exports of a CommonJS module; undefined for an ES module.
 *
 * @param {string} file
 * @returns {Promise<string[] | undefined>}
 */
async function namesOfCommonJs(file) {
  /** @type {Record<string, unknown>} */
  const module = await import(pathToFileURL(file).href).catch(() => ({}));
  const whole = module.default;
  if (whole === null || (typeof whole !== 'object' && typeof whole !== 'function')) return undefined;
  const names = Object.keys(module).filter((name) => name !== 'default' && name !== 'module.exports');
  return names.every((name) => name in whole) ? names : undefined;
}
