/** Text files that a user names: read errors are described in plain English. */
import { readFileSync } from 'node:fs';
import { ComputeError } from '#core/errors.ts';

/** The text of the file. Throws `invalid` naming the file and the error. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? String(cause)})`;
    throw new ComputeError('invalid', `${path}: ${reason}`, { cause });
  }
}
