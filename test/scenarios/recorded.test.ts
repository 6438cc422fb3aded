/**
 * Recorded scenarios of the real Nova, played through the public API: placement and lifecycle hold,
 * except for moves.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { playFile } from '../conformance/play.ts';

/** Scripts that need a move, which Novella does not offer. */
const moves = [
  'live-migrate-direct',
  'live-migrate-no-vf-at-destination',
  'live-migrate-then-source-vf-usable',
  'cold-migrate-confirm',
  'cold-migrate-revert',
  'evacuate',
  'resize-to-flavor-without-device',
  'shelve-frees-unshelve-takes',
  'resize-same-host-only-one-vf',
  'evacuate-no-vf-left',
  'evacuated-host-returns',
];

const rows = [
  { topic: 'scheduler', open: [] as string[] },
  { topic: 'lifecycle', open: moves },
];

test.each(rows)(
  'every recorded $topic scenario holds, except for moves',
  async ({ topic, open }) => {
    const { passed, notes } = await playFile(
      join(import.meta.dirname, '../vectors', `${topic}.json`),
    );
    const failing = notes.map((note) => /^failed \w+ ([\w-]+):/.exec(note)?.[1] ?? note);
    expect(failing.toSorted()).toEqual(open.toSorted());
    expect(passed).toBeGreaterThan(0);
  },
);
