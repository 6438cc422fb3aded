/** Guests move between two hosts with libvirt, with their disks, files and consoles. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandResult } from '#contracts/host/host-link.ts';
import { guestPaths } from '#core/guests/description/guest-paths.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import {
  aMovingGuest,
  consoleOf,
  counted,
  output,
  slow,
  started,
  state,
} from '#test/moves/moving-guest.ts';
import { type MovingHost, type MovingHosts, movingHosts } from '#test/moves/moving-hosts.ts';
import { linuxIsUp } from '#test/hosts/small-linux.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

let hosts: MovingHosts;

const limits = { compression: 'zstd', maxMibPerS: 8, maxDowntimeMs: 700, maxUnplugS: 60 } as const;

beforeAll(async () => {
  hosts = await movingHosts(Buffer.alloc(4 * 1024 ** 2, 'an image\n'), { moves: limits });
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

async function sendLive(guest: Guest, from: MovingHost, to: MovingHost): Promise<CommandResult> {
  const files = output(await from.execute({ do: 'offer', guest, to: to.name }));
  const arrival = output(await to.execute({ do: 'expect', guest, from: from.name, files }));
  const sent = await from.execute({ do: 'move-out', guest, to: to.name, arrival });
  if (!sent.ok) return sent;
  const rest = { from: from.name, files: output(sent), state: 'running' } as const;
  return to.execute({ do: 'move-in', guest, ...rest });
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
  // All that it has written is there, in order, and it was not started again.
  expect(console.split(linuxIsUp)).toHaveLength(2);
  const ticks = [...console.matchAll(/tick (\d+)/g)].map(([, tick]) => Number(tick));
  expect(ticks).toEqual(ticks.map((_, at) => (ticks[0] ?? 0) + at));
  // What libvirt has as its definition is that of this host.
  const defined = (await other.hypervisor.domainXml(guest.id)) ?? '';
  expect(defined).toContain(other.host.libvirtd.guestsDirectory);
  expect(defined).not.toContain(one.host.libvirtd.guestsDirectory);
  output(await one.execute({ do: 'destroy', guestId: guest.id }));
  output(await sendLive(guest, other, one));
  expect([await state(one), await state(other)]).toEqual([['running'], []]);
  for (const { host } of [one, other]) {
    expect(readdirSync(join(host.libvirtd.folder, 'run', 'moves'))).toEqual([]);
  }
  // What it wrote on both hosts is on its disk, which it starts from next.
  output(await one.execute({ do: 'respawn', guest }));
  await expect.poll(() => consoleOf(one, guest), slow).toMatch(/disk: tick \d+/);
  const [, kept] = /disk: tick (\d+)/.exec(await consoleOf(one, guest)) ?? [];
  expect(Number(kept)).toBeGreaterThan(before + 5);
});

/** The guest runs on, on its host alone, and what the other one has of it can be removed. */
async function expectUnmoved(guest: Guest): Promise<void> {
  const { one, other } = hosts;
  const before = counted(await consoleOf(one, guest));
  await expect.poll(async () => counted(await consoleOf(one, guest)), slow).toBeGreaterThan(before);
  await expect.poll(() => state(other), slow).toEqual(['shutOff']);
  expect(await state(one)).toEqual(['running']);
  output(await other.execute({ do: 'destroy', guestId: guest.id }));
  expect([await state(other), await other.files.list()]).toEqual([[], []]);
  expect(readdirSync(join(other.host.libvirtd.folder, 'run', 'moves'))).toEqual([]);
}

/** The other host expects the guest; what the first one needs to send it. */
async function expected(guest: Guest): Promise<string> {
  const { one, other } = hosts;
  const files = output(await one.execute({ do: 'offer', guest, to: other.name }));
  return output(await other.execute({ do: 'expect', guest, from: one.name, files }));
}

test('a guest whose other host does not expect it any more stays where it is, and moves later', async () => {
  const { one, other } = hosts;
  const guest = aMovingGuest();
  await started(one, guest);
  const arrival = await expected(guest);
  await other.transfer.end(guest.id);
  const sent = await one.execute({ do: 'move-out', guest, to: other.name, arrival });
  expect(sent).toMatchObject({ ok: false, message: expect.stringContaining('is that port open') });
  await expectUnmoved(guest);
  output(await sendLive(guest, one, other));
  expect([await state(one), await state(other)]).toEqual([[], ['running']]);
});

test('memory is sent no faster than the host allows', async () => {
  const { one, other } = hosts;
  const guest = aMovingGuest();
  await started(one, guest);
  output(await sendLive(guest, one, other));
  const shown = other.host.libvirtd.virsh('domjobinfo', guest.id, '--completed', '--rawstats');
  const [bytes, milliseconds] = ['memory_processed', 'time_elapsed'].map((name) =>
    Number(new RegExp(`${name}: *(\\d+)`).exec(shown)?.[1]),
  );
  expect(bytes).toBeGreaterThan(8 * 2 ** 20);
  expect(bytes! / milliseconds!).toBeLessThan((limits.maxMibPerS * 1.2 * 2 ** 20) / 1_000);
});

test('a move that is aborted, or whose connections break, leaves the guest running', async () => {
  const { one, other } = hosts;
  const guest = aMovingGuest({ memoryMib: 384 });
  await started(one, guest);
  const cuts = [
    () => one.hypervisor.migrations.abort(guest.id),
    () => other.transfer.end(guest.id),
    () => other.host.libvirtd.killDaemon(),
  ];
  for (const cut of cuts) {
    const arrival = await expected(guest);
    const sent = one.execute({ do: 'move-out', guest, to: other.name, arrival });
    await expect
      .poll(
        async () => (await one.hypervisor.migrations.progress(guest.id))?.memory.processed ?? 0,
        {
          timeout: 60_000,
          interval: 10,
        },
      )
      .toBeGreaterThan(0);
    await cut();
    const aborted = cut === cuts[0] ? { aborted: true } : {};
    expect(await sent).toMatchObject({ ok: false, undone: true, ...aborted });
    if (cut === cuts[2]) await other.host.libvirtd.startDaemon();
    await expectUnmoved(guest);
  }
  // libvirt restores what was set before a migration, which is the host's limit.
  const parameters = ['qemu-monitor-command', guest.id, '--hmp', 'info migrate_parameters'];
  expect(one.host.libvirtd.virsh(...parameters)).toContain('downtime-limit: 700 ms');
});

test('a stopped guest moves with what it has written to its disk', async () => {
  const { one, other } = hosts;
  const guest = aMovingGuest();
  await started(one, guest);
  hosts.images.opened.length = 0;
  const first = output(await one.execute({ do: 'offer', guest, to: other.name }));
  output(await other.execute({ do: 'prefetch', guest, from: one.name, files: first }));
  expect([await state(one), await state(other)]).toEqual([['running'], []]);
  const files = output(await one.execute({ do: 'move-out', guest, to: other.name }));
  expect(await state(one)).toEqual([]);
  output(await other.execute({ do: 'move-in', guest, from: one.name, files, state: 'running' }));
  await expect.poll(() => consoleOf(other, guest), slow).toMatch(/disk: tick \d+/);
  // Everything came from the other host.
  expect(hosts.images.opened).toEqual([]);
  const [there, here] = [one, other].map(({ host }) =>
    guestPaths(host.libvirtd.guestsDirectory, guest.id),
  );
  expect(existsSync(there!.disk)).toBe(true);
  expect(readFileSync(here!.configDrive).length).toBeGreaterThan(0);
});
