import { checkCall } from '../../core/call.js';
import { invalidArgument } from '../../core/errors.js';
import { fileError } from '../../io/errors.js';
import { type OnnxNode, readOnnx, writeOnnx } from '../../io/onnx-model.js';
import { readExternalWeights } from '../../io/onnx-external.js';
import type { WriteOptions } from '../../io/write.js';
import { INPUT } from '../model/activations.js';
import { widenHalves } from '../model/onnx-halves.js';
import { onnxInputs } from '../model/onnx-inputs.js';
import { partFor } from '../model/onnx-parts.js';
import { onnxModelOf } from '../onnx.js';
import { SIGNATURES } from '../signatures.js';
import type { RefittedStream } from './refit-stream.js';

/** What the values of the new layers are called, before their own names. */
const PREFIX = 'refitted/';

/**
 * Writes an ONNX model with the layers of {@link refitStream} in the place of the blocks that they were fitted to: the rest is as in
 * the file, in float32, without what nothing needs any more. Atomic.
 *
 * @param source the .onnx file that was refitted. @throws FILE_NOT_FOUND, FILE_FORMAT, INVALID_ARGUMENT where it has no such
 * states, UNSUPPORTED where they are made together with other values, FILE_WRITE, ABORTED.
 */
export async function writeRefittedOnnx(
  path: string,
  source: string,
  refitted: Pick<RefittedStream, 'from' | 'to' | 'network'>,
  options: WriteOptions = {},
): Promise<void> {
  checkCall(SIGNATURES.writeRefittedOnnx, { path, source, refitted, options });
  const model = await readOnnx(source);
  const { graph } = model;
  const inputs = onnxInputs(source, graph);
  await readExternalWeights(source, model);
  widenHalves(model);
  const { to, network } = refitted;
  const from = refitted.from === INPUT ? inputs.find(({ axis }) => axis !== null)?.name : refitted.from;
  const maker = graph.node.findIndex(({ output }) => output.includes(to));
  const known =
    from !== undefined &&
    (from === inputs[0]?.name || graph.node.some(({ output }) => output.includes(from)));
  if (maker < 0 || !known)
    throw invalidArgument('refitted', `states of ${source}`, `${refitted.from} and ${to}`);
  if (graph.node[maker].output.filter((name) => name !== '').length > 1) {
    throw fileError('UNSUPPORTED', {
      file: source,
      problem: `its state ${to} is made together with other values`,
      remedy: 'Refit a stream of another model, or export this one with plain sums',
    });
  }
  const piece = onnxModelOf(network).graph;
  const renamed = (name: string) => (name === 'x' ? from : name === 'y' ? to : `${PREFIX}${name}`);
  const nodes = piece.node.map((node): OnnxNode => ({
    ...node,
    name: `${PREFIX}${node.name}`,
    input: node.input.map(renamed),
    output: node.output.map(renamed),
  }));
  const whole = {
    ...graph,
    node: [...graph.node.slice(0, maker), ...nodes, ...graph.node.slice(maker + 1)],
    initializer: [
      ...(graph.initializer ?? []),
      ...(piece.initializer ?? []).map((tensor) => ({ ...tensor, name: renamed(tensor.name ?? '') })),
    ],
  };
  const outputs = graph.output.map(({ name }) => name);
  await writeOnnx(path, { ...model, graph: { ...whole, ...partFor(whole, outputs) } }, options);
}
