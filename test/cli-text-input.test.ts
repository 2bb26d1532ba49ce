import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import type { NetworkSummary } from '../ts/cli/network.js';
import { type TextOptions, readTexts } from '../ts/cli/text-input.js';
import { TextTokenizer } from '../ts/cli/tokenizer.js';
import { RidgeflowError } from '../ts/core/errors.js';
import { ONNX_ATTRIBUTES, floatTensor, floatValueInfo, writeOnnx } from '../ts/io/onnx-model.js';
import { readNpz } from '../ts/io/index.js';
import type { InputType, NetworkModel } from '../ts/network/index.js';
import { emptyFolder, ridgeflow } from './command-line.js';
import { normals } from './network-models.js';

const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'flow', 'moves', 'point', '##s', 'the', '.'];
const [PAD, UNK, CLS, SEP, A, FLOW, MOVES, POINT, S, THE, DOT] = WORDS.keys();

/** A tokenizer of eleven word pieces that works as BERT's: lower case, special tokens around. */
function tokenizer(more: object = {}): object {
  const special = (id: number) => ({
    ...{ id, content: WORDS[id], single_word: false, lstrip: false, rstrip: false },
    ...{ normalized: false, special: true },
  });
  const named = (id: number) => ({ id: WORDS[id], ids: [id], tokens: [WORDS[id]] });
  const token = (id: number) => ({ SpecialToken: { id: WORDS[id], type_id: 0 } });
  const text = { Sequence: { id: 'A', type_id: 0 } };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [PAD, UNK, CLS, SEP].map(special),
    normalizer: {
      ...{ type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true },
      ...{ strip_accents: null, lowercase: true },
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [token(CLS), text, token(SEP)],
      pair: [token(CLS), text, token(SEP), { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '[CLS]': named(CLS), '[SEP]': named(SEP) },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      ...{ type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##' },
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
    },
    ...more,
  };
}

async function written(folder: string, json: unknown, config?: object): Promise<string> {
  const path = join(folder, 'tokenizer.json');
  await writeFile(path, JSON.stringify(json));
  if (config) await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(config));
  return path;
}

type Declared = [name: string, extent?: number | null, type?: InputType];

/** What is read of a model: what it takes. */
const takes = (...inputs: Declared[]) =>
  ({
    ...{ source: 'model.onnx', format: 'onnx' },
    inputs: inputs.map(([name, extent = null, type = 'int64']) => ({
      ...{ name, type, axis: 0, batch: null, shape: [extent] },
    })),
  }) as unknown as NetworkModel;
const BERT = takes(['input_ids'], ['attention_mask'], ['token_type_ids'], ['position_ids']);

async function read(
  folder: string,
  model: NetworkModel,
  more: Partial<TextOptions> & { text?: string; json?: object; config?: object } = {},
) {
  const { text = 'A point moves.\nThe flows\n', json = {}, config, ...options } = more;
  await writeFile(join(folder, 'texts.txt'), text);
  const path = await written(folder, tokenizer(json), config);
  const { signal } = new AbortController();
  return readTexts(model, join(folder, 'texts.txt'), { tokenizer: path, signal, ...options });
}

const rows = (array: { data: ArrayLike<number>; shape: readonly number[] }) => {
  const [n, length] = array.shape;
  return Array.from({ length: n }, (_, i) => Array.from({ length }, (_, k) => array.data[i * length + k]));
};

async function refused(t: ExecutionContext, promise: Promise<unknown>, code: string, text: RegExp) {
  await t.throwsAsync(promise, { instanceOf: RidgeflowError, code, message: text });
}

