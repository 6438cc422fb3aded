import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostCommandBody } from '#contracts/host/host-link.ts';
import { ComputeError } from '#core/errors.ts';
import type { SendTo } from '#contracts/host/guest-transfer.ts';
import type { Guest, GuestNic } from '#core/guests/description/guest.ts';
import type { SimulatedGuestFiles } from '#integrations/simulated/guest-files.ts';
import { SimulatedTransfer } from '#integrations/simulated/guest-transfer.ts';
import { HostFaults } from '#integrations/simulated/host-faults.ts';
import {
  aBridgeNic,
  aFailoverNic,
  aGuest,
  aHostdevNic,
  aMacvtapNic,
  pf0,
  vf0,
  vf1,
} from '#test/hosts/guests.ts';
import { anIgbHost } from '#test/hosts/host-parts.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executeCommand } from './execute-command.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-command-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

const wired = {
  ...aBridgeNic(),
  portId: 'wired',
  wiring: { physicalNetwork: 'physnet1', vlan: 42 },
} as GuestNic;
const macvtap = { ...aMacvtapNic(vf1), portId: 'macvtap', vf: { spoofCheck: false } } as GuestNic;
const guest = aGuest({ nics: [aHostdevNic(vf0), macvtap, wired] });

/** Also with a standby. */
const failing = aGuest({ nics: [aFailoverNic(vf0)] });

/** The host, and all that a guest could leave on it. */
function begin() {
  const host = anIgbHost(folder);
  const { pciBus, memory } = host.options;
  const left = async () => ({
    vfs: [await pciBus.vfState(vf0), await pciBus.vfState(vf1)],
    guests: await host.hypervisor.listGuests(),
    bridges: host.bridges.names,
    records: [...(await memory.keys('devices')), ...(await memory.keys('bridges'))],
  });
  return { ...host, pciBus, left };
}

test('a guest’s VF has the settings of its port while it runs, and the host is restored afterwards', async () => {
  const { parts, left, pciBus, bridges } = begin();
  const before = await left();
  expect(await executeCommand(parts, { do: 'spawn', guest })).toMatchObject({ ok: true });
  expect(await pciBus.vfState(vf1)).toMatchObject({
    settings: { macAddress: macvtap.macAddress, vlan: 42, spoofCheck: false },
    own: { macAddress: macvtap.macAddress, isUp: true },
  });
  expect(bridges.names).toEqual(['brqb2a7e0c4-55']);
  expect(await executeCommand(parts, { do: 'destroy', guestId: guest.id })).toMatchObject({
    ok: true,
  });
  expect(await left()).toEqual(before);
});

test('the VF of a running guest is configured again; that of a stopped one waits for its start', async () => {
  const { parts, pciBus, left } = begin();
  const before = await left();
  const change = async (nic: GuestNic, spoofCheck: boolean) => {
    const changed = { ...nic, vf: { spoofCheck } } as GuestNic;
    const body = { do: 'change-nic', guestId: guest.id, nic: changed } as const;
    expect(await executeCommand(parts, body)).toMatchObject({ ok: true });
  };
  const spoofChecks = async () =>
    Promise.all(
      [vf0, vf1].map(async (address) => (await pciBus.vfState(address)).settings.spoofCheck),
    );
  await change(macvtap, true);
  expect(await left()).toEqual(before);
  await executeCommand(parts, { do: 'spawn', guest });
  expect(await spoofChecks()).toEqual([true, false]);
  await change(macvtap, true);
  await change(aHostdevNic(vf0), false);
  await change(wired, false);
  expect(await spoofChecks()).toEqual([false, true]);
  await executeCommand(parts, { do: 'destroy', guestId: guest.id });
  expect(await left()).toEqual(before);
});

