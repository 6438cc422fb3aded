/** QEMU takes a device with a standby from its guest when that is sent, and its event is received. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { LibvirtChild } from '#integrations/libvirt/connection/child-process.ts';
import { domainXml } from '#integrations/libvirt/xml/domain-xml.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { LibvirtHost } from '#test/hosts/libvirt-host.ts';
import { silentLog } from '#test/silent-log.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

let host: LibvirtHost;

beforeAll(async () => {
  host = await LibvirtHost.start();
});
afterEach(() => host.clear());
afterAll(() => host.stop());

const mac = 'fa:16:3e:5b:10:01';
/** As libvirt writes them: QEMU makes devices in the other notation before any bus. */
const nic = (properties: object) =>
  `<qemu:arg value='-device'/><qemu:arg value='${JSON.stringify({ ...properties, mac, addr: '0x0' })}'/>`;

/** libvirt pairs a standby with a VF only; QEMU with any NIC. */
const pair = `<qemu:commandline>
  ${nic({ driver: 'virtio-net-pci', id: 'standby', failover: true, bus: 'pci.9' })}
  ${nic({ driver: 'e1000e', id: 'primary', failover_pair_id: 'standby', bus: 'pci.10' })}
</qemu:commandline></domain>`;

test('a guest that is sent is about to continue by its standby', async () => {
  const child = new LibvirtChild({ uri: host.libvirtd.uri, log: silentLog });
  const events: string[] = [];
  child.watch((event) => {
    if (event.what === 'event') events.push(`${event.event.what} of ${event.event.id}`);
  });
  await host.hypervisor({}, child);
  const guest = aGuest({
    ...{ id: randomUUID(), memoryMib: 192, configDrive: null },
    kernel: host.kernel('standby'),
  });
  await host.prepare(guest);
  const xml = domainXml(guest, {
    ...{ virtType: 'qemu', nicSources: {} },
    diskDirectory: host.libvirtd.guestsDirectory,
  });
  host.libvirtd.virshInput(
    'create',
    xml
      .replace('<domain ', "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' ")
      .replace('</domain>', pair),
  );
  await expect.poll(() => host.console(guest.id), { timeout: 60_000 }).toContain('virtio_net');
  const plugged = () =>
    host.libvirtd.virsh('qemu-monitor-command', guest.id, '--hmp', 'info pci').includes('primary');
  await expect.poll(plugged, { timeout: 20_000 }).toBe(true);
  expect(events).not.toContain(`to-standby of ${guest.id}`);
  const saved = join(host.libvirtd.folder, 'saved');
  const save = spawn('virsh', ['-q', '-c', host.libvirtd.uri, 'save', guest.id, saved]);
  try {
    await expect.poll(() => events, { timeout: 20_000 }).toContain(`to-standby of ${guest.id}`);
  } finally {
    host.libvirtd.virsh('destroy', guest.id);
    save.kill();
  }
});
