import type { OnnxNode } from '../../io/onnx-model.js';

/** Where PyTorch's exporter, since 2.6 by default, writes the modules around a node: a list as Python prints it. */
const SCOPES = 'pkg.torch.onnx.name_scopes';

/**
 * The path of a node in its model, as `/encoder/layers.0/linear1/MatMul`: its name, which most exporters make of the modules
 * around it, or these as PyTorch notes them beside names like `node_linear_3`. Undefined for a node without a name.
 */
export function nodePath({ name, opType, metadataProps }: OnnxNode): string | undefined {
  const list = metadataProps?.find(({ key }) => key === SCOPES)?.value;
  if (!list || name?.includes('/')) return name || undefined;
  // `['', 'encoder', 'encoder.layers.0', 'linear_3']`: each within the one before, and the operation itself.
  const modules = [...list.matchAll(/'([^']*)'/g)].map(([, scope]) => scope).slice(0, -1);
  let around = '';
  const path = modules.flatMap((module) => {
    const own = around !== '' && module.startsWith(`${around}.`) ? module.slice(around.length + 1) : module;
    around = module;
    return own === '' ? [] : [own];
  });
  return ['', ...path, opType].join('/');
}
