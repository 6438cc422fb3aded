/** An InfiniBand VF is handed to a guest and returned, whatever IPoIB on its PF reports. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { writeCards } from '#test/hosts/described-cards.ts';
import { aGuest, portId } from '#test/hosts/guests.ts';
import { anIgbHost } from '#test/hosts/host-parts.ts';
import { ipoib } from '#test/hosts/odd-cards.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executeCommand } from './commands/execute-command.ts';
import { hostParts } from './host-parts.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-infiniband-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const address = parsePciAddress('0000:82:00.1');
const identity = { portId, macAddress: 'fa:16:3e:5b:10:01', mtu: null, bandwidth: null };

test.each([
  {
    of: 'a port',
    guest: aGuest({ nics: [{ ...identity, kind: 'hostdev-physical', address }] }),
  },
  { of: 'an alias', guest: aGuest({ hostDevices: [{ address, requestId: 'r' }] }) },
])('the VF of $of', async ({ guest }) => {
  const root = writeCards(mkdtempSync(join(folder, 'sys-')), ipoib);
  const pciBus = new SysfsPciBus({ root, run: async () => '[]' });
  expect(await pciBus.functionAt(address)).toMatchObject({ parentIfname: 'ib0' });
  const { options } = anIgbHost(folder);
  const parts = hostParts({ ...options, pciBus });
  expect(await executeCommand(parts, { do: 'spawn', guest })).toMatchObject({ ok: true });
  const end = await executeCommand(parts, { do: 'destroy', guestId: guest.id });
  expect(end).toMatchObject({ ok: true });
  expect(await parts.devices.problemOf(address)).toBeUndefined();
});
