/** Two hosts with libvirt that have the files of their guests in one folder, and do not know it. */
import { readFileSync, statSync } from 'node:fs';
import type { CommandResult } from '#contracts/host/host-link.ts';
import { guestPaths } from '#core/guests/description/guest-paths.ts';
import {
  aMovingGuest,
  consoleOf,
  counted,
  output,
  started,
  state,
} from '#test/moves/moving-guest.ts';
import { type MovingHosts, movingHosts } from '#test/moves/moving-hosts.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';

let hosts: MovingHosts;

beforeAll(async () => {
  hosts = await movingHosts(Buffer.alloc(4 * 1024 ** 2, 'an image\n'), { storage: 'undeclared' });
});

afterAll(async () => {
  await hosts?.stop();
});

test('moves and evacuations are refused, and what the other host then removes is not the guest’s', async () => {
  const { one, other } = hosts;
  const guest = aMovingGuest();
  await started(one, guest);
  const { disk } = guestPaths(one.host.libvirtd.guestsDirectory, guest.id);
  const { ino } = statSync(disk);
  const offer = async () =>
    output(await one.execute({ do: 'offer', guest, to: other.name, mayBeOff: true }));
  const refused = async (result: CommandResult, why: RegExp) => {
    expect(result).toMatchObject({ ok: false, message: expect.stringMatching(why) });
    output(await other.execute({ do: 'destroy', guestId: guest.id }));
    expect(await state(other)).toEqual([]);
    expect(statSync(disk).ino).toBe(ino);
  };
  const coming = async () => ({ guest, from: one.name, files: await offer() });
  const same =
    /files: \S+ is the folder that the guest has on the other host: set host.shared_folder/;
  await refused(await other.execute({ do: 'expect', ...(await coming()) }), same);
  await refused(await other.execute({ do: 'prefetch', ...(await coming()) }), same);
  const before = counted(await consoleOf(one, guest));
  await expect.poll(async () => counted(await consoleOf(one, guest))).toBeGreaterThan(before);

  // As of a stopped server, whose files are not checked before it leaves.
  const files = output(await one.execute({ do: 'move-out', guest, to: other.name }));
  const content = readFileSync(disk);
  const moveIn = { do: 'move-in', guest, from: one.name, files, state: 'shutOff' } as const;
  await refused(await other.execute(moveIn), /is the folder that the guest has on the other host/);
  const another = JSON.stringify({ ...JSON.parse(files), owner: 'storage 7' });
  await refused(
    await other.execute({ ...moveIn, files: another, keepsFiles: true }),
    /pre-flight on host-2: files: \S+ is not the folder of the other host: mount the same storage/,
  );
  await refused(
    await other.execute({ do: 'spawn', guest, fresh: true }),
    /belongs to host host-1, which may run a guest from it/,
  );
  expect(readFileSync(disk).equals(content)).toBe(true);
  output(await one.execute({ do: 'spawn', guest, keepsFiles: true }));
  expect(await state(one)).toEqual(['running']);
  output(await one.execute({ do: 'destroy', guestId: guest.id }));
  expect(await one.files.list()).toEqual([]);
});
