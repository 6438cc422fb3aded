/** A live migration that its administrator ended before the guest had left. */
import { ComputeError } from '../errors.ts';

/** The server stays where it is; the migration's status is `cancelled`. */
export class AbortedMove extends ComputeError {
  constructor(detail?: string) {
    const message = 'The live migration was aborted: the server is where it was.';
    super('conflict', message, detail === undefined ? {} : { detail });
  }
}
