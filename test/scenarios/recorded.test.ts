/** Recorded scenarios of the real Nova, played through the public API: placement and lifecycle. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { playFile } from '../conformance/play.ts';

/** Where the product finds an answer that the recording has not: reviewed by hand. */
const better = 'better lifecycle live-migrate-then-source-vf-usable';

test.each(['scheduler', 'lifecycle'])('every recorded %s scenario holds', async (topic) => {
  const { passed, notes } = await playFile(
    join(import.meta.dirname, '../vectors', `${topic}.json`),
  );
  expect(notes.filter((note) => !note.startsWith(better))).toEqual([]);
  expect(passed).toBeGreaterThan(0);
});
