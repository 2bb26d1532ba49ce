// What the library exports, by its types: so that a list in a test cannot leave out what is added later.
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** A method of an object that an exported function returns, or of an exported class. */
export interface ExportedMethod {
  /** The function that returns the object. */
  readonly from: string;
  /** Where the object is in what it returns: names of properties, `0` for an element of a list. */
  readonly path: readonly string[];
  /** The object's own type, then those it extends or implements. */
  readonly types: readonly string[];
  readonly name: string;
  /** Its parameters, and which of them are nothing but numbers. */
  readonly parameters: readonly { readonly name: string; readonly isNumber: boolean }[];
}

/** How deep objects are looked for in what a function returns. */
const DEPTH = 3;

const root = fileURLToPath(new URL('..', import.meta.url));

/** The exports of the library that are values. Takes seconds. */
function openLibrary(): { checker: ts.TypeChecker; values: readonly (readonly [string, ts.Type])[] } {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const entry = `${root}ts/index.ts`;
  const program = ts.createProgram([entry], options);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
  const values = checker.getExportsOfModule(module).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    return symbol.flags & ts.SymbolFlags.Value
      ? [[exported.name, checker.getTypeOfSymbol(symbol)] as const]
      : [];
  });
  return { checker, values };
}

const alternatives = (type: ts.Type): readonly ts.Type[] => (type.isUnion() ? type.types : [type]);

/** Every exported function that can be called, with the names of the fields of all its arguments. Takes seconds. */
export function exportedCalls(): Map<string, Set<string>> {
  const { checker, values } = openLibrary();
  const calls = new Map<string, Set<string>>();
  for (const [name, type] of values) {
    const signatures = type.getCallSignatures();
    if (signatures.length === 0) continue;
    const names = signatures
      .flatMap((signature) => signature.getParameters())
      .map((parameter) => checker.getNonNullableType(checker.getTypeOfSymbol(parameter)))
      .flatMap(alternatives)
      .flatMap((argument) => argument.getProperties().map((property) => property.name));
    calls.set(name, new Set(names));
  }
  return calls;
}

/** Lists and arrays, which are values. */
const VALUES = ['NdArray', 'StridedArrayLike'];

const isOfLibrary = (type: ts.Type): boolean =>
  (type.aliasSymbol ?? type.symbol)?.declarations?.[0].getSourceFile().fileName.startsWith(`${root}ts/`) ===
  true;

/**
 * Options that are objects themselves, of the exported functions: `function.argument.option`, where the object is one of
 * plain values. Takes seconds.
 */
export function nestedOptions(): string[] {
  const { checker, values } = openLibrary();
  const isPlain = (type: ts.Type): boolean =>
    (type.flags & ts.TypeFlags.Object) !== 0 &&
    (isOfLibrary(type) || type.aliasSymbol?.name === 'Partial') &&
    !VALUES.includes(type.symbol?.name) &&
    type.getCallSignatures().length === 0 &&
    type
      .getProperties()
      .every(
        (property) =>
          checker.getNonNullableType(checker.getTypeOfSymbol(property)).getCallSignatures().length === 0,
      );
  const found = new Set<string>();
  for (const [name, type] of values)
    for (const parameter of type.getCallSignatures().flatMap((signature) => signature.getParameters()))
      for (const options of alternatives(checker.getNonNullableType(checker.getTypeOfSymbol(parameter))))
        for (const option of checker.isArrayType(options) ? [] : options.getProperties())
          if (alternatives(checker.getNonNullableType(checker.getTypeOfSymbol(option))).some(isPlain))
            found.add(`${name}.${parameter.name}.${option.name}`);
  return [...found];
}

/** The methods of every object that an exported function returns, as far as types say. Takes seconds. */
export function exportedMethods(): ExportedMethod[] {
  const { checker, values } = openLibrary();
  const methods: ExportedMethod[] = [];
  const isNumber = (type: ts.Type) =>
    alternatives(checker.getNonNullableType(type)).every(({ flags }) => flags & ts.TypeFlags.NumberLike);

  const ancestors = (type: ts.Type): string[] => {
    const bases = (type.symbol?.declarations ?? [])
      .flatMap((declaration) =>
        ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)
          ? (declaration.heritageClauses ?? [])
          : [],
      )
      .flatMap((clause) => clause.types)
      .flatMap((node) => ancestors(checker.getTypeAtLocation(node)));
    return [type.symbol?.name ?? '', ...bases];
  };

  const visit = (given: ts.Type, from: string, path: readonly string[]): void => {
    if (path.length > DEPTH) return;
    for (const type of alternatives(checker.getNonNullableType(given))) {
      const name = type.symbol?.name;
      if (name === 'Promise') visit(checker.getTypeArguments(type as ts.TypeReference)[0], from, path);
      else if (name === 'Array' || name === 'ReadonlyArray')
        visit(checker.getTypeArguments(type as ts.TypeReference)[0], from, [...path, '0']);
      else if (type.isTypeParameter() && type.getConstraint()) visit(type.getConstraint()!, from, path);
      else if (isOfLibrary(type) && type.getCallSignatures().length === 0) {
        const types = ancestors(type);
        for (const property of type.getProperties()) {
          if (property.name.startsWith('#') || property.name.startsWith('__#')) continue;
          const value = checker.getNonNullableType(checker.getTypeOfSymbol(property));
          const [signature] = value.getCallSignatures();
          if (!signature) visit(value, from, [...path, property.name]);
          else
            methods.push({
              ...{ from, path, types },
              name: property.name,
              parameters: signature.getParameters().map((parameter) => ({
                name: parameter.name,
                isNumber: isNumber(checker.getTypeOfSymbol(parameter)),
              })),
            });
        }
      }
    }
  };
  for (const [name, type] of values)
    for (const signature of type.getCallSignatures()) visit(signature.getReturnType(), name, []);
  return methods;
}
