// The pages of the reference: every export of ts/index.ts and ts/report/index.ts, by the folder that declares it.
import { join, relative, sep } from 'node:path';
import ts from 'typescript';

const TITLES = /** @type {Record<string, string>} */ ({
  core: 'Arrays, errors, random numbers',
  dae: 'Denoising autoencoders',
  entropy: 'Entropy, information, dimension',
  field: 'Velocity fields',
  flow: 'Flows',
  io: 'Files',
  kernel: 'Backends',
  linalg: 'Linear algebra',
  measure: 'Measures',
  network: 'Networks',
  radon: 'Radon transform',
  report: 'Reports and charts',
  representation: 'Representations of classes',
  ridgelet: 'Ridgelet transform',
  theory: 'Claims of the theory',
  transport: 'Optimal transport',
});

/** @typedef {{ name: string, file: string, symbol: ts.Symbol, declarations: readonly ts.Declaration[] }} Export */

/**
 * @param {string} root of the project
 * @returns {Map<string, string>} file name in docs/api to its text
 */
export function apiReference(root) {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  // What draws reports is not in the index of all subjects, but under a name of its own.
  const entries = [join(root, 'ts', 'index.ts'), join(root, 'ts', 'report', 'index.ts')];
  const program = ts.createProgram(entries, options);
  const checker = program.getTypeChecker();
  const exports = entries.flatMap((entry) => {
    const source = program.getSourceFile(entry);
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`No exports in ${entry}`);
    return checker.getExportsOfModule(module);
  });

  /** @type {Map<string, Export[]>} */
  const subjects = new Map();
  /** @type {Map<string, string>} */
  const places = new Map();
  for (const exported of exports) {
    if (places.has(exported.name)) continue;
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const declarations = symbol.declarations ?? [];
    if (declarations.length === 0) throw new Error(`${exported.name} has no declaration`);
    const file = relative(root, declarations[0].getSourceFile().fileName).split(sep).join('/');
    const subject = file.split('/')[1];
    const list = subjects.get(subject) ?? [];
    list.push({ name: exported.name, file, symbol, declarations });
    subjects.set(subject, list);
    places.set(exported.name, `${subject}.md#${exported.name.toLowerCase()}`);
  }

  /** @type {Map<string, string>} */
  const pages = new Map();
  for (const [subject, entries] of [...subjects].sort(([a], [b]) => (a < b ? -1 : 1))) {
    pages.set(`${subject}.md`, pageOf(subject, entries.sort(byKind), { checker, places }));
  }
  pages.set('README.md', indexOf(subjects));
  return pages;
}

/** @type {(a: Export, b: Export) => number} Functions, classes and constants before types; each by name. */
const byKind = (a, b) => Number(isType(a)) - Number(isType(b)) || (a.name < b.name ? -1 : 1);

/** @param {Export} entry */
function isType({ declarations }) {
  return declarations.every((node) => ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node));
}

/** @param {Map<string, Export[]>} subjects */
function indexOf(subjects) {
  const rows = [...subjects]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([subject, entries]) => {
      const names = entries
        .filter((entry) => !isType(entry))
        .map(({ name }) => link(name, `${subject}.md#${name.toLowerCase()}`));
      return `## [${TITLES[subject] ?? subject}](${subject}.md)\n\n${names.length > 0 ? names.join(', ') : 'Types only.'}\n`;
    });
  return `${NOTICE}# API reference\n\nEvery export of \`ridgeflow\`, from its doc comments, by subject. Each subject can be imported by itself too:\n\`ridgeflow/transport\` and its like. What draws charts and pages is in \`ridgeflow/report\` only.\n\n${rows.join('\n')}`;
}

const NOTICE = '<!-- Made from the doc comments by `npm run docs`. -->\n\n';

/** @typedef {{ checker: ts.TypeChecker, places: Map<string, string> }} Context */

/** @type {(subject: string, entries: Export[], context: Context) => string} */
function pageOf(subject, entries, context) {
  const parts = entries.map((entry) => sectionOf(entry, context));
  return `${NOTICE}# ${TITLES[subject] ?? subject}\n\n[All subjects](README.md)\n\n${parts.join('\n')}`;
}

/** @type {(entry: Export, context: Context) => string} */
function sectionOf({ name, symbol, declarations, file }, { checker, places }) {
  const shown = declarations.filter(
    (node) => !(ts.isFunctionDeclaration(node) && node.body && declarations.length > 1),
  );
  const signatures = shown.map((node) => signatureOf(node)).join('\n');
  const docs = docOf(symbol, checker, places);
  const source = `[${file}](../../${file})`;
  return `${[`## ${name}`, `\`\`\`ts\n${signatures}\n\`\`\``, docs, source].filter(Boolean).join('\n\n')}\n`;
}

