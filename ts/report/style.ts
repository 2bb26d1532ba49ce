import { COLOURS, FONT, type Colours } from './charts.js';

const SERIF =
  'ui-serif, Charter, "Bitstream Charter", "Iowan Old Style", "Palatino Linotype", Georgia, serif';
const MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace';

/** The colours of one look as custom properties: --ink, --muted …, and --class-0 to --class-9. */
function properties({ classes, ...colours }: Colours): string {
  return Object.entries(colours)
    .concat(classes.map((colour, i) => [`class-${i}`, colour]))
    .map(([name, value]) => `--${name}: ${value};`)
    .join(' ');
}

const LIGHT = properties(COLOURS.light);
const DARK = properties(COLOURS.dark);

/** Style sheet of every page: light, dark and print, from 320 pixels of width. */
export const STYLE = `
:root { ${LIGHT} color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
@media print { :root { ${LIGHT} color-scheme: light; } }

* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0 auto; padding: 0 clamp(16px, 4vw, 40px) 64px; max-width: 1180px;
  background: var(--paper); color: var(--ink);
  font: 16px/1.55 ${FONT}; font-variant-numeric: tabular-nums;
}
h1, h2 { font-family: ${SERIF}; font-weight: 700; line-height: 1.15; text-wrap: balance; overflow-wrap: anywhere; }
h1 { margin: 0 0 16px; font-size: clamp(30px, 5.2vw, 50px); letter-spacing: -0.015em; }
h2 { margin: 0 0 8px; font-size: clamp(23px, 3vw, 30px); letter-spacing: -0.01em; }
h3 { margin: 0; font-size: 16px; line-height: 1.3; }
p { margin: 0 0 12px; text-wrap: pretty; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

.masthead { padding: clamp(28px, 6vw, 64px) 0 0; }
.kicker { margin: 0 0 10px; color: var(--accent); font-size: 13px; font-weight: 650; letter-spacing: 0.09em; text-transform: uppercase; }
.standfirst { max-width: 46em; margin: 0 0 28px; font-size: clamp(17px, 2vw, 20px); line-height: 1.5; color: var(--ink); overflow-wrap: anywhere; }
.lead, .remark { max-width: 46em; color: var(--muted); }
.remark { margin: 14px 0 0; font-size: 14px; }
math[display="block"] { width: fit-content; margin: 14px 0; font-size: 19px; }
.claim { margin: 44px 0 8px; font-size: 18px; } h2 + .claim { margin-top: 20px; }
.claim ~ figure { margin-top: 18px; }
section { margin-top: clamp(40px, 6vw, 64px); padding-top: 20px; border-top: 1px solid var(--rule); }
footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--rule); color: var(--muted); font-size: 14px; }

.findings { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 230px), 1fr)); gap: 24px 32px; margin: 0 0 32px; padding: 0; list-style: none; }
.findings li { padding-top: 12px; border-top: 3px solid var(--ink); }
.findings b { display: block; font-size: 14px; }
.findings .figure { display: block; margin: 4px 0 6px; font: 700 clamp(25px, 2.6vw, 31px)/1.15 ${SERIF}; letter-spacing: -0.01em; }
.findings p { margin: 0; overflow-wrap: anywhere; color: var(--muted); font-size: 15px; line-height: 1.45; }

.facts { display: flex; flex-wrap: wrap; gap: 12px 32px; margin: 0; }
@media (max-width: 600px) { .facts { display: grid; grid-template-columns: 1fr 1fr; } }
.facts dt { color: var(--muted); font-size: 13px; }
.facts dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }

.columns { display: grid; gap: 36px 40px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); }
.multiples { display: grid; gap: 28px 24px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 150px), 1fr)); margin-top: 36px; }
@media (min-width: 900px) { .multiples { grid-template-columns: repeat(4, 1fr); } }
@media (max-width: 899px) { .multiples { grid-template-columns: repeat(2, 1fr); gap: 28px 16px; } }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption, .subtitle { margin: 2px 0 10px; color: var(--muted); font-size: 14px; line-height: 1.4; }
figcaption { margin: 8px 0 0; }
.chart { position: relative; width: 100%; min-width: 0; overflow: hidden; }
.chart svg, .chart canvas { display: block; }
.save { display: flex; gap: 2px; justify-content: flex-end; margin-top: 2px; opacity: 0.75; }
.save:hover, .save:focus-within { opacity: 1; }
.save button { padding: 2px 6px; border: 0; border-radius: 4px; background: none; color: var(--muted); font: inherit; font-size: 12px; cursor: pointer; }
.save button:hover { background: var(--wash); color: var(--ink); }
@media print { .save { display: none; } }
.zoom { display: block; width: 100%; padding: 0; border: 0; background: none; cursor: zoom-in; max-width: 100%; }
.zoom[aria-pressed="true"] { position: fixed; inset: 0; z-index: 4; display: grid; place-items: center; width: 100%; height: 100%; background: var(--paper); cursor: zoom-out; }
.zoom[aria-pressed="true"] img { width: 96vw; height: 96vh; max-width: none; object-fit: contain; image-rendering: pixelated; }
.pair-of-clouds { display: grid; gap: 16px 24px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 280px), 1fr)); }

.player { position: sticky; top: 0; z-index: 2; display: grid; gap: 10px 20px; align-items: center; grid-template-columns: auto 1fr; margin: 16px 0 20px; padding: 12px 0; background: var(--paper); border-bottom: 1px solid var(--rule); }
.player fieldset { display: flex; align-items: center; margin: 0; padding: 0; border: 0; min-width: 0; }
.player legend { float: left; margin-right: 12px; padding: 0; font-size: 14px; font-weight: 600; }
.choice { display: flex; flex: 1; border: 1px solid var(--rule); border-radius: 8px; overflow-x: auto; background: var(--surface); }
.choice label { position: relative; flex: 1 0 auto; min-width: 38px; text-align: center; cursor: pointer; }
.choice input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
.choice span { display: block; padding: 7px 11px; font-size: 15px; line-height: 20px; }
.choice label + label span { border-left: 1px solid var(--rule); }
.choice input:checked + span { background: var(--ink); color: var(--paper); font-weight: 650; }
.choice input:focus-visible + span { outline: 2px solid var(--accent); outline-offset: -3px; }
.timeline { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 2px 14px; align-items: center; }
.timeline button { grid-row: span 2; width: 44px; height: 44px; padding: 0; border: 0; border-radius: 50%; background: var(--accent); color: var(--paper); cursor: pointer; }
.timeline button svg { display: block; margin: auto; width: 20px; height: 20px; fill: currentColor; }
.timeline button .pause, .timeline button.playing .start { display: none; }
.timeline button.playing .pause { display: block; }
.timeline input { width: 100%; margin: 0; height: 22px; accent-color: var(--accent); cursor: pointer; }
.timeline output { color: var(--muted); font-size: 14px; line-height: 1.3; }
@media (max-width: 760px) {
  .player { grid-template-columns: minmax(0, 1fr); margin: 12px 0 16px; padding: 8px 0; }
  .choice span { padding: 8px 4px; }
  .choice label { min-width: 30px; }
}

.flow { display: grid; gap: 28px 40px; grid-template-columns: minmax(0, 1.75fr) minmax(0, 1fr); align-items: start; }
.flow.single { grid-template-columns: minmax(0, 1fr); }
@media (max-width: 900px) { .flow { grid-template-columns: minmax(0, 1fr); } }
.legend { display: flex; flex-wrap: wrap; gap: 6px; margin: 10px 0 4px; }
.legend button { display: flex; align-items: center; gap: 6px; max-width: 100%; padding: 4px 10px 4px 8px; border: 1px solid var(--rule); border-radius: 99px; background: var(--surface); color: var(--ink); font: inherit; font-size: 14px; line-height: 22px; cursor: pointer; overflow-wrap: anywhere; text-align: left; }
.legend button[aria-pressed="true"] { border-color: var(--ink); box-shadow: inset 0 0 0 1px var(--ink); font-weight: 650; }
.legend svg { flex: none; width: 12px; height: 12px; }
.images { display: grid; gap: 14px 12px; grid-template-columns: repeat(auto-fill, minmax(92px, 1fr)); margin: 12px 0 0; padding: 0; list-style: none; }
.images li { min-width: 0; }
.images .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 3px; }
.images canvas { display: block; width: 100%; border: 1px solid var(--rule); border-radius: 3px; image-rendering: pixelated; background: var(--surface); }
.images p { margin: 3px 0 0; color: var(--muted); font-size: 13px; line-height: 1.3; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }

.pictures { display: grid; gap: 28px 24px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 230px), 1fr)); align-items: start; }
.pictures img { display: block; width: 100%; height: auto; margin-top: 8px; border: 1px solid var(--rule); border-radius: 3px; image-rendering: pixelated; background: var(--surface); }

.strips { display: grid; gap: 14px; max-width: 760px; margin-bottom: 24px; }
.strips h3 { margin-bottom: 4px; font-size: 14px; }
.strips img { display: block; width: 100%; height: auto; border: 1px solid var(--rule); border-radius: 3px; image-rendering: pixelated; }

article[hidden] { display: none; }
.layer-heading { margin: 28px 0 10px; }
.layer-choice { max-width: 100%; padding: 8px 12px; border: 1px solid var(--rule); border-radius: 8px; background: var(--surface); color: var(--ink); font: inherit; }
.player.single { grid-template-columns: minmax(0, 1fr); }

.table-box { position: relative; margin-top: 16px; overflow-x: auto; border: 1px solid var(--rule); border-radius: 8px; background: var(--surface); }
table { width: 100%; border-collapse: separate; border-spacing: 0; font-size: 14px; line-height: 1.35; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: 9px 11px; border-bottom: 1px solid var(--rule); white-space: nowrap; vertical-align: baseline; }
thead th { background: var(--wash); vertical-align: top; font-weight: 650; white-space: normal; }
.table-box.many { margin-inline: calc(min(0px, (1180px - 80px - min(100vw - 48px, 1500px)) / 2)); } .many th, .many td { padding: 9px 7px; font-size: 13px; }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { position: sticky; left: 0; background: var(--surface); font-weight: 650; }
.sort { padding: 0; border: 0; background: none; color: inherit; font: inherit; text-align: inherit; cursor: pointer; }
.sort:hover { text-decoration: underline; } .sort .title::after { content: '↕'; margin-left: 3px; opacity: 0.45; font-weight: 400; }
[aria-sort="ascending"] .sort .title::after { content: '↑'; opacity: 1; } [aria-sort="descending"] .sort .title::after { content: '↓'; opacity: 1; }
.wrap { display: block; min-width: 11em; white-space: normal; overflow-wrap: anywhere; }
.start { text-align: left; } .end { text-align: right; }
.unit { display: block; color: var(--muted); font-size: 12px; font-weight: 400; }
sup { line-height: 0; } sup a { margin-left: 2px; text-decoration: none; font-weight: 400; }
.tag { display: block; color: var(--muted); font-size: 12px; font-weight: 400; }
.notes { margin: 16px 0 0; padding-left: 1.5em; color: var(--muted); font-size: 14px; columns: 2 380px; column-gap: 40px; }
.notes li { margin-bottom: 6px; break-inside: avoid; } .notes b { color: var(--ink); }
pre { margin: 0 0 20px; padding: 14px 16px; border: 1px solid var(--rule); border-radius: 8px; background: var(--surface); font: 14px/1.5 ${MONO}; white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; }

#tooltip { position: fixed; top: 0; left: 0; z-index: 3; max-width: 280px; padding: 6px 10px; border-radius: 6px; background: var(--ink); color: var(--paper); font-size: 13px; line-height: 1.45; pointer-events: none; overflow-wrap: anywhere; }
#tooltip[hidden] { display: none; }
.thumbnail { display: block; width: 96px; margin: 6px 0 4px; border-radius: 3px; image-rendering: pixelated; }
@media print { .sort .title::after { content: none; } }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; }
  .player { position: static; } .player fieldset, .timeline button, .timeline input { display: none; }
  .table-box { overflow: visible; border: 0; } th, td { padding: 4px 5px; font-size: 8pt; white-space: normal; }
  section { break-inside: auto; } h2, h3 { break-after: avoid; }
}
`;
