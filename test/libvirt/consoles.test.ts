/** Consoles of guests of a real libvirtd and QEMU: their own contract, and the way of a user. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeGuestConsoles } from '#contracts/host/guest-consoles.contract.ts';
import { guestPaths } from '#core/guests/description/guest-paths.ts';
import { LibvirtChild } from '#integrations/libvirt/connection/child-process.ts';
import { LibvirtConsoles } from '#integrations/libvirt/domains/guest-consoles.ts';
import { openConsole } from '#test/consoles/console-client.ts';
import { echoDisk } from '#test/consoles/echo-disk.ts';
import { readBytes, readUntil } from '#test/consoles/read-stream.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { startLibvirtCloud } from '#test/worlds/libvirt-cloud.ts';
import { LibvirtHost } from '#test/hosts/libvirt-host.ts';
import { silentLog } from '#test/silent-log.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

let host: LibvirtHost;
let child: LibvirtChild;

beforeAll(async () => {
  host = await LibvirtHost.start();
  child = new LibvirtChild({ uri: host.libvirtd.uri, log: silentLog });
  await child.firstTry();
});
afterEach(() => host.clear());
afterAll(async () => {
  await child?.close();
  await host?.stop();
});

const stopped = '0a1b2c3d-1111-4222-8333-000000000002';

async function aWorld() {
  const hypervisor = await host.hypervisor();
  const guest = aGuest({ memoryMib: 128 });
  await host.prepare(guest);
  const { disk } = guestPaths(host.libvirtd.guestsDirectory, guest.id);
  const raw = join(host.libvirtd.folder, 'echo.raw');
  writeFileSync(raw, echoDisk());
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, disk]);
  await hypervisor.define(guest, {});
  await hypervisor.start(guest.id);
  const other = aGuest({ id: stopped, name: 'instance-0000002b', memoryMib: 128 });
  await host.prepare(other);
  await hypervisor.define(other, {});
  const consoles = new LibvirtConsoles({ child });
  const cutPower = () => hypervisor.destroy(guest.id);
  return { consoles, running: guest.id, stopped, cutPower };
}

describeGuestConsoles('libvirt', aWorld);

test('a guest of a host without displays, and one whose image has none, has a serial console only', async () => {
  const consoles = new LibvirtConsoles({ child });
  for (const [displays, video] of [
    [false, 'vga'],
    [true, 'none'],
  ] as const) {
    const hypervisor = await host.hypervisor({ displays });
    const guest = aGuest({
      memoryMib: 128,
      hardware: { machine: 'q35', diskBus: 'virtio', video },
    });
    await host.prepare(guest);
    await hypervisor.define(guest, {});
    await hypervisor.start(guest.id);
    expect(await consoles.find(guest.id, 'vnc')).toBeNull();
    expect(await consoles.find(guest.id, 'serial')).toEqual({ path: expect.any(String) });
    await expect(consoles.open(guest.id, 'vnc')).rejects.toMatchObject({ kind: 'notFound' });
    await hypervisor.destroy(guest.id);
    await hypervisor.undefine(guest.id);
  }
});

test('from the address of a console to QEMU, and back', async () => {
  const { running, cloud } = await startLibvirtCloud(host);
  try {
    const image = await cloud.ok('image', 'POST', '/v2/images', {
      ...{ name: 'echo', disk_format: 'raw', container_format: 'bare' },
    });
    await cloud.send('image', 'PUT', `/v2/images/${image.id}/file`, {
      bytes: new Uint8Array(echoDisk()),
      headers: { 'content-type': 'application/octet-stream' },
    });
    const id = await cloud.boot([], { imageRef: image.id });
    await cloud.settled(id, 'ACTIVE');
    const url = async (protocol: string, type: string): Promise<string> => {
      const { body } = await cloud.send('compute', 'POST', `/servers/${id}/remote-consoles`, {
        body: { remote_console: { protocol, type } },
        headers: { 'openstack-api-version': 'compute 2.6' },
      });
      return body.remote_console.url;
    };
    const display = await openConsole(await url('vnc', 'novnc'));
    expect(String(await readBytes(display.stream, 12))).toBe('RFB 003.008\n');
    display.stream.destroy();
    const serial = await openConsole(await url('serial', 'serial'));
    serial.stream.write('hello, guest');
    await readUntil(serial.stream, 'hello, guest');
    serial.stream.destroy();
    const output = async () =>
      (
        await cloud.ok('compute', 'POST', `/servers/${id}/action`, {
          'os-getConsoleOutput': {},
        })
      ).output;
    await expect.poll(output).toContain('hello, guest');
    await cloud.send('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
  } finally {
    await running.stop();
  }
});
