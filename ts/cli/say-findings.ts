import type { Finding } from '../report/html.js';

/**
 * Says what a command found, in the words of its report, on standard output, and where the report is on standard error.
 * With --json or --quiet it says nothing.
 */
export function sayFindings(
  { json, quiet }: { json?: boolean; quiet?: boolean },
  findings: readonly Finding[],
  report: string,
): void {
  if (json || quiet) return;
  process.stdout.write(findings.map((finding) => `${lineOf(finding)}\n`).join(''));
  process.stderr.write(`Report: ${report}\n`);
}

/** A figure that its sentence goes on from (“72.4% of 360 points …”), or that a sentence of its own follows. */
function lineOf({ topic, figure, sentence }: Finding): string {
  const goesOn = /^\p{Lowercase_Letter}/u.test(sentence);
  return `${topic}: ${figure}${goesOn ? ' ' : '. '}${sentence}`;
}
