/** Two hosts with libvirt that have the files of their guests in one folder. */
import { existsSync, statSync } from 'node:fs';
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

beforeAll(async () => {
  hosts = await movingHosts(Buffer.alloc(4 * 1024 ** 2, 'an image\n'), { storage: 'declared' });
});

afterEach(async () => {
  const { one, other } = hosts;
  const ids = await one.files.list();
  for (const { execute } of [one, other]) {
    for (const guestId of ids) await execute({ do: 'destroy', guestId });
  }
});

afterAll(async () => {
  await hosts?.stop();
});

const keepsFiles = true;

const pathsOf = ({ id }: Guest) => guestPaths(hosts.one.host.libvirtd.guestsDirectory, id);

/** As the controller moves it; the old host is cleared at the end. */
async function moved(guest: Guest, from: MovingHost, to: MovingHost, isLive: boolean) {
  const coming = { guest, from: from.name, keepsFiles } as const;
  const first = output(await from.execute({ do: 'offer', guest, to: to.name }));
  const ready = output(
    await to.execute({ do: isLive ? 'expect' : 'prefetch', ...coming, files: first }),
  );
  const out = { do: 'move-out', guest, to: to.name, ...(isLive && { arrival: ready }) } as const;
  const files = output(await from.execute(out));
  output(await to.execute({ do: 'move-in', ...coming, files, state: 'running' }));
  output(await from.execute({ do: 'destroy', guestId: guest.id, keepsFiles }));
  expect([await state(from), await state(to)]).toEqual([[], ['running']]);
}

/** It was started with the disk on which it had counted so far. */
async function expectDisk(guest: Guest, host: MovingHost, least: number): Promise<void> {
  await expect.poll(() => consoleOf(host, guest), slow).toMatch(/disk: tick \d+/);
  const [, kept] = /disk: tick (\d+)/.exec(await consoleOf(host, guest)) ?? [];
  expect(Number(kept)).toBeGreaterThanOrEqual(least);
}

test('a running guest moves without its disk, and a stopped one too: both stay in place', async () => {
  const { one, other, images } = hosts;
  const guest = aMovingGuest();
  await started(one, guest);
  const { ino: disk } = statSync(pathsOf(guest).disk);
  images.opened.length = 0;
  const before = counted(await consoleOf(one, guest));
  await moved(guest, one, other, true);
  await expect
    .poll(async () => counted(await consoleOf(other, guest)), slow)
    .toBeGreaterThan(before + 3);
  const console = await consoleOf(other, guest);
  expect(console.split(linuxIsUp)).toHaveLength(2);
  const ticks = [...console.matchAll(/tick (\d+)/g)].map(([, tick]) => Number(tick));
  expect(ticks).toEqual(ticks.map((_, at) => (ticks[0] ?? 0) + at));
  const shown = other.host.libvirtd.virsh('domjobinfo', guest.id, '--completed', '--rawstats');
  expect(/disk_total: *(\d+)/.exec(shown)?.[1]).toBe('0');
  await moved(guest, other, one, false);
  await expectDisk(guest, one, before);
  expect(statSync(pathsOf(guest).disk).ino).toBe(disk);
  expect(images.opened).toEqual([]);
});

test('a guest starts with its disk on another host when its own is lost, which then removes none', async () => {
  const { one, other, images } = hosts;
  const guest = aMovingGuest();
  await started(one, guest);
  const before = counted(await consoleOf(one, guest)) - 2;
  one.host.libvirtd.virsh('destroy', guest.id);
  images.opened.length = 0;
  output(await other.execute({ do: 'spawn', guest, keepsFiles }));
  await expectDisk(guest, other, before);
  expect(images.opened).toEqual([]);
  output(await one.execute({ do: 'destroy', guestId: guest.id, keepsFiles }));
  expect([await state(one), await state(other)]).toEqual([[], ['running']]);
  expect(existsSync(pathsOf(guest).disk)).toBe(true);
  output(await other.execute({ do: 'destroy', guestId: guest.id }));
  expect(existsSync(pathsOf(guest).folder)).toBe(false);
});

test('a guest whose files are not there is refused, and none are made', async () => {
  const { one, other } = hosts;
  const guest = aMovingGuest();
  const path = pathsOf(guest).disk;
  expect(await other.execute({ do: 'spawn', guest, keepsFiles })).toMatchObject({
    ok: false,
    message: expect.stringContaining(`has files that are not on its host: ${path}`),
  });
  expect(await other.files.list()).toEqual([]);
  await started(one, guest);
  const files = output(await one.execute({ do: 'offer', guest, to: other.name }));
  const elsewhere = { ...guest, id: 'ffffffff-1111-4222-8333-444455556666' };
  const coming = { guest: elsewhere, from: one.name, files, keepsFiles } as const;
  expect(await other.execute({ do: 'expect', ...coming })).toMatchObject({
    ok: false,
    message: expect.stringMatching(
      /pre-flight on host-2: files: .*; files: \S+\/disk is not there/,
    ),
  });
  expect(await state(one)).toEqual(['running']);
});
