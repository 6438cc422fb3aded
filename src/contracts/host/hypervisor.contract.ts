/**
 * The suites that every hypervisor must pass, given a function that creates one:
 * `describeHypervisor` needs nothing of the host, `describeHypervisorDevices` a host with the VFs
 * 0000:01:10.0 and 0000:01:10.2, and the bridge brqb2a7e0c4-55.
 */
import { aFailoverNic, aGuest, aHostdevNic, aMacvtapNic, vf0, vf1 } from '#test/hosts/guests.ts';
import { describe, expect, test } from 'vitest';
import type { Guest, GuestNic } from '#core/guests/description/guest.ts';
import type { Hypervisor } from './hypervisor.ts';

/** How a suite gets its fixtures. */
export interface HypervisorSuite {
  /** A hypervisor without guests. */
  make: () => Promise<Hypervisor>;
  /** Prepares the host before a guest is defined, such as by creating its disk. */
  prepare?: (guest: Guest) => Promise<void>;
  /** Properties of the suite's guests on this host. */
  guest?: Partial<Guest>;
  /** The interface of 0000:01:10.2, for a macvtap. */
  macvtapSource?: string;
  /** Called once a guest runs, before it has to cooperate in an operation. */
  whenUp?: (guest: Guest) => Promise<void>;
  /**
   * Timeout of each test, in milliseconds: a real guest takes a while to start, and to release a
   * device.
   */
  timeoutMs?: number;
}

const other = 'ffffffff-1111-4222-8333-444455556666';

/** What the tests of a suite share: guests that this host can start. */
function tools({ make, prepare, guest: change = {}, whenUp }: HypervisorSuite) {
  const aGuestHere = async (more: Partial<Guest> = {}): Promise<Guest> => {
    const guest = aGuest({ ...change, ...more });
    await prepare?.(guest);
    return guest;
  };
  /** Started, with these NICs; and its state as the hypervisor reports it. */
  const aRunningGuest = async (...nics: GuestNic[]) => {
    const hypervisor = await make();
    const guest = await aGuestHere({ nics });
    await hypervisor.define(guest, {});
    await hypervisor.start(guest.id);
    await whenUp?.(guest);
    const found = async () => (await hypervisor.listGuests()).find(({ id }) => id === guest.id);
    return {
      hypervisor,
      guest,
      state: async () => (await found())?.state,
      held: async () => (await found())?.devices.map(({ address }) => address),
    };
  };
  return { aGuestHere, aRunningGuest };
}

