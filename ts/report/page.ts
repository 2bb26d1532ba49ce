import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dependencyFile, sourceFolder } from '../core/package-root.js';
import type { ThemedSpec } from './charts.js';
import { Html, html, scriptJson, scriptSource, type HtmlValue } from './html.js';
import { STYLE } from './style.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** A part of a page, under its own heading. `id` is unique in the page. */
export interface PageSection {
  id: string;
  title: string;
  /** One sentence under the heading. */
  lead?: HtmlValue;
  body: Html;
}

/** What {@link renderPage} puts together. */
export interface Page {
  /** Title of the window and headline of the page. */
  title: string;
  /** A word or two above the headline. */
  kicker: string;
  /** What follows the headline. */
  header: Html;
  sections: readonly PageSection[];
  footer?: Html;
  /** Charts by the names that {@link chartFigure} refers to. */
  charts?: Readonly<Record<string, ThemedSpec>>;
  /** What the page's script reads. */
  data?: unknown;
  /** The module of client/ that runs in the page. Default: `page`, which draws the charts and nothing more. */
  script?: string;
}

/**
 * One HTML file with everything in it: style, scripts, data and the Vega runtime, about 0.55 MB without data. It asks
 * nothing of any network, and its content security policy forbids it to.
 */
export async function renderPage(page: Page): Promise<string> {
  checkCall(SIGNATURES.renderPage, { page });
  const { title, kicker, header, sections, footer, charts = {}, data = null, script = 'page' } = page;
  const [runtime, source] = await Promise.all([vegaRuntime(), clientSource(script)]);
  const policy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; " +
    "img-src data:; base-uri 'none'; form-action 'none'";
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <header class="masthead">
          <p class="kicker">${kicker}</p>
          <h1>${title}</h1>
          ${header}
        </header>
        <main>
          <noscript
            ><p class="remark">The charts of this page need JavaScript; the table does not.</p></noscript
          >
          ${sections.map(
            ({ id, title, lead, body }) =>
              html`<section id="${id}" aria-labelledby="${id}-title">
                <h2 id="${id}-title">${title}</h2>
                ${lead && html`<p class="lead">${lead}</p>`} ${body}
              </section>`,
          )}
        </main>
        ${footer && html`<footer>${footer}</footer>`}
        <div id="tooltip" hidden></div>
        <script id="page-data" type="application/json">
          ${scriptJson({ charts, data })}
        </script>
        <script>
          ${runtime};
        </script>
        <script type="module">
          ${source};
        </script>
      </body>
    </html> `.text;
}

/** The place of a chart in a page, with its heading; `renderer` canvas suits thousands of marks. */
export function chartFigure(options: {
  name: string;
  title: string;
  subtitle?: HtmlValue;
  legend?: HtmlValue;
  caption?: HtmlValue;
  renderer?: 'svg' | 'canvas';
}): Html {
  checkCall(SIGNATURES.chartFigure, { options });
  const { name, title, subtitle, legend, caption, renderer = 'svg' } = options;
  return html`<figure aria-labelledby="figure-${name}">
    <h3 id="figure-${name}">${title}</h3>
    ${subtitle && html`<p class="subtitle">${subtitle}</p>`} ${legend}
    <div class="chart" data-chart="${name}" data-renderer="${renderer}"></div>
    <div class="save" role="group" aria-label="Save: ${title}" data-save="${name}" hidden>
      <button type="button" data-format="svg">SVG</button>
      <button type="button" data-format="png">PNG</button>
      <button type="button" data-format="csv">CSV</button>
    </div>
    ${caption && html`<figcaption>${caption}</figcaption>`}
  </figure>`;
}

/** The minified build of Vega, with the licence that has to go with it. */
async function vegaRuntime(): Promise<Html> {
  const [licence, source] = await Promise.all([
    readFile(dependencyFile('vega', 'LICENSE'), 'utf8'),
    readFile(dependencyFile('vega', 'build/vega.min.js'), 'utf8'),
  ]);
  return scriptSource(`/* Vega. ${licence.trim().replaceAll('*/', '* /')} */\n${source.trim()}`);
}

/**
 * A module of client/ and those it imports, as the source of one module: each before those that need it, without their
 * import and export keywords. Their top-level names share one scope.
 */
export async function clientSource(name: string): Promise<Html> {
  const sources = new Map<string, string>();
  const add = async (file: string): Promise<void> => {
    if (sources.has(file)) return;
    const source = await readFile(join(sourceFolder('report/client'), file), 'utf8');
    sources.set(file, '');
    for (const [, imported] of source.matchAll(/^import [^;]*? from '\.\/([\w-]+\.js)';$/gm))
      await add(imported);
    sources.delete(file);
    sources.set(
      file,
      source
        .replace(/^import [^;]*;\n/gm, '')
        .replace(/^export (?=(async )?function |const |class )/gm, '')
        .replace(/^(export \{\};|\/\/# sourceMappingURL=.*)\n?/gm, '')
        .trim(),
    );
  };
  await add(`${name}.js`);
  return scriptSource([...sources.values()].join('\n\n'));
}
