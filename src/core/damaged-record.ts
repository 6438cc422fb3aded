/**
 * The error for a resource whose database record cannot be read: requests for it are refused by
 * name, and it can be deleted.
 */
import { ComputeError } from './errors.ts';

/**
 * `reason`: for administrators; undefined for others. Example: `damagedRecord('Port p1', 'tags:
 * Unexpected end of JSON input')` → `conflict`: `Port p1 cannot be read: its record in the database
 * is damaged (tags: Unexpected end of JSON input); it can be deleted.`
 */
export function damagedRecord(name: string, reason?: string): ComputeError {
  const why = reason === undefined ? '' : ` (${reason})`;
  return new ComputeError(
    'conflict',
    `${name} cannot be read: its record in the database is damaged${why}; it can be deleted.`,
  );
}
