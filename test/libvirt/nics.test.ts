/**
 * NICs of running guests, with interfaces that this machine can make: a bridge, and a virtual
 * cable's end in the place of a VF.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Guest, GuestNic } from '#core/guests/description/guest.ts';
import type { LibvirtHypervisor } from '#integrations/libvirt/domains/hypervisor.ts';
import {
  aBridgeNic,
  aFailoverNic,
  aGuest,
  aHostdevNic,
  aMacvtapNic,
  vf0,
  vf1,
} from '#test/hosts/guests.ts';
import { LibvirtHost } from '#test/hosts/libvirt-host.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

/** Names of our own, so that nothing of the machine is touched. */
const bridge = `nvbr${process.pid}`;
const cable = `nvc${process.pid}`;

let host: LibvirtHost;

beforeAll(async () => {
  host = await LibvirtHost.start();
  ip('link', 'add', bridge, 'type', 'bridge');
  ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', `${cable}p`);
});
afterEach(() => host.clear());
afterAll(async () => {
  ip('link', 'del', bridge);
  ip('link', 'del', cable);
  await host.stop();
});

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}

const bridgeNic: GuestNic = { ...(aBridgeNic() as object), bridge, devName: '' } as GuestNic;

function aNic(devName: string): GuestNic {
  return { ...bridgeNic, devName, portId: randomUUID() } as GuestNic;
}

/** A macvtap over the cable's end. Without a VLAN, which only a VF supports. */
function aMacvtap(): GuestNic {
  return { ...aMacvtapNic(vf1, null), portId: randomUUID() };
}

const sources = { [vf1]: cable };

async function define(hypervisor: LibvirtHypervisor, change: Partial<Guest> = {}): Promise<Guest> {
  const guest = aGuest({ id: randomUUID(), memoryMib: 128, ...change });
  await host.prepare(guest);
  await hypervisor.define(guest, sources);
  return guest;
}

test('a guest with a system takes a NIC while it runs, releases it, and obeys the power button', async () => {
  const hypervisor = await host.hypervisor({ shutdownMs: 60_000, detachMs: 60_000 });
  const guest = await define(hypervisor, { kernel: host.kernel() });
  await hypervisor.start(guest.id);
  await host.whenUp(guest);
  const tap = `nvt${process.pid}`;
  const nic = aNic(tap);
  await hypervisor.attachNic(guest.id, nic, {});
  await hypervisor.attachNic(guest.id, nic, {});
  expect(ip('-o', 'link', 'show', 'master', bridge)).toContain(tap);
  expect(await hypervisor.domainXml(guest.id)).toContain(nic.portId);
  await hypervisor.detachNic(guest.id, nic);
  await hypervisor.detachNic(guest.id, nic);
  expect(ip('-o', 'link', 'show', 'master', bridge)).not.toContain(tap);
  expect(await hypervisor.domainXml(guest.id)).not.toContain(nic.portId);
  expect(host.libvirtd.virsh('domiflist', guest.id).trim()).toBe('');
  await hypervisor.shutDown(guest.id);
  expect(host.console(guest.id)).toContain('power button');
});

test('a guest that is off takes a VF with its standby, and gives both up', async () => {
  const hypervisor = await host.hypervisor();
  const nic = aFailoverNic(vf0);
  const teamed = async (id: string) =>
    (await hypervisor.domainXml(id))?.match(/<teaming type='\w+'/g)?.length ?? 0;
  const having = await define(hypervisor, { nics: [nic] });
  const [found] = await hypervisor.listGuests();
  expect([found?.devices.map(({ address }) => address), await teamed(having.id)]).toEqual([
    [vf0],
    2,
  ]);
  const late = await define(hypervisor, { name: 'instance-late' });
  await hypervisor.attachNic(late.id, nic, {});
  await hypervisor.attachNic(late.id, nic, {});
  expect(await teamed(late.id)).toBe(2);
  await hypervisor.detachNic(late.id, nic);
  await hypervisor.detachNic(late.id, nic);
  expect(await teamed(late.id)).toBe(0);
});

test('NICs of a guest are counted by their interfaces on the host: a bridge’s port, a macvtap', async () => {
  const hypervisor = await host.hypervisor();
  const tap = `nvx${process.pid}`;
  const other = { ...aMacvtap(), macAddress: 'fa:16:3e:5b:10:02' };
  const guest = await define(hypervisor, { nics: [aNic(tap), other] });
  await hypervisor.start(guest.id);
  const { nics } = await hypervisor.counters(guest.id);
  const traffic = {
    bytes: expect.any(Number),
    packets: expect.any(Number),
    errors: expect.any(Number),
    drops: expect.any(Number),
  };
  const counted = { received: traffic, sent: traffic };
  expect(nics).toEqual([
    { name: tap, macAddress: bridgeNic.macAddress, ...counted },
    { name: expect.stringMatching(/^macvtap\d+$/), macAddress: other.macAddress, ...counted },
  ]);
});

test('a guest that powers itself off is reported', async () => {
  const hypervisor = await host.hypervisor();
  const reported: string[] = [];
  hypervisor.watch((change) => change.what === 'guest' && reported.push(change.state));
  const guest = await define(hypervisor, { kernel: host.kernel('off-after=1') });
  await hypervisor.start(guest.id);
  await expect
    .poll(() => reported.slice(-2), { timeout: 100_000, interval: 200 })
    .toEqual(['running', 'shutOff']);
  expect(await hypervisor.listGuests()).toMatchObject([{ state: 'shutOff' }]);
});

