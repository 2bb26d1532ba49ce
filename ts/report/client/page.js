/* global document, HTMLScriptElement */
import { mountCharts } from './charts.js';
import { find } from './dom.js';

mountCharts(JSON.parse(find(document, '#page-data', HTMLScriptElement).text).charts);
