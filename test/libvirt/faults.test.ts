/**
 * What is left and what is reported when libvirtd, the child with libvirt in it, or both are killed
 * or suspended.
 */
import { randomUUID } from 'node:crypto';
import type { HypervisorChange } from '#contracts/host/hypervisor.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import { LibvirtChild } from '#integrations/libvirt/connection/child-process.ts';
import type { LibvirtHypervisor } from '#integrations/libvirt/domains/hypervisor.ts';
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

async function aRunningGuest(hypervisor: LibvirtHypervisor, name: string): Promise<Guest> {
  const guest = aGuest({ id: randomUUID(), name, memoryMib: 64 });
  await host.prepare(guest);
  await hypervisor.define(guest, {});
  await hypervisor.start(guest.id);
  return guest;
}

/** The reports, as text. */
function listenTo(hypervisor: LibvirtHypervisor): string[] {
  const reported: string[] = [];
  hypervisor.watch((change: HypervisorChange) =>
    reported.push(change.what === 'guest' ? change.state : change.what),
  );
  return reported;
}

const slow = { timeout: 60_000, interval: 100 };

test('libvirtd is killed: guests keep running, it is reported, and once it is back the list is correct', async () => {
  const hypervisor = await host.hypervisor();
  const guest = await aRunningGuest(hypervisor, 'instance-1');
  const before = await hypervisor.listGuests();
  const reported = listenTo(hypervisor);
  await host.libvirtd.killDaemon();
  await expect.poll(() => reported, slow).toEqual(['lost']);
  await expect(hypervisor.listGuests()).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('does not answer'),
  });
  await host.libvirtd.startDaemon();
  await expect.poll(() => reported, slow).toEqual(['lost', 'back']);
  expect(await hypervisor.listGuests()).toEqual(before);
  expect(before).toMatchObject([{ id: guest.id, state: 'running' }]);
  await hypervisor.destroy(guest.id);
  await expect.poll(() => reported, slow).toEqual(['lost', 'back', 'shutOff']);
});

test('a hypervisor that starts before libvirtd reports the remedy, and works once libvirtd is up', async () => {
  await host.libvirtd.killDaemon();
  const hypervisor = await host.hypervisor();
  const reported = listenTo(hypervisor);
  await expect(hypervisor.facts()).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(/libvirtd at .* does not answer: .* systemctl start libvirtd/),
  });
  await host.libvirtd.startDaemon();
  await expect.poll(() => reported, slow).toEqual(['back']);
  expect((await hypervisor.facts()).vcpus).toBeGreaterThan(0);
});

test('a suspended libvirtd is detected by its silence', async () => {
  const hypervisor = await host.hypervisor();
  const reported = listenTo(hypervisor);
  await hypervisor.listGuests();
  host.libvirtd.signalDaemon('STOP');
  try {
    await expect(hypervisor.listGuests()).rejects.toMatchObject({ kind: 'unavailable' });
    await expect.poll(() => reported, slow).toContain('lost');
  } finally {
    host.libvirtd.signalDaemon('CONT');
  }
  await expect.poll(() => reported.at(-1), slow).toBe('back');
  expect(await hypervisor.listGuests()).toEqual([]);
});

test('the child is killed during starts: each request fails or is done, and a retry is enough', async () => {
  const child = new LibvirtChild({ uri: host.libvirtd.uri, log: silentLog });
  const hypervisor = await host.hypervisor({}, child);
  const guests = await Promise.all(
    [1, 2, 3].map(async (at) => {
      const guest = aGuest({ id: randomUUID(), name: `instance-${at}`, memoryMib: 64 });
      await host.prepare(guest);
      await hypervisor.define(guest, {});
      return guest;
    }),
  );
  const reported = listenTo(hypervisor);
  const starts = guests.map(({ id }) => hypervisor.start(id));
  process.kill(child.pid ?? 0, 'SIGKILL');
  for (const outcome of await Promise.allSettled(starts)) {
    if (outcome.status === 'rejected')
      expect(outcome.reason).toMatchObject({ kind: 'unavailable' });
  }
  // The guests report changes of their own.
  const ofLibvirt = () => reported.filter((news) => news === 'lost' || news === 'back');
  await expect.poll(() => ofLibvirt().slice(0, 2), slow).toEqual(['lost', 'back']);
  for (const { id } of guests) await hypervisor.start(id);
  const states = (await hypervisor.listGuests()).map(({ state }) => state);
  expect(states).toEqual(['running', 'running', 'running']);
});
