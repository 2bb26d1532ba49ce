// What the library exports, by its types: so that a list in a test cannot leave out what is added later.
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Every exported function that can be called, with the names of the fields of all its arguments. Takes seconds. */
export function exportedCalls(): Map<string, Set<string>> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const entry = `${root}ts/index.ts`;
  const program = ts.createProgram([entry], options);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
  const calls = new Map<string, Set<string>>();
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (!(symbol.flags & ts.SymbolFlags.Value)) continue;
    const signatures = checker.getTypeOfSymbol(symbol).getCallSignatures();
    if (signatures.length === 0) continue;
    const names = signatures
      .flatMap((signature) => signature.getParameters())
      .map((parameter) => checker.getNonNullableType(checker.getTypeOfSymbol(parameter)))
      .flatMap((type) => (type.isUnion() ? type.types : [type]))
      .flatMap((type) => type.getProperties().map(({ name }) => name));
    calls.set(exported.name, new Set(names));
  }
  return calls;
}