test('texts become ids, with mask, types and positions for the inputs that a model has', async (t) => {
  const { points, texts, notes } = await read(emptyFolder(t), BERT, { config: { pad_token: '[PAD]' } });
  t.deepEqual(texts, ['A point moves.', 'The flows']);
  t.deepEqual(rows(points.input_ids), [
    [CLS, A, POINT, MOVES, DOT, SEP],
    [CLS, THE, FLOW, S, SEP, PAD],
  ]);
  t.deepEqual(rows(points.attention_mask), [
    [1, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 1, 0],
  ]);
  t.deepEqual(rows(points.token_type_ids), [Array(6).fill(0), Array(6).fill(0)]);
  t.deepEqual(rows(points.position_ids), [
    [0, 1, 2, 3, 4, 5],
    [0, 1, 2, 3, 4, 0],
  ]);
  t.deepEqual(notes, []);
});

test('texts are cut and filled up as the tokenizer says, from either side', async (t) => {
  const folder = emptyFolder(t);
  const padding = (more: object) => ({
    ...{ strategy: 'BatchLongest', direction: 'Left', pad_to_multiple_of: null },
    ...{ pad_id: UNK, pad_type_id: 3, pad_token: '[UNK]', ...more },
  });
  const truncation = (direction: string) => ({
    ...{ direction, max_length: 5, strategy: 'LongestFirst', stride: 0 },
  });
  const right = await read(folder, BERT, { json: { truncation: truncation('Right'), padding: padding({}) } });
  t.deepEqual(rows(right.points.input_ids), [
    [CLS, A, POINT, MOVES, SEP],
    [CLS, THE, FLOW, S, SEP],
  ]);
  t.regex(right.notes.join(), /1 of 2 texts are longer than 5 tokens: their ends are left out/);
  const left = await read(folder, BERT, {
    text: 'A point moves.\nflow',
    json: { truncation: truncation('Left'), padding: padding({ pad_to_multiple_of: 4 }) },
  });
  t.deepEqual(rows(left.points.input_ids), [
    [UNK, UNK, UNK, CLS, POINT, MOVES, DOT, SEP],
    [UNK, UNK, UNK, UNK, UNK, CLS, FLOW, SEP],
  ]);
  t.regex(left.notes.join(), /longer than 5 tokens: what they begin with is left out/);
  t.deepEqual(rows(left.points.attention_mask)[1], [0, 0, 0, 0, 0, 1, 1, 1]);
  t.deepEqual(rows(left.points.token_type_ids)[1], [3, 3, 3, 3, 3, 0, 0, 0]);
  t.deepEqual(rows(left.points.position_ids)[1], [0, 0, 0, 0, 0, 0, 1, 2]);
  const fixed = await read(folder, BERT, { json: { padding: padding({ strategy: { Fixed: 9 } }) } });
  t.deepEqual(fixed.points.input_ids.shape, [2, 9]);
  // The length that tokenizer_config.json names holds where tokenizer.json has none, and the model's own above all.
  const config = { model_max_length: 4, pad_token: { content: '[PAD]' }, padding_side: 'left' };
  const configured = await read(folder, BERT, { text: 'the flow moves\n.', config });
  t.deepEqual(rows(configured.points.input_ids), [
    [CLS, THE, FLOW, SEP],
    [PAD, CLS, DOT, SEP],
  ]);
  const narrow = await read(folder, takes(['input_ids', 3]), { config });
  t.deepEqual(rows(narrow.points.input_ids), [
    [CLS, A, SEP],
    [CLS, THE, SEP],
  ]);
});

test('what has no token is unknown; lines may end as on Windows, be compressed, and hold special tokens', async (t) => {
  const folder = emptyFolder(t);
  const { points } = await read(folder, takes(['ids', null, 'int32']), {
    text: 'Flöw POINTS\r\n[SEP] the [CLS] .',
    json: { truncation: { max_length: 5, direction: 'Right' } },
  });
  t.deepEqual(rows(points.ids), [
    [CLS, FLOW, POINT, S, SEP],
    [CLS, SEP, THE, CLS, SEP],
  ]);
  const unknown = await read(folder, takes(['ids']), { text: 'xyz\nthe' });
  t.deepEqual(rows(unknown.points.ids), [
    [CLS, UNK, SEP],
    [CLS, THE, SEP],
  ]);
  await writeFile(join(folder, 'texts.txt.gz'), gzipSync('the\na\n'));
  const { signal } = new AbortController();
  const compressed = await readTexts(takes(['ids']), join(folder, 'texts.txt.gz'), {
    tokenizer: folder,
    signal,
  });
  t.deepEqual(compressed.texts, ['the', 'a']);
});

