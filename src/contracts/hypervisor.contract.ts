/** What every hypervisor must do. Each implementation calls this with how to make one. */
import { aGuest, aHostdevNic, aMacvtapNic, vf0, vf1 } from '#test/guests.ts';
import { describe, expect, test } from 'vitest';
import type { GuestNic } from '#core/guests/guest.ts';
import type { Hypervisor } from './hypervisor.ts';

const other = 'ffffffff-1111-4222-8333-444455556666';

/** Started, with these NICs; and what the hypervisor says of it. */
async function aRunningGuest(make: () => Promise<Hypervisor>, ...nics: GuestNic[]) {
  const hypervisor = await make();
  const guest = aGuest({ nics });
  await hypervisor.define(guest, {});
  await hypervisor.start(guest.id);
  const found = async () => (await hypervisor.listGuests()).find(({ id }) => id === guest.id);
  return {
    hypervisor,
    guest,
    state: async () => (await found())?.state,
    held: async () => (await found())?.devices.map(({ address }) => address),
  };
}

/** `make` gives a hypervisor without guests on a host that has the VFs 0000:01:10.0 and 0000:01:10.2. */
export function describeHypervisor(name: string, make: () => Promise<Hypervisor>): void {
  describe(`hypervisor contract: ${name}`, () => {
    test('a guest goes from defined to running to gone', async () => {
      const hypervisor = await make();
      const guest = aGuest({ nics: [aHostdevNic(vf0)] });
      const states = async () => (await hypervisor.listGuests()).map(({ state }) => state);
      await hypervisor.define(guest, {});
      expect(await states()).toEqual(['shutOff']);
      await hypervisor.start(guest.id);
      expect(await states()).toEqual(['running']);
      await hypervisor.destroy(guest.id);
      expect(await states()).toEqual(['shutOff']);
      await hypervisor.undefine(guest.id);
      expect(await states()).toEqual([]);
    });

    test('every act can be done twice', async () => {
      const hypervisor = await make();
      const guest = aGuest();
      await hypervisor.define(guest, {});
      await hypervisor.define(guest, {});
      await hypervisor.start(guest.id);
      await hypervisor.start(guest.id);
      await hypervisor.destroy(guest.id);
      await hypervisor.destroy(guest.id);
      await hypervisor.undefine(guest.id);
      await hypervisor.undefine(guest.id);
      await hypervisor.destroy(guest.id);
      expect(await hypervisor.listGuests()).toEqual([]);
    });

    test('a guest says which devices it holds, and how', async () => {
      const hypervisor = await make();
      const guest = aGuest({ nics: [aHostdevNic(vf0), aMacvtapNic(vf1)] });
      await hypervisor.define(guest, { [vf1]: 'enp1s0v1' });
      const [found] = await hypervisor.listGuests();
      expect(found?.devices.map(({ address, through }) => [address, through])).toEqual([
        [vf0, 'hostdev'],
        [vf1, 'macvtap'],
      ]);
    });

    test('a guest does not start while a running guest holds its device, and does once that has ended', async () => {
      const hypervisor = await make();
      const first = aGuest({ nics: [aHostdevNic(vf0)] });
      const second = aGuest({ id: other, name: 'instance-0000002b', nics: [aHostdevNic(vf0)] });
      await hypervisor.define(first, {});
      await hypervisor.define(second, {});
      await hypervisor.start(first.id);
      await expect(hypervisor.start(second.id)).rejects.toMatchObject({
        kind: 'conflict',
        message: expect.stringContaining(`${vf0} is in use by guest instance-0000002a`),
      });
      await hypervisor.destroy(first.id);
      await hypervisor.start(second.id);
      const running = (await hypervisor.listGuests()).filter(({ state }) => state === 'running');
      expect(running.map(({ id }) => id)).toEqual([other]);
    });

    test('a guest that was never defined cannot start', async () => {
      const hypervisor = await make();
      await expect(hypervisor.start(other)).rejects.toMatchObject({ kind: 'notFound' });
    });

    test('the domain XML of a guest has its name and device; an unknown guest has none', async () => {
      const hypervisor = await make();
      const guest = aGuest({ nics: [aHostdevNic(vf0)] });
      await hypervisor.define(guest, {});
      const xml = await hypervisor.domainXml(guest.id);
      expect(xml).toContain('<name>instance-0000002a</name>');
      expect(xml).toContain("slot='0x10' function='0x0'");
      expect(await hypervisor.domainXml(other)).toBeUndefined();
    });

    test('a guest is paused, goes on, starts again, and is shut down', async () => {
      const { hypervisor, guest, state } = await aRunningGuest(make);
      await hypervisor.pause(guest.id);
      await hypervisor.pause(guest.id);
      expect(await state()).toBe('paused');
      await hypervisor.unpause(guest.id);
      await hypervisor.unpause(guest.id);
      await hypervisor.reboot(guest.id);
      expect(await state()).toBe('running');
      await hypervisor.shutDown(guest.id);
      await hypervisor.shutDown(guest.id);
      expect(await state()).toBe('shutOff');
    });

    test('a guest that is off can be neither paused, nor rebooted, nor saved', async () => {
      const { hypervisor, guest } = await aRunningGuest(make);
      await hypervisor.destroy(guest.id);
      for (const act of ['pause', 'reboot', 'save'] as const) {
        await expect(hypervisor[act](guest.id)).rejects.toMatchObject({ kind: 'conflict' });
      }
    });

    test('a guest with a device cannot be saved; once the device is off it can, and goes on with it', async () => {
      const nic = aHostdevNic(vf0);
      const { hypervisor, guest, state, held } = await aRunningGuest(make, nic);
      await expect(hypervisor.save(guest.id)).rejects.toMatchObject({ kind: 'conflict' });
      await hypervisor.detachNic(guest.id, nic, { keep: true });
      expect(await held()).toEqual([]);
      await hypervisor.save(guest.id);
      expect(await state()).toBe('saved');
      await hypervisor.restore(guest.id);
      await hypervisor.restore(guest.id);
      expect(await state()).toBe('running');
      await hypervisor.attachNic(guest.id, nic, {});
      expect(await held()).toEqual([vf0]);
    });

    test('a NIC comes to a running guest and goes again, in its definition too', async () => {
      const nic = aHostdevNic(vf0);
      const { hypervisor, guest, held } = await aRunningGuest(make);
      const isDefined = async () =>
        (await hypervisor.domainXml(guest.id))?.includes("slot='0x10' function='0x0'");
      await hypervisor.attachNic(guest.id, nic, {});
      await hypervisor.attachNic(guest.id, nic, {});
      expect([await held(), await isDefined()]).toEqual([[vf0], true]);
      await hypervisor.detachNic(guest.id, nic);
      await hypervisor.detachNic(guest.id, nic);
      expect([await held(), await isDefined()]).toEqual([[], false]);
    });

    test('a NIC comes to a guest that is off, and is there when it starts', async () => {
      const { hypervisor, guest, held } = await aRunningGuest(make);
      await hypervisor.destroy(guest.id);
      await hypervisor.attachNic(guest.id, aMacvtapNic(vf1), { [vf1]: 'enp1s0v1' });
      await hypervisor.start(guest.id);
      expect(await held()).toEqual([vf1]);
      expect(await hypervisor.domainXml(guest.id)).toContain('enp1s0v1');
    });

    test('a device of a running guest is attached to no other', async () => {
      const { hypervisor } = await aRunningGuest(make, aHostdevNic(vf0));
      const second = aGuest({ id: other, name: 'instance-0000002b' });
      await hypervisor.define(second, {});
      await hypervisor.start(second.id);
      await expect(hypervisor.attachNic(second.id, aHostdevNic(vf0), {})).rejects.toMatchObject({
        kind: 'conflict',
      });
    });

    test('NICs of a guest that is gone are gone; none comes to it', async () => {
      const hypervisor = await make();
      await hypervisor.detachNic(other, aHostdevNic(vf0));
      await expect(hypervisor.attachNic(other, aHostdevNic(vf0), {})).rejects.toMatchObject({
        kind: 'notFound',
      });
    });

    test('the facts of the host are plausible', async () => {
      const facts = await (await make()).facts();
      expect(facts.vcpus).toBeGreaterThan(0);
      expect(facts.memoryMib).toBeGreaterThan(0);
      expect(facts.diskGib).toBeGreaterThan(0);
    });
  });
}
