/**
 * Everything in a graph that `to` is computed from, itself and `from` included, as far back as `from`.
 *
 * @param inputsOf What a value is computed from; undefined where the walk must not come by.
 * @returns The values, or undefined where one of them must not be among them. O(edges), not recursive: hostile or deep
 *   models would exhaust the stack.
 */
export function walkBack<Value>(
  to: Value,
  from: Value,
  inputsOf: (value: Value) => readonly Value[] | undefined,
): Set<Value> | undefined {
  const met = new Set<Value>();
  const stack = [to];
  while (stack.length > 0) {
    const value = stack.pop()!;
    if (met.has(value)) continue;
    met.add(value);
    if (value === from) continue;
    const inputs = inputsOf(value);
    if (!inputs) return undefined;
    for (const input of inputs) stack.push(input);
  }
  return met;
}
