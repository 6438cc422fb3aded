/** Guests move between two hosts with libvirt, with their disks, files and consoles. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandResult } from '#contracts/host/host-link.ts';
import { guestPaths } from '#core/guests/description/guest-paths.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { type MovingHost, type MovingHosts, movingHosts } from '#test/hosts/moving-hosts.ts';
import { linuxIsUp } from '#test/hosts/small-linux.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

let hosts: MovingHosts;

beforeAll(async () => {
  hosts = await movingHosts(Buffer.alloc(4 * 1024 ** 2, 'an image '));
});

afterEach(async () => {
  for (const { execute, hypervisor, files } of [hosts.one, hosts.other]) {
    for (const { id } of await hypervisor.listGuests())
      await execute({ do: 'destroy', guestId: id });
    for (const id of await files.list()) await execute({ do: 'destroy', guestId: id });
  }
});

afterAll(async () => {
  await hosts?.stop();
});

const slow = { timeout: 100_000, interval: 200 };

function aMovingGuest(change: Partial<Guest> = {}): Guest {
  const commandLine = 'console=ttyS0 panic=-1 mitigations=off quiet ticks';
  return aGuest({
    imageId: 'disk',
    kernel: { imageId: 'kernel', ramdiskImageId: 'ramdisk', commandLine },
    memoryMib: 128,
    nics: [],
    hostDevices: [],
    configDrive: [{ path: 'openstack/latest/meta_data.json', content: '{}', encoding: 'utf8' }],
    ...change,
  });
}

function output(result: CommandResult): string {
  if (!result.ok) throw new Error(`${result.message}\n${result.detail}`);
  return result.output ?? '';
}

const consoleOf = ({ files }: MovingHost, { id }: Guest) => files.consoleOutput(id, null);

/** The highest number that the guest has counted to on this console. */
function counted(console: string): number {
  return Math.max(0, ...[...console.matchAll(/tick (\d+)/g)].map(([, tick]) => Number(tick)));
}

async function started(host: MovingHost, guest: Guest): Promise<void> {
  output(await host.execute({ do: 'spawn', guest }));
  await expect.poll(() => consoleOf(host, guest), slow).toContain('tick 3');
}

const state = async ({ hypervisor }: MovingHost) =>
  (await hypervisor.listGuests()).map((found) => found.state);

async function sendLive(guest: Guest, from: MovingHost, to: MovingHost): Promise<CommandResult> {
  const files = output(await from.execute({ do: 'offer', guest, to: to.name }));
  const arrival = output(await to.execute({ do: 'expect', guest, from: from.name, files }));
  const sent = await from.execute({ do: 'move-out', guest, to: to.name, arrival });
  if (!sent.ok) return sent;
  return to.execute({ do: 'move-in', guest, from: from.name, files, state: 'running' });
}

test('a running guest continues on the other host, counts on, and comes back', async () => {
  const { one, other } = hosts;
  const guest = aMovingGuest();
  await started(one, guest);
  const before = counted(await consoleOf(one, guest));
  output(await sendLive(guest, one, other));
  expect([await state(one), await state(other)]).toEqual([[], ['running']]);
  await expect
    .poll(async () => counted(await consoleOf(other, guest)), slow)
    .toBeGreaterThan(before + 5);
  const console = await consoleOf(other, guest);
  // Its output from before the move is there, and it was not started again.
  expect(console.split(linuxIsUp)).toHaveLength(2);
  // What libvirt has as its definition is that of this host.
  const defined = (await other.hypervisor.domainXml(guest.id)) ?? '';
  expect(defined).toContain(other.host.libvirtd.guestsDirectory);
  expect(defined).not.toContain(one.host.libvirtd.guestsDirectory);
  output(await one.execute({ do: 'destroy', guestId: guest.id }));
  output(await sendLive(guest, other, one));
  await expect.poll(async () => counted(await consoleOf(one, guest)), slow).toBeGreaterThan(0);
  expect([await state(one), await state(other)]).toEqual([['running'], []]);
  expect(readdirSync(join(other.host.libvirtd.folder, 'run', 'moves'))).toEqual([]);
});

test('a stopped guest moves with what it has written to its disk', async () => {
  const { one, other } = hosts;
  const guest = aMovingGuest();
  await started(one, guest);
  const files = output(await one.execute({ do: 'move-out', guest, to: other.name }));
  expect(await state(one)).toEqual([]);
  hosts.images.opened.length = 0;
  output(await other.execute({ do: 'move-in', guest, from: one.name, files, state: 'running' }));
  await expect.poll(() => consoleOf(other, guest), slow).toContain('tick 3');
  // Everything came from the other host.
  expect(hosts.images.opened).toEqual([]);
  const [there, here] = [one, other].map(({ host }) =>
    guestPaths(host.libvirtd.guestsDirectory, guest.id),
  );
  expect(existsSync(there!.disk)).toBe(true);
  expect(readFileSync(here!.configDrive).length).toBeGreaterThan(0);
});
