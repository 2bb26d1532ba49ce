import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RidgeflowError } from '../core/errors.js';
import { damaged, fileError, readError, systemCode } from '../io/errors.js';

/** The part of @huggingface/tokenizers that is used. */
interface Encoder {
  encode(
    text: string,
    options: { add_special_tokens: boolean; return_token_type_ids: true },
  ): { ids: number[]; token_type_ids?: number[] };
  token_to_id(token: string): number | undefined;
}

interface TokenizersModule {
  Tokenizer: new (tokenizer: object, config: object) => Encoder;
}

/** The tokens of one text. */
export interface Tokens {
  ids: readonly number[];
  /** Which of two texts each belongs to, as BERT counts: 0 of one text alone. */
  types: readonly number[];
  /** Whether there were more than the tokenizer lets through. */
  isCut: boolean;
}

/** How texts of different lengths become rows of one length. */
export interface Padding {
  /** The token that fills them, where the tokenizer has one. */
  id: number | undefined;
  type: number;
  side: 'left' | 'right';
  /** The least length, and what a length is a multiple of. */
  least: number;
  multiple: number;
}

type Json = Record<string, unknown>;

/** Lengths beyond are how Hugging Face writes that there is no longest text. */
const NO_LENGTH = 1e9;

/** The files that a tokenizer is made of: tokenizer.json, or the folder of it, and tokenizer_config.json where that lies beside it. */
export async function tokenizerFiles(path: string): Promise<[tokenizer: string, config?: string]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw readError(cause, path);
  });
  const file = found.isDirectory() ? join(path, 'tokenizer.json') : path;
  const config = join(dirname(file), 'tokenizer_config.json');
  return stat(config).then(
    () => [file, config],
    () => [file],
  );
}

/** A tokenizer of Hugging Face: what splits texts, cuts them and fills them up, as its files say. */
export class TextTokenizer {
  readonly padding: Padding;
  /** Most tokens of a text, or Infinity; the special ones counted. */
  readonly longest: number;
  readonly #encoder: Encoder;
  readonly #file: string;
  /** From which side too long texts are cut. */
  readonly cutSide: 'left' | 'right';

  private constructor(file: string, encoder: Encoder, json: Json, config: Json) {
    this.#file = file;
    this.#encoder = encoder;
    const truncation = (json.truncation ?? {}) as { max_length?: unknown; direction?: unknown };
    this.longest = lengthOf(truncation.max_length) ?? lengthOf(config.model_max_length) ?? Infinity;
    this.cutSide = sideOf(truncation.direction ?? config.truncation_side);
    const padding = (json.padding ?? {}) as Json;
    const token = tokenName(config.pad_token);
    const strategy = padding.strategy as { Fixed?: unknown } | undefined;
    this.padding = {
      id: lengthOf(padding.pad_id) ?? (token === undefined ? undefined : encoder.token_to_id(token)),
      type: lengthOf(padding.pad_type_id) ?? 0,
      side: sideOf(padding.direction ?? config.padding_side),
      least: lengthOf(strategy?.Fixed) ?? 0,
      multiple: lengthOf(padding.pad_to_multiple_of ?? undefined) || 1,
    };
  }

  /**
   * Reads tokenizer.json, or the folder of it; what it leaves open tokenizer_config.json beside it says.
   *
   * @throws FILE_NOT_FOUND, FILE_FORMAT, UNSUPPORTED for parts that @huggingface/tokenizers does not know, BACKEND_UNAVAILABLE
   *   where that package is not installed.
   */
  static async open(
    path: string,
    load: () => Promise<TokenizersModule> = fromPackage,
  ): Promise<TextTokenizer> {
    const [file, configFile] = await tokenizerFiles(path);
    const json = await readJson(file);
    const config = configFile === undefined ? {} : await readJson(configFile);
    if (typeof json.model !== 'object' || json.model === null) {
      throw fileError('FILE_FORMAT', {
        file,
        problem: 'it has no model: expected the tokenizer.json of a model',
        remedy: 'Save it by save_pretrained of a fast tokenizer',
      });
    }
    const { Tokenizer } = await loaded(load);
    const parts = {
      added_tokens: [],
      decoder: null,
      post_processor: null,
      pre_tokenizer: null,
      normalizer: null,
    };
    try {
      return new TextTokenizer(file, new Tokenizer({ ...parts, ...json }, config), json, config);
    } catch (cause) {
      throw fileError('UNSUPPORTED', {
        file,
        problem: `@huggingface/tokenizers cannot use it (${messageOf(cause)})`,
        remedy: 'Install a newer one, or give the token ids as .npy or .npz files',
        cause,
      });
    }
  }