describe('a spawn that fails restores the host', () => {
  const faults: { name: string; words: RegExp; make: (host: ReturnType<typeof begin>) => void }[] =
    [
      {
        name: 'at the start of the guest',
        words: /^no space left$/,
        make: ({ hypervisor }) => {
          hypervisor.start = async () => {
            throw new ComputeError('unavailable', 'no space left');
          };
        },
      },
      {
        name: 'at a bridge',
        words: /^no such wire$/,
        make: ({ bridges }) => {
          bridges.ensureBridge = async () => {
            throw new ComputeError('unavailable', 'no such wire');
          };
        },
      },
      {
        name: 'midway through the settings of a VF',
        words: /^VF 0000:01:10.2: spoof check off: refused by/,
        make: ({ kernel }) => kernel.refusals.set('vf 1 spoofchk off', 'RTNETLINK answers: Busy'),
      },
      {
        name: 'before any change, because the host uses the device',
        words: /its interface enp1s0v1 has the address 10\.0\.0\.5\/24 of this host/,
        make: ({ kernel }) =>
          kernel.answers.set('-details address show', [
            {
              ifname: 'enp1s0v1',
              addr_info: [{ local: '10.0.0.5', prefixlen: 24, scope: 'global' }],
            },
          ]),
      },
      {
        name: 'before any change, because the PF is down',
        words: /^PF enp1s0 is down, its VF 0000:01:10.0 .*; PF enp1s0 is down, its VF 0000:01:10.2/,
        make: ({ pciBus }) => void pciBus.setInterface(pf0, { up: false }),
      },
    ];
  test.each(faults)('$name', async ({ words, make }) => {
    const host = begin();
    const before = await host.left();
    make(host);
    const result = await executeCommand(host.parts, { do: 'spawn', guest });
    expect(result).toMatchObject({
      ok: false,
      message: expect.stringMatching(words),
      undone: true,
    });
    expect(await host.left()).toEqual(before);
  });
});

test('a spawn that an earlier agent may have begun is not reported as undone while libvirt is away', async () => {
  const { parts, hypervisor } = begin();
  await parts.guestFiles.prepare(guest, { fresh: false });
  hypervisor.listGuests = () => Promise.reject(new ComputeError('unavailable', 'no libvirt'));
  const result = await executeCommand(parts, { do: 'spawn', guest });
  expect([result.ok, 'undone' in result]).toEqual([false, false]);
});

test('a setting that the NIC does not have is refused for its port before any change', async () => {
  const { parts, left, kernel } = begin();
  const before = await left();
  const nic = { ...macvtap, vf: { linkState: 'disable' } } as GuestNic;
  const result = await executeCommand(parts, { do: 'spawn', guest: aGuest({ nics: [nic] }) });
  expect(result).toMatchObject({
    ok: false,
    message:
      'port macvtap asks for link state disable, but the NIC of PCI device 0000:01:10.2 has no such setting: change the port, or use another NIC',
  });
  expect(await left()).toEqual(before);
  expect(kernel.commands.filter((command) => / (mac|vlan|address) /.test(command))).toEqual([
    expect.stringContaining('address show'),
  ]);
});

test('a guest that was defined before a spawn stays defined when the spawn fails', async () => {
  const { parts, hypervisor } = begin();
  await hypervisor.define(guest, { [vf1]: 'enp1s0v1' });
  hypervisor.start = async () => {
    throw new Error('no space left');
  };
  await executeCommand(parts, { do: 'spawn', guest });
  expect(await hypervisor.listGuests()).toMatchObject([{ id: guest.id, state: 'shutOff' }]);
});

const rescued = {
  ...guest,
  rescue: {
    imageId: 'rescue',
    kernel: null,
    hardware: { machine: 'q35', diskBus: 'virtio' },
  },
} as const;

