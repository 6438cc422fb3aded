/** What every hypervisor must do. Each implementation calls this with how to make one. */
import { aGuest, aHostdevNic, aMacvtapNic, vf0, vf1 } from '#test/guests.ts';
import { describe, expect, test } from 'vitest';
import type { Hypervisor } from './hypervisor.ts';

const other = 'ffffffff-1111-4222-8333-444455556666';

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

    test('the facts of the host are plausible', async () => {
      const facts = await (await make()).facts();
      expect(facts.vcpus).toBeGreaterThan(0);
      expect(facts.memoryMib).toBeGreaterThan(0);
      expect(facts.diskGib).toBeGreaterThan(0);
    });
  });
}
