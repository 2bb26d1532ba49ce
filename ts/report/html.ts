import { invalidArgument } from '../core/errors.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';
/** Text that is already HTML. Everything else that goes into {@link html} is escaped. */
export class Html {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

/** What may be put into {@link html}: plain values are escaped, `Html` is kept, lists are joined, nothing is dropped. */
export type HtmlValue = Html | string | number | null | undefined | false | readonly HtmlValue[];

/** Template tag that builds HTML and escapes every value put into it, in text and in quoted attributes alike. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  checkCall(SIGNATURES.html, { strings, values });
  let text = strings[0];
  values.forEach((value, i) => (text += render(value) + strings[i + 1]));
  return new Html(text);
}

/** Text with the five characters that mean something in HTML replaced. */
export function escapeHtml(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c] ?? c,
  );
}

/** A value as JSON that can stand inside a script element: no text in it can close the element or open a comment. */
export function scriptJson(value: unknown): Html {
  const json = JSON.stringify(value) ?? 'null';
  return new Html(
    json.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

/** JavaScript source that can stand inside a script element. */
export function scriptSource(source: string): Html {
  // These sequences occur in strings, templates and regular expressions, where the escape means the same character.
  return new Html(source.replace(/<(?=\/script|!--)/gi, '\\x3c'));
}

/** A column of {@link table}. */
export interface TableColumn {
  title: string;
  /** Shown under the title. */
  unit?: string;
  /** What the numbers are; becomes a numbered footnote under the table. */
  note?: string;
  /** `start` for words; numbers are aligned at the end (default). */
  align?: 'start' | 'end';
}

/** A table of more columns is set narrower, and wider than the text where the window is. */
const MANY_COLUMNS = 9;

/**
 * A table in a box that scrolls sideways by itself; the first cell of a row is its header. `id` is unique in the page. With `sort`,
 * what each cell is sorted by (null stays last), the titles are buttons where the page's script calls `mountSorting`.
 */
export function table(options: {
  id: string;
  caption: string;
  columns: readonly TableColumn[];
  rows: readonly (readonly HtmlValue[])[];
  sort?: readonly (readonly (number | string | null)[])[];
}): Html {
  checkCall(SIGNATURES.table, { options });
  const { id, caption, columns, rows, sort } = options;
  const notes = columns.filter((column) => column.note !== undefined);
  const noteId = (column: TableColumn) => `${id}-note-${notes.indexOf(column) + 1}`;
  const head = columns.map(
    (column) =>
      html`<th scope="col" class="${column.align ?? 'end'}">
        ${sort ? html`<span class="title">${column.title}</span>` : column.title}${
          column.note !== undefined &&
          html`<sup><a href="#${noteId(column)}">${notes.indexOf(column) + 1}</a></sup>`
        }${column.unit && html`<span class="unit">${column.unit}</span>`}
      </th>`,
  );
  const body = rows.map(
    (row, i) =>
      html`<tr>
        ${row.map((cell, j) => {
          const align = columns[j].align ?? 'end';
          const look = sort
            ? html`class="${align}" data-sort="${finite(sort[i][j])}"`
            : html`class="${align}"`;
          return j === 0 ? html`<th scope="row" ${look}>${cell}</th>` : html`<td ${look}>${cell}</td>`;
        })}
      </tr>`,
  );
  return html`<div
      class="table-box${columns.length > MANY_COLUMNS && ' many'}"
      tabindex="0"
      role="region"
      aria-label="${caption}"
    >
      <table ${sort ? html`id="${id}" data-sortable` : html`id="${id}"`}>
        <caption>
          ${caption}
        </caption>
        <thead>
          <tr>
            ${head}
          </tr>
        </thead>
        <tbody>
          ${body}
        </tbody>
      </table>
    </div>
    ${
      notes.length > 0 &&
      html`<ol class="notes">
        ${notes.map((column) => html`<li id="${noteId(column)}"><b>${column.title}.</b> ${column.note}</li>`)}
      </ol>`
    }`;
}

/** Nothing for what has no place in an order. */
function finite(value: number | string | null): number | string {
  return value === null || Number.isNaN(value) ? '' : value;
}

/** One thing that a page found: what it is about, a number, and what it says. */
export interface Finding {
  topic: string;
  /** The numbers themselves, to be set large. */
  figure: string;
  sentence: string;
}

/** The findings that head a page. */
export function findingList(findings: readonly Finding[]): Html {
  return html`<ul class="findings">
    ${findings.map(
      ({ topic, figure, sentence }) =>
        html`<li>
          <b>${topic}</b> <span class="figure">${figure}</span>
          <p>${sentence}</p>
        </li>`,
    )}
  </ul>`;
}

/** Pairs of a term and what it is, as a description list. */
export function facts(entries: readonly (readonly [string, HtmlValue])[]): Html {
  checkCall(SIGNATURES.facts, { entries });
  entries.forEach((entry, i) => {
    if (!Array.isArray(entry)) throw invalidArgument(`entries[${i}]`, '[term, value]', entry);
  });
  return html`<dl class="facts">
    ${entries.map(
      ([term, value]) =>
        html`<div>
          <dt>${term}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function render(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return escapeHtml(String(value));
}
