/** What callers may see of a host's failure to answer a query. */
import { ComputeError, isComputeError } from '#core/errors.ts';
import { memberText } from '#core/servers/member-text.ts';
import type { Call } from '../../requests/route.ts';

/** A host's error message contains its paths and programs: for administrators. */
export async function hidingHosts<T>({ caller }: Call, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (caller.isAdmin || !isComputeError(error, 'unavailable')) throw error;
    throw new ComputeError('unavailable', memberText(error.message), { cause: error });
  }
}
