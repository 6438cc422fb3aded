/** What an agent says of odd cards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { type DescribedCard, writeCards } from '#test/hosts/described-cards.ts';
import { anIgbHost } from '#test/hosts/host-parts.ts';
import * as odd from '#test/hosts/odd-cards.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GuestTurns } from './commands/guest-turns.ts';
import { hostParts } from './host-parts.ts';
import { reportHost } from './report.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-report-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function reported(cards: Record<string, DescribedCard>, entry: object) {
  const root = writeCards(mkdtempSync(join(folder, 'sys-')), cards);
  const pciBus = new SysfsPciBus({ root, run: async () => '[]' });
  const { functions } = await pciBus.listFunctions();
  const deviceSpecs = parseDeviceSpecs([{ object: entry, source: 'test' }], functions);
  const options = { ...anIgbHost(folder).options, pciBus, deviceSpecs };
  const { devices } = await reportHost(options, hostParts(options), new GuestTurns());
  return devices.map(({ function: fn }) => [fn.address, fn.quarantine]);
}

const forPorts = { physical_network: 'physnet1' };

test('a VF for ports whose PF has no interface is reported with the reason, and so counts for nobody', async () => {
  const vf = { vendor_id: '177d', product_id: 'a034' };
  expect(await reported(odd.pfWithoutInterface, { ...vf, ...forPorts })).toEqual([
    ['0002:01:00.1', expect.stringContaining('PF 0002:01:00.0 has no network interface')],
  ]);
  expect(await reported(odd.pfWithoutInterface, vf)).toEqual([['0002:01:00.1', undefined]]);
});

test('InfiniBand without IPoIB, and cards with any kind of uplink, are reported as they are', async () => {
  for (const cards of [odd.infiniband, odd.twoPorts, odd.switchdev, odd.virtioNet]) {
    const devices = await reported(cards, forPorts);
    expect(devices.length).toBeGreaterThan(1);
    expect(devices.filter(([, quarantine]) => quarantine !== undefined)).toEqual([]);
  }
});
