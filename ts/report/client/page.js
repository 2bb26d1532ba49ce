/* global document, HTMLScriptElement */
import { mountCharts } from './charts.js';
import { find } from './dom.js';
import { mountZoom } from './zoom.js';

mountCharts(JSON.parse(find(document, '#page-data', HTMLScriptElement).text).charts);
mountZoom();
