/* global document, HTMLElement, HTMLScriptElement, HTMLSelectElement */
import { mountCharts } from './charts.js';
import { createCloud } from './cloud.js';
import { find, findAll } from './dom.js';
import { mountPlayer } from './player.js';
import { createSamples } from './samples.js';
import { mountSorting } from './sorting.js';

/**
 * @type {{
 *   charts: Record<string, import('../charts.js').ThemedSpec>,
 *   data: import('../network.js').NetworkPageData
 * }}
 */
const { charts, data } = JSON.parse(find(document, '#page-data', HTMLScriptElement).text);
const choice = find(document, '#choice', HTMLSelectElement);
const articles = findAll(document, 'article[data-layer]', HTMLElement);
/** @type {Map<string, import('vega').View>} */
const views = new Map();

const cloud = createCloud(data.cloud, document.querySelector('#legend'));
/** @type {Record<string, (view: import('vega').View) => void>} */
const onDraw = { cloud: (view) => cloud.attach(view) };
for (const name of Object.keys(charts)) {
  if (name === 'cloud') continue;
  onDraw[name] = (view) => {
    views.set(name, view);
    view.signal('chosen', Number(choice.value)).run();
    view.addEventListener('click', (_event, item) => {
      const layer = item?.datum?.layer;
      if (typeof layer !== 'number') return;
      choice.value = String(layer);
      choose();
      find(document, '#layer', HTMLElement).scrollIntoView();
    });
  };
}
mountCharts(charts, onDraw, data.samples ? createSamples(data.samples, data.drawn) : undefined);
mountSorting();
choice.addEventListener('change', choose);

mountPlayer(find(document, '#player', HTMLElement), describe, (run, time) => cloud.show(run, time));

/** Shows the numbers of the chosen layer, and marks it in the charts. */
function choose() {
  for (const article of articles) article.hidden = article.dataset.layer !== choice.value;
  for (const view of views.values()) view.signal('chosen', Number(choice.value)).run();
}

/**
 * The layer, or the two between which the cloud is.
 *
 * @param {number} _run
 * @param {number} time
 */
function describe(_run, time) {
  const place = time * (data.layers.length - 1);
  const before = Math.floor(place + 1e-3);
  const name = `${before}. ${data.layers[before]}`;
  return place - before < 1e-3 ? name : `from ${name} to ${before + 1}. ${data.layers[before + 1]}`;
}
