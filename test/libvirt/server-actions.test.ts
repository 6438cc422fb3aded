/** Actions of a server whose guest runs on a real libvirtd and QEMU, through the API. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AllInOne } from '#programs/up/up.ts';
import { startLibvirtCloud } from '#test/worlds/libvirt-cloud.ts';
import { LibvirtHost } from '#test/hosts/libvirt-host.ts';
import { linuxIsUp, makeSmallLinux, repaired } from '#test/hosts/small-linux.ts';
import type { Cloud } from '#test/worlds/cloud.ts';
import { uploadImage } from '#test/images/upload-image.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';

let host: LibvirtHost;
let running: AllInOne;
let cloud: Cloud;
let linuxImage = '';
let rescueImage = '';

beforeAll(async () => {
  host = await LibvirtHost.start();
  ({ running, cloud } = await startLibvirtCloud(host));
  await uploadImages();
});
afterAll(async () => {
  await running?.stop();
  await host?.stop();
});

function upload(name: string, diskFormat: string, bytes: Buffer, more = {}): Promise<string> {
  const container = ['aki', 'ari'].includes(diskFormat) ? diskFormat : 'bare';
  const form = { name, disk_format: diskFormat, container_format: container, ...more };
  return uploadImage(cloud.session, form, new Uint8Array(bytes));
}

/** Disks with a text, and a Linux for them that answers the power button and panics at an NMI. */
async function uploadImages(): Promise<void> {
  const { kernel, ramdisk } = makeSmallLinux(host.libvirtd.folder);
  const kernel_id = await upload('kernel', 'aki', readFileSync(kernel));
  const ramdisk_id = await upload('ramdisk', 'ari', readFileSync(ramdisk));
  const linux = (arguments_: string, text: string) =>
    upload('linux', 'raw', Buffer.alloc(2 ** 20, `${text}\n\0`.padEnd(512, '\0')), {
      ...{ kernel_id, ramdisk_id },
      os_command_line: `console=ttyS0 mitigations=off quiet ${arguments_}`,
    });
  linuxImage = await linux('unknown_nmi_panic', 'its own disk');
  rescueImage = await linux('repair', 'the rescue disk');
}

async function aServer(): Promise<string> {
  const id = await cloud.boot([], { imageRef: linuxImage });
  await cloud.settled(id, 'ACTIVE');
  await prints(id, linuxIsUp);
  return id;
}

async function remove(id: string): Promise<void> {
  await cloud.send('compute', 'DELETE', `/servers/${id}`);
  await cloud.gone(id);
}

async function prints(id: string, text: string): Promise<void> {
  const read = { 'os-getConsoleOutput': {} };
  const output = async () =>
    (await cloud.ok('compute', 'POST', `/servers/${id}/action`, read)).output;
  await expect.poll(output, { timeout: 100_000, interval: 200 }).toContain(text);
}

const act = (id: string, body: object, microversion = '2.79') =>
  cloud.send('compute', 'POST', `/servers/${id}/action`, {
    body,
    headers: { 'openstack-api-version': `compute ${microversion}` },
  });

/** The first bytes of a disk from this image, once it is complete. */
async function beginningOf(imageId: string): Promise<Buffer> {
  const status = async () => (await cloud.ok('image', 'GET', `/v2/images/${imageId}`)).status;
  await expect.poll(status, { timeout: 60_000, interval: 200 }).toBe('active');
  const reply = await fetch(new URL(`/v2/images/${imageId}/file`, running.urls.image), {
    headers: { 'x-auth-token': cloud.session.token },
  });
  const file = join(host.libvirtd.folder, `${imageId}.qcow2`);
  writeFileSync(file, Buffer.from(await reply.arrayBuffer()));
  // A qcow2 with a base would fail: the base is not beside it.
  const first = ['bs=4096', 'count=1', `if=${file}`, `of=${file}.raw`];
  execFileSync('qemu-img', ['dd', '-f', 'qcow2', '-O', 'raw', ...first]);
  return readFileSync(`${file}.raw`);
}

test('a server is rescued from another image, repairs its disk, returns, and its image has the repair', async () => {
  const id = await aServer();
  expect(await act(id, { rescue: { rescue_image_ref: rescueImage } })).toMatchObject({
    status: 200,
  });
  await cloud.settled(id, 'RESCUE');
  await prints(id, 'second disk: its own disk');
  await prints(id, `\n${repaired}`);
  expect(await act(id, { unrescue: null })).toMatchObject({ status: 202 });
  await cloud.settled(id, 'ACTIVE');
  await prints(id, linuxIsUp);
  const { body } = await act(id, { createImage: { name: 'repaired' } });
  const content = await beginningOf(body.image_id);
  const line = (sector: number) => content.toString('latin1', sector * 512).split('\n')[0];
  expect([line(0), line(1), line(2)]).toEqual(['its own disk', repaired, 'its own disk']);
  expect(await cloud.settled(id, 'ACTIVE')).toMatchObject({ 'OS-EXT-STS:power_state': 1 });
  expect(host.libvirtd.virsh('domstate', id).trim()).toBe('running');
  await remove(id);
});

test('a crash dump is triggered: the guest’s system receives a non-maskable interrupt', async () => {
  const id = await aServer();
  expect(await act(id, { trigger_crash_dump: null })).toMatchObject({ status: 202 });
  await prints(id, 'NMI: Not continuing');
  await remove(id);
});
