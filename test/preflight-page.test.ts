/** docs/moving-servers.md has every check of the pre-flight of a move, and no other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { moveChecks } from '#core/guests/moves/preflight.ts';

test('docs/moving-servers.md has every check, in their order', () => {
  const page = readFileSync(join(import.meta.dirname, '..', 'docs/moving-servers.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| (?:old|new) \|/gm)].map(([, check]) => check);
  expect(rows).toEqual([...moveChecks]);
});
