/**
 * What all of the promises give. Unlike `Promise.all` it waits for every one of them before it throws the error of the first
 * that failed, so that nothing still runs on arrays and models that the caller then lets go.
 */
export async function together<const Promises extends readonly unknown[]>(
  promises: Promises,
): Promise<{ -readonly [P in keyof Promises]: Awaited<Promises[P]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
