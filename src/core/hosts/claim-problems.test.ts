import { aVf } from '#test/store-rows.ts';
import { vf0 } from '#test/guests.ts';
import { expect, test } from 'vitest';
import { claimProblems } from './claim-problems.ts';

const tags = { physical_network: 'physnet1' };
const held = aVf(vf0, { tags, serverId: 's1', requestId: 'r1', status: 'allocated' });

test('what a host has as it was claimed is no problem', () => {
  expect(claimProblems([held, aVf(vf0)])).toEqual([]);
});

test('another device in place of a held one is a problem of its host, and keeps nobody away', () => {
  const found = { function: aVf(vf0, { vendorId: '10de', productId: '20b5' }), tags };
  expect(claimProblems([{ ...held, found }])).toEqual([
    {
      code: 'device-replaced',
      blocks: 'none',
      message: expect.stringMatching(
        /is 10de:20b5 of PF .*; server s1 holds it and does not start/,
      ),
    },
  ]);
});

test('new tags of a held device wait until it is given back, and that is said', () => {
  const found = { function: held, tags: { physical_network: 'physnet2', trusted: 'true' } };
  expect(claimProblems([{ ...held, found }])).toEqual([
    {
      code: 'device-retagged',
      blocks: 'none',
      message: `PCI device ${vf0}: physical_network physnet1 → physnet2, trusted unset → true: not before server s1 gives it back`,
    },
  ]);
});