  /** The tokens of a text, no more than `longest` of them. Throws UNSUPPORTED, FILE_FORMAT. */
  tokens(text: string, longest = this.longest): Tokens {
    const { ids, types } = this.#encoded(text, true);
    if (ids.length <= longest) return { ids, types, isCut: false };
    // Special tokens stay: what is cut is the text between them.
    const { ids: inner } = this.#encoded(text, false);
    const from = startOf(ids, inner);
    const kept = longest - (ids.length - inner.length);
    if (from < 0 || kept < 1) {
      throw fileError('FILE_FORMAT', {
        file: this.#file,
        problem: `no text fits between its special tokens in ${longest} tokens`,
        remedy: 'Allow more: max_length of truncation in tokenizer.json',
      });
    }
    const [first, end] =
      this.cutSide === 'left' ? [from + inner.length - kept, from + inner.length] : [from, from + kept];
    const cut = (all: readonly number[]) => [
      ...all.slice(0, from),
      ...all.slice(first, end),
      ...all.slice(from + inner.length),
    ];
    return { ids: cut(ids), types: cut(types), isCut: true };
  }

  #encoded(text: string, special: boolean): { ids: number[]; types: number[] } {
    try {
      const { ids, token_type_ids: types } = this.#encoder.encode(text, {
        add_special_tokens: special,
        return_token_type_ids: true,
      });
      const unknown = ids.findIndex((id) => !Number.isSafeInteger(id) || id < 0);
      if (unknown >= 0)
        throw new Error(`token ${unknown} is none of its vocabulary, which has none for what is unknown`);
      return { ids, types: types ?? ids.map(() => 0) };
    } catch (cause) {
      throw fileError('UNSUPPORTED', {
        file: this.#file,
        problem: `it has no tokens for the text ${JSON.stringify(text.slice(0, 60))} (${messageOf(cause)})`,
        remedy: 'Give the tokenizer that the model was trained with',
        cause,
      });
    }
  }
}

/** Where the tokens of the text begin among all with the special ones. */
function startOf(all: readonly number[], inner: readonly number[]): number {
  for (let from = 0; from + inner.length <= all.length; from++)
    if (inner.every((id, i) => all[from + i] === id)) return from;
  return -1;
}

async function readJson(file: string): Promise<Json> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw readError(cause, file);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw damaged(file, 'it is not valid JSON', cause);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw damaged(file, 'it is no object of JSON');
  return json as Json;
}

function lengthOf(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < NO_LENGTH
    ? (value as number)
    : undefined;
}

function sideOf(value: unknown): 'left' | 'right' {
  return typeof value === 'string' && value.toLowerCase() === 'left' ? 'left' : 'right';
}

/** A special token as tokenizer_config.json names it: by its text, or as an object that holds it. */
function tokenName(value: unknown): string | undefined {
  const name = typeof value === 'object' && value !== null ? (value as { content?: unknown }).content : value;
  return typeof name === 'string' ? name : undefined;
}

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

/** The name is no literal to the compiler, which must not ask for an optional package. */
const TOKENIZERS: string = '@huggingface/tokenizers';

const fromPackage = () => import(TOKENIZERS) as Promise<TokenizersModule>;

async function loaded(load: () => Promise<TokenizersModule>): Promise<TokenizersModule> {
  try {
    return await load();
  } catch (cause) {
    if (systemCode(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new RidgeflowError(
      'BACKEND_UNAVAILABLE',
      `Texts need the package ${TOKENIZERS}: npm install ${TOKENIZERS}`,
      { cause },
    );
  }
}