test('a small file that holds more text than fits is refused before it fills the memory', async (t) => {
  const folder = emptyFolder(t);
  const path = await written(folder, tokenizer({}));
  const file = join(folder, 'texts.txt.gz');
  await writeFile(file, gzipSync(Buffer.alloc(2 ** 27 + 2, 'a\n'), { level: 1 }));
  const { signal } = new AbortController();
  await refused(t, readTexts(BERT, file, { tokenizer: path, signal }), 'OUT_OF_MEMORY', /more than 128 MiB/);
});

test('texts, tokenizers and models that do not fit say so', async (t) => {
  const folder = emptyFolder(t);
  const ids = takes(['input_ids']);
  await refused(
    t,
    read(folder, ids, { text: 'the\na flow' }),
    'INVALID_ARGUMENT',
    /no token for padding.*pad_token/,
  );
  const { notes } = await read(folder, ids, { text: 'the\na flow', config: { pad_token: '[PAD]' } });
  t.regex(notes.join(), /no mask among its inputs/);
  await refused(t, read(folder, ids, { text: 'the\n' }), 'EMPTY_CLOUD', /holds 1/);
  const plain = { post_processor: null };
  await refused(
    t,
    read(folder, ids, { text: 'the\n\na', json: plain }),
    'INVALID_ARGUMENT',
    /line 2: .*no token/,
  );
  await refused(
    t,
    read(folder, ids, { json: { truncation: { max_length: 2, direction: 'Right' } } }),
    'FILE_FORMAT',
    /no text fits/,
  );
  await refused(
    t,
    read(folder, ids, { json: { model: { type: 'Telepathy' } } }),
    'UNSUPPORTED',
    /cannot use it \(.*Telepathy/,
  );
  await refused(t, read(folder, ids, { json: { model: null } }), 'FILE_FORMAT', /no model/);
  await refused(t, read(folder, takes(['x', null, 'float32'])), 'INVALID_ARGUMENT', /the input x/);
  await refused(t, read(folder, takes(['a'], ['b'])), 'INVALID_ARGUMENT', /--input b=file/);
  await refused(t, read(folder, takes(['mask'])), 'INVALID_ARGUMENT', /takes token ids/);
  await refused(
    t,
    read(folder, ids, { tokenizer: join(folder, 'none.json') }),
    'FILE_NOT_FOUND',
    /none\.json/,
  );
  await writeFile(join(folder, 'labels.csv'), '1\n2\n3\n');
  await refused(
    t,
    read(folder, ids, { labels: join(folder, 'labels.csv') }),
    'INVALID_SHAPE',
    /expected 2 labels/,
  );
  await writeFile(join(folder, 'half.json'), '{"model": ');
  await refused(t, read(folder, ids, { tokenizer: join(folder, 'half.json') }), 'FILE_FORMAT', /JSON/);
  const path = await written(folder, tokenizer());
  await writeFile(join(folder, 'latin.txt'), Uint8Array.of(0x66, 0xfc, 0x72, 10, 0x66, 10));
  const { signal } = new AbortController();
  await refused(
    t,
    readTexts(ids, join(folder, 'latin.txt'), { tokenizer: path, signal }),
    'FILE_FORMAT',
    /UTF-8/,
  );
  await refused(
    t,
    readTexts(ids, join(folder, 'texts.txt'), { tokenizer: path, signal: AbortSignal.abort() }),
    'ABORTED',
    /abort/,
  );
});

/** No literal, which the compiler would look for. */
const ABSENT: string = '@huggingface/no-such-package';

test('without the package the error is the one line that installs it', async (t) => {
  const path = await written(emptyFolder(t), tokenizer());
  const missing = () => import(ABSENT) as never;
  await refused(
    t,
    TextTokenizer.open(path, missing),
    'BACKEND_UNAVAILABLE',
    /npm install @huggingface\/tokenizers$/,
  );
});

test('network: a text file by its tokenizer, padding left out of the means, texts in the report', async (t) => {
  const folder = emptyFolder(t);
  const texts = Array.from({ length: 24 }, (_, i) => ['the flow', 'a point moves .', 'points'][i % 3]);
  await writeFile(join(folder, 'texts.txt'), texts.join('\n'));
  await writeFile(
    join(folder, 'classes.csv'),
    texts.map((_, i) => ['one', 'two', 'three'][i % 3]).join('\n'),
  );
  await mkdir(join(folder, 'tokenizer'));
  await written(join(folder, 'tokenizer'), tokenizer(), { pad_token: '[PAD]' });
  const whole = (name: string) => {
    const info = floatValueInfo(name, ['n', 'length']);
    info.type!.tensorType!.elemType = 7;
    return info;
  };
  const table = normals(WORDS.length, 4).data;
  const model = join(folder, 'encoder.onnx');
  await writeOnnx(model, {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'encoder',
      node: [
        { opType: 'Gather', input: ['table', 'input_ids'], output: ['embedded'] },
        { opType: 'Unsqueeze', input: ['attention_mask', 'last'], output: ['column'] },
        {
          ...{ opType: 'Cast', input: ['column'], output: ['weights'] },
          attribute: [{ name: 'to', type: ONNX_ATTRIBUTES.int, i: 1 }],
        },
        { opType: 'Mul', input: ['embedded', 'weights'], output: ['kept'] },
        { opType: 'Tanh', input: ['kept'], output: ['tokens'] },
      ],
      initializer: [
        floatTensor('table', [WORDS.length, 4], table),
        { name: 'last', dims: [1], dataType: 7, int64Data: [-1] },
      ],
      input: [whole('input_ids'), whole('attention_mask')],
      output: [{ name: 'tokens' }],
    },
  });
  const out = join(folder, 'out');
  const args = [model, join(folder, 'texts.txt'), '--labels', join(folder, 'classes.csv'), '--out', out];
  const { code, stderr } = await ridgeflow([
    ...['network', ...args, '--tokenizer', join(folder, 'tokenizer'), '--activations', '--no-cache'],
  ]);
  t.is(code, 0, stderr);
  const summary = JSON.parse(await readFile(join(out, 'summary.json'), 'utf8')) as NetworkSummary;
  t.deepEqual([...summary.classNames].sort(), ['one', 'three', 'two']);
  const found = Object.entries(await readNpz(join(out, 'activations.npz'))).find(([name]) =>
    /tokens/.test(name),
  )!;
  // The third text: [CLS] point ##s [SEP], and two of padding.
  for (let k = 0; k < 4; k++) {
    const mean = [CLS, POINT, S, SEP].reduce((sum, id) => sum + Math.tanh(table[4 * id + k]) / 4, 0);
    t.true(Math.abs(found[1].data[2 * 4 + k] - mean) < 1e-6);
  }
  // Ids are names: the data are the share of each token, without padding.
  t.is(summary.layers[0].tokens, WORDS.length - 2);
  const shares = (await readNpz(join(out, 'activations.npz')))['0_input'];
  t.deepEqual(shares.shape, [24, WORDS.length - 2]);
  const occurring = [CLS, SEP, A, FLOW, MOVES, POINT, S, THE, DOT];
  t.deepEqual(
    rows(shares)[2],
    occurring.map((id) => ([CLS, POINT, S, SEP].includes(id) ? 0.25 : 0)),
  );
  t.true((await readFile(join(out, 'report.html'), 'utf8')).includes('a point moves .'));
});
