import { aVf } from '#test/worlds/store-rows.ts';
import { vf0, vf1 } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import { claimProblems } from './claim-problems.ts';

const tags = { physical_network: 'physnet1' };
const held = aVf(vf0, { tags, serverId: 's1', requestId: 'r1', status: 'allocated' });

test('a host whose devices match their claims has no problem', () => {
  expect(claimProblems([held, aVf(vf0)])).toEqual([]);
});

test('another device in place of a claimed one is a problem of its host and blocks no server', () => {
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

test('new tags of a claimed device apply after its release, and a problem reports it', () => {
  const found = { function: held, tags: { physical_network: 'physnet2', trusted: 'true' } };
  expect(claimProblems([{ ...held, found }])).toEqual([
    {
      code: 'device-retagged',
      blocks: 'none',
      message: `PCI device ${vf0}: physical_network physnet1 → physnet2, trusted unset → true: not before server s1 releases it`,
    },
  ]);
});

const sriov = (bus: string, vfNum = 0) => ({
  capabilities: { sriov: { pfMacAddress: `0c:42:a1:00:${bus}:00`, vfNum } },
});

test('two cards that swapped slots: each claimed device is reported with its new address', () => {
  const one = { ...held, ...sriov('3b') };
  const two = aVf(vf1, { tags, ...sriov('5e'), serverId: 's2', requestId: 'r2' });
  const swapped = [
    { ...one, status: 'missing' as const, found: { function: { ...two, address: vf0 }, tags } },
    { ...two, status: 'missing' as const, found: { function: { ...one, address: vf1 }, tags } },
  ];
  expect(claimProblems(swapped).map(({ message }) => message)).toEqual([
    expect.stringMatching(`of PF 0c:42:a1:00:5e:00; it is at ${vf1} now; server s1 holds it and`),
    expect.stringMatching(`of PF 0c:42:a1:00:3b:00; it is at ${vf0} now; server s2 holds it and`),
  ]);
});

test('a card moved to another slot is reported with its new address; a missing one is not', () => {
  const missing = { ...held, ...sriov('3b'), status: 'missing' as const };
  const moved = aVf(vf1, { tags, ...sriov('3b') });
  expect(claimProblems([missing, moved])).toMatchObject([
    {
      code: 'device-replaced',
      message: expect.stringContaining(
        `${vf0} is in another place: it is at ${vf1} now; server s1`,
      ),
    },
  ]);
  for (const others of [[], [aVf(vf1, { tags, ...sriov('3b', 1) })], [aVf(vf1, { tags })]]) {
    expect(claimProblems([missing, ...others])).toEqual([]);
  }
});
