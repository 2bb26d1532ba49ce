import type { FloatData } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';

/** What a field returned, checked: a user's function may return anything. Throws INVALID_SHAPE. */
export function checkedValues(what: string, values: FloatData | undefined, expected: number): FloatData {
  if (values?.length === expected) return values;
  throw new RidgeflowError(
    'INVALID_SHAPE',
    `Expected ${expected} values of ${what} from the field but received ${values?.length ?? 'none'}`,
    { details: { parameter: what } },
  );
}
