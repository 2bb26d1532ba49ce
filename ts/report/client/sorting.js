/* global document, HTMLElement, HTMLTableElement, HTMLTableRowElement */
import { findAll } from './dom.js';

/**
 * Lets the tables whose cells say what they are sorted by be sorted: a click on a column's title sorts by it, ascending and
 * then descending; cells without a value stay last.
 */
export function mountSorting() {
  for (const table of findAll(document, 'table[data-sortable]', HTMLTableElement)) {
    const headers = findAll(table, 'thead th', HTMLElement);
    headers.forEach((header, column) => {
      const title = header.querySelector('.title');
      if (!title) return;
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'sort';
      button.title = 'Sort';
      title.replaceWith(button);
      button.append(title);
      button.addEventListener('click', () => {
        const ascending = header.getAttribute('aria-sort') !== 'ascending';
        for (const other of headers) other.removeAttribute('aria-sort');
        header.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
        sort(table, column, ascending);
      });
    });
  }
}

/**
 * @param {HTMLTableElement} table
 * @param {number} column
 * @param {boolean} ascending
 */
function sort(table, column, ascending) {
  const body = table.tBodies[0];
  const rows = findAll(body, 'tr', HTMLTableRowElement);
  /** @param {HTMLTableRowElement} row */
  const value = (row) => row.cells[column].dataset.sort ?? '';
  rows.sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === '' || right === '') return Number(left === '') - Number(right === '');
    const difference = Number(left) - Number(right);
    const order = Number.isNaN(difference) ? left.localeCompare(right) : difference;
    return ascending ? order : -order;
  });
  body.append(...rows);
}
