import { text } from 'node:stream/consumers';
import { outcomeOf } from './outcome.js';
import { targets } from './targets.js';

// Reads the one case that standard input holds, and prints what became of it. For findings.ts.

const { name, files } = JSON.parse(await text(process.stdin)) as {
  name: string;
  files: Record<string, string>;
};
const bytes = Object.entries(files).map(([file, content]) => [file, Buffer.from(content, 'base64')] as const);
const outcome = await outcomeOf(targets[name], Object.fromEntries(bytes));
console.log('finding' in outcome ? outcome.finding : `ended as ${outcome.code}`);
process.exit(0);
