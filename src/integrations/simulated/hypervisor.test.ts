import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describeHypervisor,
  describeHypervisorDevices,
} from '#contracts/host/hypervisor.contract.ts';
import { describePciBus } from '#contracts/host/pci-bus.contract.ts';
import { domainXml } from '#integrations/libvirt/xml/domain-xml.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { aGuest, aHostdevNic, aMacvtapNic, vf0, vf1 } from '#test/hosts/guests.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SimulatedHypervisor } from './hypervisor.ts';
import { SimulatedPciBus } from './machine/pci-bus.ts';
import { type SimulatedHost, simulatedHost } from './simulated-host.ts';
import { igbCapturePath, writeSysfsTree } from './machine/sysfs-tree.ts';

let folder = '';
let host: SimulatedHost;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'novella-simulated-'));
  const root = join(folder, 'sys');
  writeSysfsTree(readFileSync(igbCapturePath, 'utf8'), root);
  const { functions } = await new SysfsPciBus({ root }).listFunctions();
  host = simulatedHost('host-1', functions);
});

afterAll(() => rmSync(folder, { recursive: true }));

function hypervisorIn(stateDirectory?: string): SimulatedHypervisor {
  return new SimulatedHypervisor({
    host,
    domainXml: (guest, nicSources) => domainXml(guest, { virtType: 'kvm', nicSources }),
    ...(stateDirectory !== undefined && { stateDirectory }),
  });
}

for (const describeSuite of [describeHypervisor, describeHypervisorDevices]) {
  describeSuite('simulated, in memory', { make: async () => hypervisorIn() });
  describeSuite('simulated, in files', {
    make: async () => hypervisorIn(mkdtempSync(join(folder, 'guests-'))),
  });
}
describePciBus('simulated', async () => aBus());

function aBus(): SimulatedPciBus {
  const fresh = { ...host, functions: [...host.functions] };
  return new SimulatedPciBus({
    host: fresh,
    listGuests: async () => [],
    unsupported: ['linkState'],
  });
}

test('guests outlive the process: a new hypervisor on the same folder finds them running', async () => {
  const directory = mkdtempSync(join(folder, 'guests-'));
  const guest = aGuest({ nics: [aHostdevNic(vf0)] });
  const first = hypervisorIn(directory);
  await first.define(guest, {});
  await first.start(guest.id);
  const second = hypervisorIn(directory);
  expect(await second.listGuests()).toEqual(await first.listGuests());
  expect(await second.domainXml(guest.id)).toBe(await first.domainXml(guest.id));
  await second.destroy(guest.id);
  await second.undefine(guest.id);
  expect(await hypervisorIn(directory).listGuests()).toEqual([]);
});

test('a VF loses its interface while a running guest has it whole, not under a macvtap', async () => {
  const hypervisor = hypervisorIn();
  const bus = new SimulatedPciBus({ host, listGuests: () => hypervisor.listGuests() });
  const guest = aGuest({ nics: [aHostdevNic(vf0), aMacvtapNic(vf1)] });
  await hypervisor.define(guest, { [vf1]: 'enp1s0v1' });
  await hypervisor.start(guest.id);
  expect([await bus.ifnameOf(vf0), await bus.ifnameOf(vf1)]).toEqual([null, 'enp1s0v1']);
  const { functions } = await bus.listFunctions();
  expect(functions.find(({ address }) => address === vf0)?.ifname).toBeNull();
  await hypervisor.destroy(guest.id);
  expect(await bus.ifnameOf(vf0)).toBe('enp1s0v0');
});
