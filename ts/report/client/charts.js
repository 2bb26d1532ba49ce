/* global document, HTMLElement, innerWidth, matchMedia, window */
import { find, findAll } from './dom.js';
import { mountSaving } from './save.js';

/**
 * @typedef {import('vega').View} View
 * @typedef {import('../charts.js').ThemedSpec} ThemedSpec
 */

const { vega } = /** @type {{ vega: typeof import('vega') }} */ (/** @type {unknown} */ (window));
const dark = matchMedia('(prefers-color-scheme: dark)');
let printing = false;

/**
 * Draws a chart into every element that names one, in the reader's colours, and again when those change or the page is
 * printed. `onDraw` is called with a chart's view every time it has been made.
 *
 * @param {Record<string, ThemedSpec>} charts
 * @param {Record<string, (view: View) => void>} [onDraw]
 * @param {(value: Record<string, unknown>) => HTMLElement[]} [more] what tooltips show beside the values
 */
export function mountCharts(charts, onDraw = {}, more = () => []) {
  /** @type {Map<string, View>} */
  const drawn = new Map();
  const draw = () => {
    for (const element of findAll(document, '[data-chart]', HTMLElement)) {
      const { chart = '', renderer } = element.dataset;
      drawn.get(chart)?.finalize();
      const view = new vega.View(vega.parse(charts[chart][look()]), {
        container: element,
        renderer: renderer === 'canvas' ? 'canvas' : 'svg',
        tooltip: (_handler, event, _item, value) => showTooltip(event, value, more),
      });
      drawn.set(chart, view.run());
      onDraw[chart]?.(view);
    }
  };
  draw();
  onLook(draw);
  mountSaving(drawn, (name) => (charts[name].light.data ?? []).map((data) => data.name));
}

/** The look that the page has now; printing is always light. */
export function look() {
  return dark.matches && !printing ? 'dark' : 'light';
}

/**
 * Calls back when the look changes: with the reader's setting, and before and after printing.
 *
 * @param {() => void} callback
 */
export function onLook(callback) {
  dark.addEventListener('change', callback);
  for (const moment of ['beforeprint', 'afterprint']) {
    window.addEventListener(moment, () => {
      printing = moment === 'beforeprint';
      callback();
    });
  }
}

/**
 * Vega's tooltip handler: names and values of a mark, next to the pointer and inside the window.
 *
 * @param {MouseEvent | null} event null where Vega itself takes a tooltip away
 * @param {Record<string, unknown> | null | undefined} value
 * @param {(value: Record<string, unknown>) => HTMLElement[]} more
 */
function showTooltip(event, value, more) {
  const box = find(document, '#tooltip', HTMLElement);
  box.hidden = !value || !event;
  if (!value || !event) return;
  const lines = Object.entries(value).map(([name, text]) => {
    const line = document.createElement('div');
    const strong = document.createElement('b');
    strong.textContent = String(text);
    line.append(`${name} `, strong);
    return line;
  });
  box.replaceChildren(...lines, ...more(value));
  const { width, height } = box.getBoundingClientRect();
  const left = Math.max(8, Math.min(event.clientX + 14, innerWidth - width - 8));
  const above = event.clientY - height - 12;
  box.style.transform = `translate(${left}px, ${above < 8 ? event.clientY + 18 : above}px)`;
}
