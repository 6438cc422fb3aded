import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aGuest } from '#test/hosts/guests.ts';
import { LibvirtHost } from '#test/hosts/libvirt-host.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

let host: LibvirtHost;

beforeAll(async () => {
  host = await LibvirtHost.start({ withKvm: true });
});
afterEach(() => host.clear());
afterAll(() => host.stop());

test('by default it uses the type that really runs a guest, caches the answer, and leaves nothing of the trial', async () => {
  const guest = aGuest({ memoryMib: 128 });
  const started = async () => {
    const hypervisor = await host.hypervisor({ virtType: 'auto' });
    await host.prepare(guest);
    await hypervisor.define(guest, {});
    await hypervisor.start(guest.id);
    expect(await hypervisor.listGuests()).toMatchObject([{ state: 'running' }]);
    const xml = await hypervisor.domainXml(guest.id);
    await host.clear();
    return xml;
  };
  const xml = await started();
  const kept = join(host.libvirtd.guestsDirectory, '.virt-type.json');
  const { virtType } = JSON.parse(readFileSync(kept, 'utf8')) as { virtType: string };
  expect(xml).toContain(`<domain type='${virtType}'`);
  const first = trials();
  // Where the machine has no KVM at all, libvirt refuses that trial before there is a QEMU with a
  // log.
  expect(first.length).toBeGreaterThanOrEqual(1);
  expect(first.length).toBeLessThanOrEqual(virtType === 'kvm' ? 1 : 2);
  await started();
  expect(trials()).toEqual(first);
  expect(readdirSync(host.libvirtd.guestsDirectory).toSorted()).toEqual([
    '.virt-type.json',
    guest.id,
  ]);
});

/** QEMU's logs of trial guests. */
function trials(): string[] {
  const logs = readdirSync(join(host.libvirtd.folder, 'log', 'qemu'));
  return logs.filter((name) => name.startsWith('novella-probe-'));
}