test('a guest whose system does not cooperate keeps its NIC, and the error reports it', async () => {
  const hypervisor = await host.hypervisor({ detachMs: 1_000 });
  const nic = aNic(`nvu${process.pid}`);
  const guest = await define(hypervisor, { nics: [nic] });
  await hypervisor.start(guest.id);
  await expect(hypervisor.detachNic(guest.id, nic)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining(`did not release the device of port ${nic.portId} within 1 s`),
  });
  expect(await hypervisor.domainXml(guest.id)).toContain(nic.portId);
});

test('a device under one guest’s macvtap is refused to another, started or attached; libvirt itself would allow it', async () => {
  const hypervisor = await host.hypervisor();
  const holder = await define(hypervisor, { name: 'instance-1', nics: [aMacvtap()] });
  const second = await define(hypervisor, { name: 'instance-2', nics: [aMacvtap()] });
  await hypervisor.start(holder.id);
  const refusal = {
    kind: 'conflict',
    message: expect.stringContaining(`PCI device ${vf1} is in use by guest instance-1`),
  };
  await expect(hypervisor.start(second.id)).rejects.toMatchObject(refusal);
  const third = await define(hypervisor, { name: 'instance-3' });
  await hypervisor.start(third.id);
  await expect(hypervisor.attachNic(third.id, aMacvtap(), sources)).rejects.toMatchObject(refusal);
  await hypervisor.destroy(holder.id);
  await hypervisor.start(second.id);
  const live = (await hypervisor.listGuests()).filter(({ state }) => state === 'running');
  expect(live.map(({ name, devices }) => `${name}: ${devices[0]?.address}`).toSorted()).toEqual([
    `instance-2: ${vf1}`,
    'instance-3: undefined',
  ]);
});

test('of two guests that start with the same device exactly one succeeds', async () => {
  const hypervisor = await host.hypervisor();
  const one = await define(hypervisor, { name: 'instance-1', nics: [aMacvtap()] });
  const two = await define(hypervisor, { name: 'instance-2', nics: [aMacvtap()] });
  const outcomes = await Promise.allSettled([one, two].map(({ id }) => hypervisor.start(id)));
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('a macvtap of another program counts too', async () => {
  const hypervisor = await host.hypervisor();
  const guest = await define(hypervisor, { nics: [aMacvtap()] });
  const xml = host.libvirtd.virsh('dumpxml', guest.id);
  const theirs = xml
    .replace(/<metadata>[\s\S]*<\/metadata>/, '')
    .replace(/<name>.*<\/name>/, '<name>theirs</name>')
    .replace(/<uuid>.*<\/uuid>/, `<uuid>${randomUUID()}</uuid>`);
  host.libvirtd.virshInput('create', theirs);
  try {
    await expect(hypervisor.start(guest.id)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('in use by guest theirs'),
    });
  } finally {
    host.libvirtd.virsh('destroy', 'theirs');
  }
});

test('with networks each port has one while a guest names it; libvirt assigns the claimed device', async () => {
  const hypervisor = await host.hypervisor({ networkXml: true });
  const nic = aMacvtap();
  const networks = () => host.libvirtd.virsh('net-list', '--all', '--name').trim();
  host.libvirtd.virshInput('net-define', leftBehind);
  const guest = await define(hypervisor, { nics: [nic] });
  expect(
    networks()
      .split('\n')
      .map((line) => line.trim())
      .toSorted(),
  ).toEqual([`novella-port-${nic.portId}`, 'novella-port-left-behind'].toSorted());
  host.libvirtd.virsh('net-destroy', `novella-port-${nic.portId}`);
  await hypervisor.start(guest.id);
  expect(host.libvirtd.virsh('domiflist', guest.id)).toContain(`novella-port-${nic.portId}`);
  expect(host.libvirtd.virsh('dumpxml', guest.id)).toContain(`dev='${cable}' mode='passthrough'`);
  const [found] = await hypervisor.listGuests();
  expect(found?.devices).toMatchObject([{ address: vf1, through: 'macvtap' }]);
  await hypervisor.destroy(guest.id);
  await hypervisor.undefine(guest.id);
  expect(networks()).toBe('');
});

test('a refusal of libvirt keeps its code and message, and leaves nothing behind', async () => {
  const hypervisor = await host.hypervisor({ networkXml: true });
  // This machine has no VFs, and libvirt checks before it takes a network of one.
  const nics = [{ ...aHostdevNic(vf0), portId: randomUUID() }];
  await expect(define(hypervisor, { nics })).rejects.toMatchObject({
    kind: 'unavailable',
    code: 67,
    domain: 19,
    message: expect.stringMatching(/^define the network of port .*0000:01:10.0.* is not an SR-IOV/),
  });
  expect(await hypervisor.listGuests()).toEqual([]);
  expect(host.libvirtd.virsh('net-list', '--all', '--name').trim()).toBe('');
});

const leftBehind = `<network><name>novella-port-left-behind</name>
  <forward mode='passthrough'><interface dev='${cable}'/></forward></network>`;
