/** Places for the files of a test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/**
 * The path of a file that does not exist yet, in a folder of its own that is removed when the
 * running test ends.
 */
export function freshFile(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'novella-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}
