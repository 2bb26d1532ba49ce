import { RidgeflowError } from '../core/errors.js';
import { type NdArray, allocate } from '../core/array.js';
import { throwIfAborted } from '../core/options.js';
import { isTurnDue, nextTurn } from '../core/pace.js';
import { fileError } from '../io/errors.js';
import { checkLabelCount } from '../io/labels.js';
import { readLabels } from '../io/separate-labels.js';
import { withSource } from '../io/source.js';
import type { ModelInput, NetworkModel } from '../network/index.js';
import type { Cloud } from './cloud-input.js';
import { TextTokenizer, type Tokens } from './tokenizer.js';

/** What becomes of a file of texts. */
export interface TextOptions {
  /** tokenizer.json, or the folder of it. */
  tokenizer: string;
  /** Inputs that have values of their own. */
  input?: Readonly<Record<string, unknown>>;
  labels?: string;
  signal: AbortSignal;
}

/** Texts as a model takes them. */
export interface TextExamples {
  /** Token ids, with mask and types where the model has inputs for them. */
  points: Record<string, NdArray>;
  texts: string[];
  labels: Cloud['labels'];
  classes: Cloud['classes'];
  notes: string[];
}

type Role = 'ids' | 'mask' | 'types' | 'positions';

/** What an input of a model of texts is for, by the names that exporters give: `input_ids`, `attention_mask`, …. */
function roleOf({ name }: ModelInput): Role {
  if (/mask/i.test(name)) return 'mask';
  if (/type|segment/i.test(name)) return 'types';
  return /position/i.test(name) ? 'positions' : 'ids';
}

/**
 * Reads a text file, an example a line, and makes of it what the model takes: ids of tokens, cut and filled up as the tokenizer says, or
 * to the one length that the model takes, and where it has inputs for them the mask of what is no padding, types and positions.
 *
 * @throws what `TextTokenizer.open` throws; EMPTY_CLOUD, INVALID_ARGUMENT for a model without one input of token ids, or where
 *   there is nothing to fill up with; INVALID_SHAPE for labels of another number, OUT_OF_MEMORY, ABORTED.
 */
export async function readTexts(
  model: NetworkModel,
  path: string,
  { tokenizer: tokenizerPath, input = {}, labels: labelFile, signal }: TextOptions,
): Promise<TextExamples> {
  const inputs = inputsOfTexts(model, input);
  const tokenizer = await TextTokenizer.open(tokenizerPath);
  const texts = await linesOf(path, signal);
  const labels = labelFile === undefined ? undefined : await readLabels(labelFile, signal);
  if (labels) checkLabelCount(labels, texts.length, path, labelFile!);
  const fixed = inputs.get('ids')!.shape?.[0] ?? undefined;
  const longest = Math.min(tokenizer.longest, fixed ?? Infinity);
  const tokens: Tokens[] = [];
  for (const [line, text] of texts.entries()) {
    const one = tokenizer.tokens(text, longest);
    if (one.ids.length === 0) {
      throw fileError('INVALID_ARGUMENT', {
        file: path,
        place: `line ${line + 1}`,
        problem: 'the tokenizer makes no token of it',
        remedy: 'Leave such lines out',
      });
    }
    tokens.push(one);
    if (isTurnDue()) await nextTurn();
    throwIfAborted(signal);
  }
  const { least, multiple, id } = tokenizer.padding;
  const most = tokens.reduce((length, { ids }) => Math.max(length, ids.length), least);
  const length = fixed ?? Math.ceil(most / multiple) * multiple;
  const isPadded = tokens.some(({ ids }) => ids.length < length);
  const hasMask = inputs.has('mask') || Object.keys(input).some((name) => /mask/i.test(name));
  if (isPadded && id === undefined && !hasMask) {
    throw fileError('INVALID_ARGUMENT', {
      file: tokenizerPath,
      problem:
        'the texts have different lengths, but it has no token for padding, and the model no mask to leave others out by',
      remedy: 'Give pad_id in its padding, or pad_token in tokenizer_config.json beside it',
    });
  }
  const points = Object.fromEntries(
    [...inputs].map(([role, { name }]) => [name, rowsOf(role, tokens, length, tokenizer)]),
  );
  const cut = tokens.filter(({ isCut }) => isCut).length;
  const notes = [
    ...(cut > 0
      ? [
          `${cut} of ${texts.length} texts are longer than ${longest} tokens: ${tokenizer.cutSide === 'left' ? 'what they begin with is' : 'their ends are'} left out`,
        ]
      : []),
    ...(isPadded && !hasMask
      ? ['the model has no mask among its inputs: what fills short texts up counts as tokens']
      : []),
  ];
  return {
    ...{ points, texts, labels, notes },
    classes: labels && `Classes: the ${labels.names.length} of ${labelFile}`,
  };
}