test('a rescued guest has its devices, and is started again from its own disk', async () => {
  const { parts, left } = begin();
  await executeCommand(parts, { do: 'spawn', guest });
  const before = await left();
  const result = await executeCommand(parts, { do: 'rescue', guest: rescued });
  expect(result).toMatchObject({
    ok: true,
    domainXml: expect.stringContaining('disk.rescue') as string,
  });
  expect(await left()).toEqual(before);
  const back = await executeCommand(parts, { do: 'respawn', guest });
  expect(back).toMatchObject({ domainXml: expect.not.stringContaining('rescue') as string });
  expect(await left()).toEqual(before);
});

test.each([
  { name: 'its image is gone', imageId: 'gone', fails: 0, undone: true, state: 'running' },
  { name: 'it does not start', imageId: 'rescue', fails: 1, undone: true, state: 'running' },
  { name: 'it was off', imageId: 'rescue', fails: 1, undone: true, state: 'shutOff', off: true },
  { name: 'nothing starts', imageId: 'rescue', fails: 2, undone: undefined, state: 'shutOff' },
])('a rescue that fails leaves the guest as it was: $name', async (row) => {
  const { parts, hypervisor } = begin();
  await executeCommand(parts, { do: 'spawn', guest });
  if (row.off === true) await executeCommand(parts, { do: 'stop', guestId: guest.id });
  const start = hypervisor.start.bind(hypervisor);
  let failures = row.fails;
  hypervisor.start = async (id) => {
    failures -= 1;
    if (failures >= 0) throw new ComputeError('unavailable', 'no space left');
    await start(id);
  };
  const { rescue } = rescued;
  const failed = await executeCommand(parts, {
    do: 'rescue',
    guest: { ...guest, rescue: { ...rescue, imageId: row.imageId } },
    ...(row.off === true && { staysOff: true }),
  });
  expect(failed).toMatchObject({ ok: false });
  expect(!failed.ok && failed.undone).toBe(row.undone);
  expect(await hypervisor.listGuests()).toMatchObject([{ state: row.state }]);
  if (row.undone) expect(await hypervisor.domainXml(guest.id)).not.toContain('rescue');
});

test.each([
  { name: 'copied', fails: 'copyDisk' },
  { name: 'uploaded', fails: 'uploadCopy' },
] as const)('a guest whose disk cannot be $name runs on, without a copy', async ({ fails }) => {
  const { parts, hypervisor } = begin();
  await executeCommand(parts, { do: 'spawn', guest });
  const dropped: string[] = [];
  parts.guestFiles.dropCopy = async (_guestId, imageId) => void dropped.push(imageId);
  parts.guestFiles[fails] = async () => {
    throw new ComputeError('unavailable', 'no space left');
  };
  const body = { do: 'snapshot', guestId: guest.id, imageId: 'i1', runs: true } as const;
  expect(await executeCommand(parts, body)).toMatchObject({ ok: false, message: 'no space left' });
  expect(await hypervisor.listGuests()).toMatchObject([{ state: 'running' }]);
  expect(dropped).toEqual(['i1']);
});

test('an attach that fails restores guest, VF and bridge', async () => {
  const { parts, left, hypervisor } = begin();
  const small = aGuest();
  await executeCommand(parts, { do: 'spawn', guest: small });
  const before = await left();
  hypervisor.attachNic = async () => {
    throw new Error('No more available PCI slots');
  };
  for (const nic of [macvtap, wired]) {
    const body: HostCommandBody = { do: 'attach', guest: { ...small, nics: [nic] }, nic };
    expect(await executeCommand(parts, body)).toMatchObject({
      ok: false,
      message: 'No more available PCI slots',
    });
    expect(await left()).toEqual(before);
  }
});

test('a repeated attach does not disturb the NIC that exists', async () => {
  const { parts, left } = begin();
  const small = aGuest();
  await executeCommand(parts, { do: 'spawn', guest: small });
  const body: HostCommandBody = {
    do: 'attach',
    guest: { ...small, nics: [macvtap] },
    nic: macvtap,
  };
  expect(await executeCommand(parts, body)).toMatchObject({ ok: true });
  const attached = await left();
  expect(await executeCommand(parts, body)).toMatchObject({ ok: true });
  expect(await left()).toEqual(attached);
});

