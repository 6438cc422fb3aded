import { expect, test } from 'vitest';
import { chooseGroup } from './security-group.ts';

const groups = [
  { id: 'a', name: 'web' },
  { id: 'b', name: 'db' },
  { id: 'c', name: 'db' },
  { id: 'web', name: 'odd' },
];

test.each([
  { requested: 'a', gives: { ok: true, id: 'a' } },
  { requested: 'odd', gives: { ok: true, id: 'web' } },
  { requested: 'web', gives: { ok: true, id: 'web' } },
  { requested: 'db', gives: { ok: false, why: 'ambiguous' } },
  { requested: 'c', gives: { ok: true, id: 'c' } },
  { requested: 'DB', gives: { ok: false, why: 'unknown' } },
])(
  '$requested selects the group with this id, else the only one with this name',
  ({ requested, gives }) => {
    expect(chooseGroup(requested, groups)).toEqual(gives);
  },
);
