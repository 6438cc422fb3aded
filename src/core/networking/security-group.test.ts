import { expect, test } from 'vitest';
import { chooseGroup } from './security-group.ts';

const groups = [
  { id: 'a', name: 'web' },
  { id: 'b', name: 'db' },
  { id: 'c', name: 'db' },
  { id: 'web', name: 'odd' },
];

test.each([
  { asked: 'a', gives: { ok: true, id: 'a' } },
  { asked: 'odd', gives: { ok: true, id: 'web' } },
  { asked: 'web', gives: { ok: true, id: 'web' } },
  { asked: 'db', gives: { ok: false, why: 'ambiguous' } },
  { asked: 'c', gives: { ok: true, id: 'c' } },
  { asked: 'DB', gives: { ok: false, why: 'unknown' } },
])(
  '$asked selects the group with this id, else the only one with this name',
  ({ asked, gives }) => {
    expect(chooseGroup(asked, groups)).toEqual(gives);
  },
);
