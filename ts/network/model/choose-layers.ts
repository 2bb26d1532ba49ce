import { checkCall } from '../../core/call.js';
import { RidgeflowError, describe, invalidArgument } from '../../core/errors.js';
import { SIGNATURES } from '../signatures.js';
import type { LeftOutLayer, ModelLayer, NetworkModel } from './model.js';

/**
 * The layers whose name or kind one of the patterns matches. Throws INVALID_ARGUMENT for one that matches none, or none that
 * can be shown.
 */
export function chooseLayers(model: NetworkModel, patterns: readonly string[] | undefined): ModelLayer[] {
  checkCall(SIGNATURES.chooseLayers, { model, patterns });
  return chooseAll(model, patterns).layers;
}

/** With those that would be chosen if something could be shown of them. */
export function chooseAll(
  model: NetworkModel,
  patterns: readonly string[] | undefined,
): { layers: ModelLayer[]; leftOut: LeftOutLayer[] } {
  if (patterns === undefined) return { layers: [...model.layers], leftOut: [...model.leftOut] };
  if (!Array.isArray(patterns) || patterns.length === 0)
    throw invalidArgument('layers', 'a list of names or kinds of layers', patterns);
  const chosen = new Set<ModelLayer>();
  const hidden = new Set<LeftOutLayer>();
  for (const pattern of patterns as unknown[]) {
    if (typeof pattern !== 'string') throw invalidArgument('layers', 'names or kinds of layers', pattern);
    const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
    const whole = new RegExp(`^${parts.join('.*')}$`);
    const matches = ({ name, kind }: ModelLayer) => whole.test(name) || whole.test(kind);
    const found = model.layers.filter(matches);
    const unseen = model.leftOut.filter(matches);
    for (const layer of unseen) hidden.add(layer);
    if (found.length === 0 && unseen.length > 0) {
      const [{ name, reason }] = unseen;
      throw new RidgeflowError(
        'UNSUPPORTED',
        `Nothing can be shown of ${describe(pattern)} of ${model.source}, because ${name} ${reason}: choose others`,
        { details: { parameter: 'layers' } },
      );
    }
    if (found.length === 0) {
      const names = model.layers.slice(0, 20).map(({ name, kind }) => `${name} (${kind})`);
      throw new RidgeflowError(
        'INVALID_ARGUMENT',
        `No layer of ${model.source} is named ${describe(pattern)} or of that kind. It has ${names.join(', ')}` +
          `${model.layers.length > names.length ? `, … (${model.layers.length} in all)` : ''}`,
        { details: { parameter: 'layers' } },
      );
    }
    for (const layer of found) chosen.add(layer);
  }
  return { layers: model.layers.filter((layer) => chosen.has(layer)), leftOut: [...hidden] };
}
