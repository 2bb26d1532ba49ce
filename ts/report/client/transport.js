/* global document, HTMLElement, HTMLScriptElement */
import { mountCharts } from './charts.js';
import { createCloud } from './cloud.js';
import { find } from './dom.js';
import { createImages } from './images.js';
import { mountPlayer } from './player.js';

/**
 * @type {{
 *   charts: Record<string, import('../charts.js').ThemedSpec>,
 *   data: import('../transport.js').TransportPageData
 * }}
 */
const { charts, data } = JSON.parse(find(document, '#page-data', HTMLScriptElement).text);

const cloud = createCloud(data.cloud, document.querySelector('#legend'));
// The cloud as it was: it stays beside the one that moves.
const start =
  document.querySelector('[data-chart="cloud-start"]') &&
  createCloud(data.cloud, document.querySelector('#legend'));
mountCharts(charts, {
  cloud: (view) => cloud.attach(view),
  ...(start && { 'cloud-start': (view) => start.attach(view) }),
});
const images = data.images && createImages(data.images, find(document, '#images', HTMLElement));

// A page with the start beside it opens at the end.
mountPlayer(
  find(document, '#player', HTMLElement),
  describe,
  (run, time) => {
    cloud.show(run, time);
    images?.show(run, time);
  },
  start ? 1 : 0,
);

/**
 * Where along the motion: the noise removed so far, and in which layer.
 *
 * @param {number} run
 * @param {number} time
 */
function describe(run, time) {
  const { layers, phrase } = data.cloud.runs[run];
  const noise = `t = ${Number((time * data.T).toPrecision(3))} (${Math.round(100 * time)}% of T)`;
  if (layers === null) return `${noise}, ${phrase}`;
  const layer = Math.ceil(time * layers - 1e-9);
  return `${noise}, ${layer === 0 ? 'before the first layer' : `layer ${layer} of ${layers}`}`;
}
