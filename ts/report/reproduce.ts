import { facts, html } from './html.js';
import type { PageSection } from './page.js';

/** How to make the report again. */
export function reproduceSection(command: string, versions: Readonly<Record<string, string>>): PageSection {
  return {
    id: 'reproduce',
    title: 'Do it again',
    lead: 'The same command, data, seed and version give the same numbers; times differ.',
    body: html`<pre><code>${command}</code></pre>
      ${facts(Object.entries(versions))}`,
  };
}
