import type { RecordBatch } from 'apache-arrow';
import type { ParquetWriter } from 'hyparquet-writer';
import { type DType, type FloatData, type NdArray, allocate, dtypeOf } from '../../core/array.js';
import { elementChunks } from '../npy.js';
import { npyHeaderOf } from '../npy-header.js';
import type { Output } from '../write.js';

/** Rows as they are written: n × k numbers, the names of the k columns, and n texts. */
export interface Table {
  numbers: NdArray;
  names: readonly string[];
  labels?: readonly string[];
}

/** Writes rows in one format. */
export interface RowSink {
  write(table: Table): Promise<void>;
  /** Called once, after at least one row. */
  finish(): Promise<void>;
}

const LABEL = 'label';

/** Numbers of a group of rows of Parquet, at least. */
const GROUP = 1 << 20;

/** Room for the header of a .npy file, whatever the number of rows will be. */
const NPY_HEADER = 192;

/** The header is written again when the number of rows is known. */
export function npySink({ append, patch }: Output): RowSink {
  let n = 0;
  let k = 0;
  let dtype: DType = 'float32';
  const header = () => npyHeaderOf(dtype === 'float64' ? 'f8' : 'f4', [n, k], NPY_HEADER);
  return {
    async write({ numbers }) {
      if (n === 0) {
        [k, dtype] = [numbers.shape[1], dtypeOf(numbers)];
        await append(header());
      }
      n += numbers.shape[0];
      for (const chunk of elementChunks(numbers.data)) await append(chunk);
    },
    finish: () => patch(0, header()),
  };
}

/** Fields as RFC 4180 has them; numbers in the fewest digits that give them back. */
export function csvSink({ append }: Output): RowSink {
  let isFirst = true;
  return {
    async write({ numbers: { data, shape }, names, labels }) {
      const [n, k] = shape;
      let text = '';
      if (isFirst) text = `${[...names, ...(labels ? [LABEL] : [])].map(quoted).join(',')}\n`;
      isFirst = false;
      const digits = dtypeOf({ data }) === 'float64' ? String : shortest;
      for (let row = 0; row < n; row++) {
        for (let i = 0; i < k; i++) text += `${i > 0 ? ',' : ''}${digits(data[row * k + i])}`;
        text += labels ? `,${quoted(labels[row])}\n` : '\n';
        if (text.length < 1 << 18) continue;
        await append(text);
        text = '';
      }
      await append(text);
    },
    finish: async () => undefined,
  };
}

function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$|^$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A float32 in the fewest digits that are it again when they are rounded to float32. */
function shortest(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

/** One group of rows for so many numbers. */
export function parquetSink({ append }: Output): RowSink {
  let writer: ParquetWriter | undefined;
  let take: () => Uint8Array;
  let waiting: Table[] = [];
  let count = 0;
  const flush = async () => {
    if (waiting.length === 0) return;
    const [{ names, numbers, labels }] = waiting;
    if (!writer) ({ writer, take } = await openParquetWriter(names, dtypeOf(numbers), labels !== undefined));
    const columnData = columnsOf(waiting).map((data, i) => ({ name: names[i], data }));
    const texts = labels && [{ name: LABEL, data: waiting.flatMap((table) => table.labels ?? []) }];
    const rows = columnData[0].data.length;
    await writer.write({ columnData: [...columnData, ...(texts ?? [])], rowGroupSize: rows });
    [waiting, count] = [[], 0];
    await append(take());
  };
  return {
    async write(table) {
      waiting.push(table);
      count += table.numbers.data.length;
      if (count >= GROUP) await flush();
    },
    async finish() {
      await flush();
      await writer!.finish();
      await append(take());
    },
  };
}

async function openParquetWriter(names: readonly string[], dtype: DType, labelled: boolean) {
  const { ByteWriter, ParquetWriter: Writer } = await import('hyparquet-writer');
  const bytes = new ByteWriter();
  const type = dtype === 'float64' ? ('DOUBLE' as const) : ('FLOAT' as const);
  const fields = names.map((name) => ({ name, type, repetition_type: 'REQUIRED' as const }));
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' } as const;
  const schema = [
    { name: 'schema', num_children: names.length + (labelled ? 1 : 0) },
    ...fields,
    ...(labelled ? [{ name: LABEL, ...text }] : []),
  ];
  const take = () => {
    const taken = bytes.getBytes().slice();
    bytes.index = 0;
    return taken;
  };
  return { writer: new Writer({ writer: bytes, schema, createdBy: 'ridgeflow' }), take };
}

/** The columns of tables one below the other. */
function columnsOf(tables: readonly Table[]): FloatData[] {
  const rows = tables.reduce((sum, { numbers }) => sum + numbers.shape[0], 0);
  const [{ numbers, names }] = tables;
  return names.map((_, k) => {
    const column = allocate(dtypeOf(numbers), rows, 'a column');
    let at = 0;
    for (const { numbers: part } of tables)
      for (let i = k; i < part.data.length; i += names.length) column[at++] = part.data[i];
    return column;
  });
}

/** A file of record batches, one for each lot of rows. */
export function arrowSink({ append }: Output): RowSink {
  let encoder: Awaited<ReturnType<typeof openArrowEncoder>> | undefined;
  const appendAll = async () => {
    for (const part of encoder!.encoded.splice(0)) await append(part);
  };
  return {
    async write(table) {
      encoder ??= await openArrowEncoder();
      encoder.writer.write(await toRecordBatch(table));
      await appendAll();
    },
    async finish() {
      encoder!.writer.finish();
      await appendAll();
    },
  };
}

/** A writer, and where it puts what it has encoded: its own queue gives that to one that may be slower. */
async function openArrowEncoder() {
  const { AsyncByteQueue, RecordBatchFileWriter } = await import('apache-arrow');
  const encoded: Uint8Array[] = [];
  class Taken extends AsyncByteQueue {
    override write({ buffer, byteOffset, byteLength }: Uint8Array): void {
      encoded.push(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  const writer = new RecordBatchFileWriter();
  writer.reset(new Taken());
  return { writer, encoded };
}

/** Rows as a record batch of Arrow. */
export async function toRecordBatch({ numbers, names, labels }: Table): Promise<RecordBatch> {
  const {
    RecordBatch: Batch,
    Schema,
    Field,
    Float32,
    Float64,
    Utf8,
    Struct,
    makeData,
    vectorFromArray,
  } = await import('apache-arrow');
  const isWide = dtypeOf(numbers) === 'float64';
  const [n] = numbers.shape;
  const fields = names.map((name) => new Field(name, isWide ? new Float64() : new Float32(), false));
  const children = columnsOf([{ numbers, names }]).map((data) =>
    isWide
      ? makeData({ type: new Float64(), data: data as Float64Array, length: n })
      : makeData({ type: new Float32(), data: data as Float32Array, length: n }),
  );
  const texts = labels && vectorFromArray([...labels], new Utf8()).data[0];
  const schema = new Schema([...fields, ...(labels ? [new Field(LABEL, new Utf8(), false)] : [])]);
  const type = new Struct(schema.fields);
  const data = makeData({
    type,
    length: n,
    nullCount: 0,
    children: [...children, ...(texts ? [texts] : [])] as never,
  });
  return new Batch(schema, data as never);
}