/**
 * The doc comment as Markdown: its text, then parameters, results and errors, then what follows them, then examples.
 *
 * @type {(symbol: ts.Symbol, checker: ts.TypeChecker, places: Map<string, string>) => string}
 */
function docOf(symbol, checker, places) {
  /** @type {string[]} */
  const list = [];
  /** @type {string[]} */
  const rest = [];
  /** @type {string[]} */
  const examples = [];
  for (const { name, text } of symbol.getJsDocTags(checker)) {
    const plain = textOf(text ?? [], places);
    if (name === 'example') {
      examples.push(plain.includes('```') ? plain : `\`\`\`ts\n${plain}\n\`\`\``);
      continue;
    }
    // The cost and the source of a method come last in a comment, where they are taken for a part of the last tag.
    const [first, ...paragraphs] = plain.split(/\n\s*\n/);
    rest.push(...paragraphs);
    if (name === 'param') {
      const [, parameter, meaning] = /^(\S+)\s*([^]*)$/.exec(first) ?? [];
      if (parameter) list.push(`- \`${parameter}\`: ${joined(meaning.replace(/^- /, ''))}`);
    } else if (name === 'returns') list.push(`- Returns ${joined(first)}`);
    else if (name === 'throws') list.push(`- **Throws** ${joined(first)}`);
    else list.push(`- @${name} ${joined(first)}`);
  }
  const text = textOf(symbol.getDocumentationComment(checker), places);
  return [text, list.join('\n'), ...rest, ...examples].filter(Boolean).join('\n\n');
}

/** Lines after the first go on in the item of the list. */
const joined = (/** @type {string} */ text) => text.trim().replace(/\n(?=\S)/g, '\n  ');

/** @type {(parts: readonly ts.SymbolDisplayPart[], places: Map<string, string>) => string} */
function textOf(parts, places) {
  return (
    ts
      .displayPartsToString([...parts])
      // S[γ](x) is a function's value, and would be read as a link.
      .replace(/\]\((?=[a-z]\))/g, ']\\(')
      .replace(/\{@link\s+([\w.]+)\s*\}/g, (_, /** @type {string} */ name) => link(name, places.get(name)))
      .trim()
  );
}

/** @type {(name: string, place?: string) => string} */
const link = (name, place) => (place ? `[${name}](${place})` : `\`${name}\``);

/** @param {ts.Node} node */
const isInternal = (node) => ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal');

/**
 * A declaration without bodies; members of interfaces and classes keep their comments.
 *
 * @param {ts.Node} node
 */
function signatureOf(node) {
  const text = node.getText();
  if (ts.isInterfaceDeclaration(node)) return withoutInternals(node, text);
  if (ts.isFunctionDeclaration(node))
    return upToBody(node, node.body)
      .replace(/^export /, '')
      .replace(/^async /, '');
  if (ts.isClassDeclaration(node)) return classOf(node);
  if (ts.isVariableDeclaration(node)) {
    const type = node.type?.getText();
    const value = node.initializer?.getText() ?? '';
    return `const ${node.name.getText()}${type ? `: ${type}` : ''}${value.length < 400 && !value.includes('=>') ? ` = ${value}` : ''};`;
  }
  return text.replace(/^export /, '');
}

/** @type {(node: ts.InterfaceDeclaration, text: string) => string} */
function withoutInternals(node, text) {
  for (const member of node.members) if (isInternal(member)) text = text.replace(member.getFullText(), '');
  return text.replace(/^export /, '');
}

/** @type {(node: ts.Node, body: ts.Node | undefined) => string} */
function upToBody(node, body) {
  const text = body ? node.getSourceFile().text.slice(node.getStart(), body.getStart()) : node.getText();
  return `${text.trimEnd().replace(/;$/, '')};`;
}

/** @param {ts.ClassDeclaration} node */
function classOf(node) {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  const members = node.members
    .filter((member) => !(ts.getCombinedModifierFlags(member) & hidden) && !isInternal(member))
    .filter((member) => !(member.name && ts.isPrivateIdentifier(member.name)))
    .map((member) => {
      const comment = ts
        .getJSDocCommentsAndTags(member)
        .filter(ts.isJSDoc)
        .map((doc) => doc.getText());
      const body = 'body' in member ? /** @type {ts.Block | undefined} */ (member.body) : undefined;
      const text =
        ts.isPropertyDeclaration(member) && member.initializer
          ? upToBody(member, member.initializer).replace(/\s*=;$/, ';')
          : upToBody(member, body);
      return [...comment, text.replace(/\basync /, '')].map((part) => `  ${part}`).join('\n');
    });
  const clauses = (node.heritageClauses ?? []).map((clause) => clause.getText()).join(' ');
  return `class ${node.name?.text} ${clauses ? `${clauses} ` : ''}{\n${members.join('\n')}\n}`;
}
