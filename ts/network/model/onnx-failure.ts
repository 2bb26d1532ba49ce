import { RidgeflowError } from '../../core/errors.js';
import { fileError } from '../../io/errors.js';
import { isError } from '../../core/realm.js';

/** How onnxruntime says that it lacks an operator, which it names. */
const LACKING = [
  /(?:error: )?([\w.:-]+)(?:\(-?\d+\))? is not a registered/i,
  /No Op registered for ([\w.]+)/i,
  /implementation for ([\w.]+)(?:\(\d+\))?/i,
];
const SHAPE =
  /invalid dimensions|Invalid rank|dimension mismatch|shape mismatch|cannot broadcast|GEMM: Dimension|Got: \d+ Expected: \d+/i;
/** What a file says that contradicts itself, whoever reads it. */
const DAMAGED =
  /INVALID_PROTOBUF|Protobuf parsing failed|is not output of any previous nodes|is not a graph input, initializer, or output|graph must be in single static assignment|is not acyclic|cycle/i;

/**
 * The error of a model that onnxruntime refuses to load or to run. What the engine cannot do is UNSUPPORTED with its own first
 * sentence, never a damaged file; INVALID_SHAPE where the input does not fit.
 */
export function onnxFailure(file: string, cause: unknown, version: string | undefined): RidgeflowError {
  if (cause instanceof RidgeflowError) return cause;
  const message = isError(cause) ? cause.message.split('\n')[0] : String(cause);
  const engine = `onnxruntime${version ? ` ${version}` : ''}`;
  for (const pattern of LACKING) {
    const operator = pattern.exec(message)?.[1];
    if (operator === undefined) continue;
    return new RidgeflowError(
      'UNSUPPORTED',
      `${file}: ${engine} does not have the operator ${operator}, which the model uses (${message}). ` +
        'Export the model without it, or install a newer onnxruntime-node',
      { cause, details: { file, operator } },
    );
  }
  if (SHAPE.test(message)) {
    return new RidgeflowError('INVALID_SHAPE', `${file}: the model does not take this input (${message})`, {
      cause,
      details: { file },
    });
  }
  if (DAMAGED.test(message)) {
    return fileError('FILE_FORMAT', {
      file,
      problem: `its graph contradicts itself (${message})`,
      remedy: 'Export the model again',
      cause,
    });
  }
  const newer = /IR version|opset/i.test(message);
  const operator = /(?:running (\w+) node|operator \((\w+)\)|Optype \((\w+)\))/.exec(message);
  const name = operator?.slice(1).find((part) => part !== undefined);
  return fileError('UNSUPPORTED', {
    file,
    problem: `${engine} cannot run the model (${message})`,
    remedy: newer
      ? 'Install a newer onnxruntime-node, or export the model with a lower opset version'
      : 'Export the model with another opset version, or install a newer onnxruntime-node',
    details: name ? { operator: name } : undefined,
    cause,
  });
}