/** Power, saved memory, definitions: with guests without host devices. */
export function describeHypervisor(name: string, suite: HypervisorSuite): void {
  const { make, timeoutMs } = suite;
  const { aGuestHere, aRunningGuest } = tools(suite);
  describe(`hypervisor contract: ${name}`, { timeout: timeoutMs ?? 5_000 }, () => {
    test('a guest is defined, started, stopped and undefined', async () => {
      const hypervisor = await make();
      const guest = await aGuestHere();
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

    test('every operation can be repeated', async () => {
      const hypervisor = await make();
      const guest = await aGuestHere();
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

    test('a guest that was never defined cannot start', async () => {
      const hypervisor = await make();
      await expect(hypervisor.start(other)).rejects.toMatchObject({ kind: 'notFound' });
    });

    test('the domain XML of a guest has its name; an unknown guest has none', async () => {
      const hypervisor = await make();
      const guest = await aGuestHere();
      await hypervisor.define(guest, {});
      expect(await hypervisor.domainXml(guest.id)).toContain('<name>instance-0000002a</name>');
      expect(await hypervisor.domainXml(other)).toBeUndefined();
    });

    test('a running guest is neither defined again nor undefined', async () => {
      const { hypervisor, guest, state } = await aRunningGuest();
      await hypervisor.define({ ...guest, nics: [aHostdevNic(vf0)] }, {});
      expect(await hypervisor.domainXml(guest.id)).not.toContain("slot='0x10'");
      await expect(hypervisor.undefine(guest.id)).rejects.toMatchObject({ kind: 'conflict' });
      expect(await state()).toBe('running');
    });

    test('a guest is paused, resumes, starts again, and is shut down', async () => {
      const { hypervisor, guest, state } = await aRunningGuest();
      await hypervisor.pause(guest.id);
      await hypervisor.pause(guest.id);
      expect(await state()).toBe('paused');
      await hypervisor.injectNmi(guest.id);
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
      const { hypervisor, guest } = await aRunningGuest();
      await hypervisor.destroy(guest.id);
      for (const act of ['pause', 'reboot', 'save', 'injectNmi'] as const) {
        await expect(hypervisor[act](guest.id)).rejects.toMatchObject({ kind: 'conflict' });
      }
    });

    test('a password is set only by the agent of a running guest', async () => {
      const { hypervisor, guest } = await aRunningGuest();
      const user = { name: 'root', password: 'secret' };
      const refused = hypervisor.setPassword(guest.id, user);
      await expect(refused).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.not.stringContaining(user.password),
      });
      await hypervisor.destroy(guest.id);
      await expect(hypervisor.setPassword(guest.id, user)).rejects.toMatchObject({
        kind: 'conflict',
      });
    });

    test('a running guest is counted: processors, memory, disks', async () => {
      const { hypervisor, guest } = await aRunningGuest();
      const { cpuNanoseconds, memory, disks, nics } = await hypervisor.counters(guest.id);
      expect(cpuNanoseconds).toEqual([expect.any(Number)]);
      expect(memory).toMatchObject({
        maximum: guest.memoryMib * 1024,
        current: guest.memoryMib * 1024,
      });
      expect(disks).toEqual([
        {
          name: 'vda',
          readBytes: expect.any(Number),
          readRequests: expect.any(Number),
          writeBytes: expect.any(Number),
          writeRequests: expect.any(Number),
          errors: null,
        },
      ]);
      expect(nics).toEqual([]);
      await hypervisor.pause(guest.id);
      await expect(hypervisor.counters(guest.id)).rejects.toMatchObject({ kind: 'conflict' });
      await hypervisor.destroy(guest.id);
      await expect(hypervisor.counters(guest.id)).rejects.toMatchObject({ kind: 'conflict' });
    });

    test('a guest is saved and resumes; its memory is dropped when its power is cut', async () => {
      const { hypervisor, guest, state } = await aRunningGuest();
      await hypervisor.save(guest.id);
      await hypervisor.save(guest.id);
      expect(await state()).toBe('saved');
      await hypervisor.restore(guest.id);
      await hypervisor.restore(guest.id);
      expect(await state()).toBe('running');
      await hypervisor.save(guest.id);
      await hypervisor.destroy(guest.id);
      expect(await state()).toBe('shutOff');
      await expect(hypervisor.restore(guest.id)).rejects.toMatchObject({ kind: 'conflict' });
    });

    test('a watcher is notified of a guest’s state changes', async () => {
      const hypervisor = await make();
      const guest = await aGuestHere();
      const reported: string[] = [];
      const stop = hypervisor.watch((change) => {
        if (change.what === 'guest' && change.guestId === guest.id) reported.push(change.state);
      });
      const isNotified = async (state: string) => {
        await expect.poll(() => reported.at(-1), { timeout: timeoutMs ?? 5_000 }).toBe(state);
      };
      await hypervisor.define(guest, {});
      await hypervisor.start(guest.id);
      await isNotified('running');
      await hypervisor.pause(guest.id);
      await isNotified('paused');
      await hypervisor.destroy(guest.id);
      await isNotified('shutOff');
      await hypervisor.undefine(guest.id);
      await isNotified('gone');
      stop();
    });

    test('the facts of the host are plausible', async () => {
      const facts = await (await make()).facts();
      expect(facts.vcpus).toBeGreaterThan(0);
      expect(facts.memoryMib).toBeGreaterThan(0);
      expect(facts.diskGib).toBeGreaterThan(0);
    });
  });
}

/** Guests with VFs. */
export function describeHypervisorDevices(name: string, suite: HypervisorSuite): void {
  const { make, timeoutMs, macvtapSource = 'enp1s0v1' } = suite;
  const { aGuestHere, aRunningGuest } = tools(suite);
  describe(`hypervisor contract, devices: ${name}`, { timeout: timeoutMs ?? 5_000 }, () => {
    test('a guest lists the devices that it holds, and how', async () => {
      const hypervisor = await make();
      const secondNic = { ...aMacvtapNic(vf1), portId: other, macAddress: 'fa:16:3e:5b:10:02' };
      const guest = await aGuestHere({ nics: [aHostdevNic(vf0), secondNic] });
      await hypervisor.define(guest, { [vf1]: macvtapSource });
      const [found] = await hypervisor.listGuests();
      expect(found?.devices.map(({ address, through }) => [address, through])).toEqual([
        [vf0, 'hostdev'],
        [vf1, 'macvtap'],
      ]);
    });

    test('a guest does not start while a running guest holds its device, and does once that has ended', async () => {
      const hypervisor = await make();
      const first = await aGuestHere({ nics: [aHostdevNic(vf0)] });
      const second = await aGuestHere({
        id: other,
        name: 'instance-0000002b',
        nics: [aHostdevNic(vf0)],
      });
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

    test('the domain XML of a guest names its device', async () => {
      const hypervisor = await make();
      const guest = await aGuestHere({ nics: [aHostdevNic(vf0)] });
      await hypervisor.define(guest, {});
      expect(await hypervisor.domainXml(guest.id)).toContain("slot='0x10' function='0x0'");
    });

    test('a guest with a device cannot be saved; once the device is detached it can, and resumes with it', async () => {
      const nic = aHostdevNic(vf0);
      const { hypervisor, guest, state, held } = await aRunningGuest(nic);
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

    test('a NIC is attached to a running guest and detached, in its definition too', async () => {
      const nic = aHostdevNic(vf0);
      const { hypervisor, guest, held } = await aRunningGuest();
      const isDefined = async () =>
        (await hypervisor.domainXml(guest.id))?.includes("slot='0x10' function='0x0'");
      await hypervisor.attachNic(guest.id, nic, {});
      await hypervisor.attachNic(guest.id, nic, {});
      expect([await held(), await isDefined()]).toEqual([[vf0], true]);
      await hypervisor.detachNic(guest.id, nic);
      await hypervisor.detachNic(guest.id, nic);
      expect([await held(), await isDefined()]).toEqual([[], false]);
    });

    test('a NIC with a standby is attached and detached with it, and holds one device', async () => {
      const nic = aFailoverNic(vf0);
      const { hypervisor, guest, state, held } = await aRunningGuest();
      const teamed = async () =>
        (await hypervisor.domainXml(guest.id))?.match(/<teaming type='\w+'/g)?.length ?? 0;
      await hypervisor.attachNic(guest.id, nic, {});
      await hypervisor.attachNic(guest.id, nic, {});
      expect([await held(), await teamed()]).toEqual([[vf0], 2]);
      // The standby stays while the guest's memory is saved.
      await hypervisor.detachNic(guest.id, nic, { keep: true });
      expect([await held(), await teamed()]).toEqual([[], 2]);
      await hypervisor.save(guest.id);
      await hypervisor.restore(guest.id);
      expect(await state()).toBe('running');
      await hypervisor.attachNic(guest.id, nic, {});
      expect([await held(), await teamed()]).toEqual([[vf0], 2]);
      await hypervisor.detachNic(guest.id, nic);
      await hypervisor.detachNic(guest.id, nic);
      expect([await held(), await teamed()]).toEqual([[], 0]);
    });

    test('a NIC attached to a stopped guest is there when it starts', async () => {
      const { hypervisor, guest, held } = await aRunningGuest();
      await hypervisor.destroy(guest.id);
      await hypervisor.attachNic(guest.id, aMacvtapNic(vf1), { [vf1]: macvtapSource });
      await hypervisor.start(guest.id);
      expect(await held()).toEqual([vf1]);
      expect(await hypervisor.domainXml(guest.id)).toContain(macvtapSource);
    });

    test('a device of a running guest is attached to no other', async () => {
      const { hypervisor } = await aRunningGuest(aHostdevNic(vf0));
      const second = await aGuestHere({ id: other, name: 'instance-0000002b' });
      await hypervisor.define(second, {});
      await hypervisor.start(second.id);
      await expect(hypervisor.attachNic(second.id, aHostdevNic(vf0), {})).rejects.toMatchObject({
        kind: 'conflict',
      });
    });

    test('detaching a NIC from an undefined guest is no error; attaching one is', async () => {
      const hypervisor = await make();
      await hypervisor.detachNic(other, aHostdevNic(vf0));
      await expect(hypervisor.attachNic(other, aHostdevNic(vf0), {})).rejects.toMatchObject({
        kind: 'notFound',
      });
    });
  });
}