/** The inputs that tokens are made for, by what they are for. */
function inputsOfTexts(
  { source, format, inputs }: NetworkModel,
  given: Readonly<Record<string, unknown>>,
): Map<Role, ModelInput> {
  const found = new Map<Role, ModelInput>();
  const open = inputs.filter(({ name, axis }) => given[name] === undefined && axis !== null);
  for (const input of open) {
    const role = roleOf(input);
    const isIds = role !== 'ids' || format !== 'onnx' || input.type.includes('int');
    if (isIds && !found.has(role) && (input.shape?.length ?? 1) === 1) {
      found.set(role, input);
      continue;
    }
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `${source}: no tokens are made for the input ${input.name}: give --input ${input.name}=file, or a number`,
      { details: { parameter: input.name } },
    );
  }
  if (!found.has('ids')) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `${source}: none of its inputs ${inputs.map(({ name }) => name).join(', ')} takes token ids: give a model of texts, or data without --tokenizer`,
    );
  }
  return found;
}

function rowsOf(role: Role, all: readonly Tokens[], length: number, { padding }: TextTokenizer): NdArray {
  const data = allocate('float32', all.length * length, 'the tokens');
  const filler = { ids: padding.id ?? 0, types: padding.type, mask: 0, positions: 0 }[role];
  if (filler !== 0) data.fill(filler);
  all.forEach(({ ids, types }, i) => {
    const from = i * length + (padding.side === 'left' ? length - ids.length : 0);
    if (role === 'ids') data.set(ids, from);
    else if (role === 'types') data.set(types, from);
    else for (let k = 0; k < ids.length; k++) data[from + k] = role === 'mask' ? 1 : k;
  });
  return { data, shape: [all.length, length] };
}

/** Most bytes of text: they and their tokens lie in the heap of V8, whose end ends the process. */
const LARGEST_TEXT = 2 ** 27;

function tooLong(file: string): RidgeflowError {
  return fileError('OUT_OF_MEMORY', {
    file,
    problem: `it holds more than ${LARGEST_TEXT / 2 ** 20} MiB of text`,
    remedy: 'Give a part of its lines: some thousands say what a model does',
    details: { largest: LARGEST_TEXT },
  });
}

/** The lines of a text file in UTF-8, also compressed by gzip; what follows the last end of a line is a line where there is something. */
async function linesOf(path: string, signal: AbortSignal): Promise<string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  try {
    text = await withSource(path, /\.gz$/i.test(path), signal, async (source) => {
      const parts: string[] = [];
      let bytes = 0;
      for (let chunk = await source.next(); chunk; chunk = await source.next()) {
        bytes += chunk.length;
        if (bytes > LARGEST_TEXT) throw tooLong(path);
        parts.push(decoder.decode(chunk, { stream: true }));
      }
      parts.push(decoder.decode());
      return parts.join('');
    });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw fileError('FILE_FORMAT', {
      file: path,
      problem: 'expected text in UTF-8, one example a line, but its bytes are none',
      remedy: 'Save it as UTF-8',
      cause,
    });
  }
  const lines = text.split(/\r?\n/);
  if (lines[lines.length - 1] === '') lines.pop();
  if (lines.length >= 2) return lines;
  throw fileError('EMPTY_CLOUD', {
    file: path,
    problem: `expected at least 2 texts, one a line, but it holds ${lines.length}`,
  });
}
