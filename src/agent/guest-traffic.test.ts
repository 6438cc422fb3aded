import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aGuest, aHostdevNic, aMacvtapNic, vf0, vf1 } from '#test/hosts/guests.ts';
import { anIgbHost } from '#test/hosts/host-parts.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executeCommand } from './commands/execute-command.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-traffic-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

const macvtap = { ...aMacvtapNic(vf1), portId: 'macvtap' };
const guest = aGuest({ nics: [aHostdevNic(vf0), macvtap] });

test('the counters of a guest include a VF that is passed through, by the MAC that its PF has', async () => {
  const { parts, kernel } = anIgbHost(folder);
  await executeCommand(parts, { do: 'spawn', guest });
  const [{ macAddress } = { macAddress: '' }] = guest.nics;
  // As libvirt does.
  kernel.giveAway(vf0);
  await parts.pciBus.applyVfStep({ do: 'set-vf', address: vf0, change: { macAddress } });
  kernel.stats.set(vf0, {
    rx: { bytes: 64, packets: 1, multicast: 0, broadcast: 1, dropped: 0 },
    tx: { tx_bytes: 128, tx_packets: 2, dropped: 0 },
  });
  const result = await executeCommand(parts, { do: 'counters', guestId: guest.id });
  const { nics } = (result.ok && result.counters) || { nics: [] };
  expect(nics.map(({ name }) => name)).toEqual(['macvtap1', 'vf0']);
  expect(nics.at(-1)).toEqual({
    name: 'vf0',
    macAddress,
    received: { bytes: 64, packets: 1, errors: null, drops: 0 },
    sent: { bytes: 128, packets: 2, errors: null, drops: 0 },
  });
});

test('a host that cannot read the traffic of a VF still has the other counters', async () => {
  const { parts } = anIgbHost(folder);
  await executeCommand(parts, { do: 'spawn', guest });
  parts.pciBus.vfTraffic = () => Promise.reject(new Error('RTNETLINK answers: no such device'));
  const result = await executeCommand(parts, { do: 'counters', guestId: guest.id });
  expect(result).toMatchObject({ ok: true, counters: { nics: [{ name: 'macvtap1' }] } });
});
