/* global Blob, HTMLButtonElement, HTMLElement, URL, document, window */
import { findAll } from './dom.js';

/**
 * @typedef {import('vega').View} View
 * @typedef {Record<string, unknown>} Row
 */

/** Pixels of a saved PNG for each of the page's. */
const SCALE = 2;

/**
 * Makes the buttons of every chart's figure save what its view shows at that moment.
 *
 * @param {ReadonlyMap<string, View>} views the charts by name; drawn anew, they are others
 * @param {(name: string) => readonly string[]} dataOf the names of a chart's own data
 */
export function mountSaving(views, dataOf) {
  for (const group of findAll(document, '[data-save]', HTMLElement)) {
    const name = group.dataset.save ?? '';
    group.hidden = false;
    for (const button of findAll(group, 'button', HTMLButtonElement)) {
      button.addEventListener('click', async () => {
        const view = views.get(name);
        if (!view) return;
        const format = button.dataset.format ?? 'svg';
        const background = window.getComputedStyle(document.body).backgroundColor;
        if (format === 'png') {
          download(`${name}.png`, await view.background(background).toImageURL('png', SCALE));
          view.background('transparent');
          return;
        }
        const [text, type] =
          format === 'svg' ? [await view.toSVG(), 'image/svg+xml'] : [csvOf(view, dataOf(name)), 'text/csv'];
        const url = URL.createObjectURL(new Blob([text], { type }));
        download(`${name}.${format}`, url);
        URL.revokeObjectURL(url);
      });
    }
  }
}

/**
 * The numbers behind a chart: the rows of its longest table, with a line of their names.
 *
 * @param {View} view
 * @param {readonly string[]} names
 */
function csvOf(view, names) {
  const tables = names.map((name) => /** @type {Row[]} */ (view.data(name)));
  const rows = tables.reduce((longest, table) => (table.length > longest.length ? table : longest), []);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  return lines.map((line) => `${line.map(cell).join(',')}\r\n`).join('');
}

/** @param {unknown} value */
function cell(value) {
  const text = value === undefined || value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * @param {string} name
 * @param {string} url
 */
function download(name, url) {
  const link = document.createElement('a');
  link.download = name;
  link.href = url;
  link.click();
}