test('a VF in quarantine is refused with the reason', async () => {
  const { parts, kernel } = begin();
  await executeCommand(parts, { do: 'spawn', guest });
  kernel.refusals.set('vf 1 vlan 0', 'RTNETLINK answers: Busy');
  expect(await executeCommand(parts, { do: 'destroy', guestId: guest.id })).toMatchObject({
    ok: true,
  });
  const next = aGuest({ id: 'ffffffff-1111-4222-8333-444455556666', nics: [macvtap] });
  expect(await executeCommand(parts, { do: 'spawn', guest: next })).toMatchObject({
    ok: false,
    message: expect.stringMatching(
      /^PCI device 0000:01:10.2 is quarantined: VF 0000:01:10.2: no VLAN/,
    ),
  });
});

describe('a guest with a standby is sent as it is', () => {
  const onItsWay = async (arrives: boolean) => {
    const host = begin();
    const before = await host.left();
    const { hypervisor, parts, bridges } = host;
    await executeCommand(parts, { do: 'spawn', guest: failing });
    const seen: string[][] = [];
    parts.transfer = Object.assign(transferOf(host), {
      send: async (_guest: Guest, { onStandby }: SendTo) => {
        seen.push(bridges.uplinks);
        onStandby?.();
        await expect.poll(() => bridges.uplinks).toHaveLength(1);
        if (!arrives) throw new ComputeError('unavailable', 'the other host is gone');
        await hypervisor.destroy(failing.id);
      },
    });
    const body = { do: 'move-out', guest: failing, to: 'host-2', arrival: 'there' } as const;
    const result = await executeCommand(parts, body);
    expect(seen).toEqual([[]]);
    expect(bridges.uplinks).toEqual([]);
    expect(await host.options.memory.keys('uplinks')).toEqual([]);
    return { ...host, before, result };
  };

  test('its uplink is open on the way, and the host is as before', async () => {
    const { result, left, before } = await onItsWay(true);
    expect(result.steps.map(({ step }) => step)).toEqual([
      ...[
        'connect-hosts',
        'send-guest',
        'restore-device',
        'release-bridge',
        'remove-tap',
        'undefine',
      ],
    ]);
    let end = 0;
    for (const { after = -1, milliseconds } of result.steps) {
      expect(after).toBeGreaterThanOrEqual(end);
      // Sums of fractions are not exact.
      end = after + milliseconds - 0.001;
    }
    expect(await left()).toEqual(before);
  });

  test('one that stays has its VF and its bridge, and no open uplink', async () => {
    const { result, left } = await onItsWay(false);
    expect(result).toMatchObject({ ok: false, undone: true });
    const { guests, bridges } = await left();
    expect(guests).toMatchObject([{ state: 'running', devices: [{ address: vf0 }] }]);
    expect(bridges).toEqual(['brqb2a7e0c4-55']);
  });
});

test('a guest’s transfers end on request, or those of all guests with one host', async () => {
  const host = begin();
  const { parts } = host;
  const ended: string[] = [];
  parts.transfer = Object.assign(transferOf(host), {
    end: async (guestId: string) => void ended.push(`of ${guestId}`),
    endWith: async (host: string) => void ended.push(`with ${host}`),
  });
  const body = { do: 'end-transfer', guestId: 'guest-1' } as const;
  expect(await executeCommand(parts, body)).toMatchObject({ ok: true });
  expect(await executeCommand(parts, { ...body, peer: 'host-2' })).toMatchObject({ ok: true });
  expect(ended).toEqual(['of guest-1', 'with host-2']);
});

function transferOf({ parts, hypervisor }: ReturnType<typeof begin>): SimulatedTransfer {
  const files = parts.guestFiles as SimulatedGuestFiles;
  return new SimulatedTransfer(files, hypervisor, new HostFaults());
}
