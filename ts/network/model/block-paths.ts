import type { ValueGraph } from './value-graph.js';

/** What ends a part of a name without slashes, as in `conv2_block1_add`. */
const SEPARATOR = /[._-](?=[^._-]*$)/;

/**
 * A name for each block: the longest path that its convolutions and products share, which is the module that they are in.
 * Undefined where they share none, and for blocks that would have the name of another.
 */
export function blockPaths(
  graph: ValueGraph,
  blocks: readonly (readonly number[])[],
): (string | undefined)[] {
  const paths = blocks.map((inside) => {
    const mixing = inside.filter((value) => graph.mixes(value));
    return sharedPath(mixing.map((value) => graph.values[value].path));
  });
  const count = (path: string) => paths.filter((other) => other === path).length;
  return paths.map((path) => (path === '' || count(path) > 1 ? undefined : path));
}

/** `/encoder/layer.3` of `/encoder/layer.3/query/MatMul` and `/encoder/layer.3/output/MatMul`. */
function sharedPath(names: readonly string[]): string {
  if (names.some((name) => name.includes('/'))) {
    const folders = names.map((name) => name.split('/').slice(0, -1));
    return shared(folders).join('/');
  }
  if (names.length < 2) return '';
  const [letters] = [shared(names.map((name) => [...name])).join('')];
  const at = letters.search(SEPARATOR);
  return at > 0 ? letters.slice(0, at) : '';
}

/** What all lists begin with. */
function shared(lists: readonly (readonly string[])[]): string[] {
  const [first, ...others] = lists;
  const end = first.findIndex((item, i) => others.some((list) => list[i] !== item));
  return end < 0 ? [...first] : first.slice(0, end);
}
