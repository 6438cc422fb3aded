import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { heldByNic, heldHostDevice } from '#core/guests/description/held-device.ts';
import { noMac } from '#core/pci/vf/vf-settings.ts';
import { aHostdevNic, aMacvtapNic, pf0, vf0, vf1 } from '#test/hosts/guests.ts';
import { anIgbHost } from '#test/hosts/host-parts.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostParts } from '../host-parts.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-care-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

const guestMac = 'fa:16:3e:5b:10:01';
const direct = heldByNic(aHostdevNic(vf0))!;
const macvtap = heldByNic(aMacvtapNic(vf0))!;

/** A host whose VF 0 a guest had under a macvtap, and the VF's state before. */
async function afterMacvtap() {
  const host = anIgbHost(folder);
  const { pciBus } = host.options;
  const before = await pciBus.vfState(vf0);
  await host.parts.devices.record(macvtap, 'g', guestMac);
  await pciBus.applyVfStep({
    do: 'set-vf',
    address: vf0,
    change: { macAddress: guestMac, vlan: 42 },
  });
  await pciBus.applyVfStep({ do: 'set-vf-link', address: vf0, macAddress: guestMac, up: true });
  return { ...host, pciBus, before };
}

test('a VF under a macvtap gets its own MAC back, and no administrative MAC', async () => {
  const { parts, pciBus, before, kernel, options } = await afterMacvtap();
  await parts.devices.restore(macvtap, 'g');
  expect(await pciBus.vfState(vf0)).toEqual(before);
  expect(kernel.listed(vf0).isMacFixed).toBe(false);
  expect(await options.memory.keys('devices')).toEqual([]);
});

test('a VF that libvirt returns with an administrative MAC loses it, and its PF shows its own MAC again', async () => {
  const { parts, kernel, options } = anIgbHost(folder);
  const before = await options.pciBus.vfState(vf0);
  await parts.devices.record(direct, 'g', guestMac);
  kernel.giveAway(vf0);
  kernel.giveBack(vf0, before.own?.macAddress ?? '');
  expect(kernel.listed(vf0).isMacFixed).toBe(true);
  await parts.devices.restore(direct, 'g');
  expect(await options.pciBus.vfState(vf0)).toEqual(before);
  expect(kernel.listed(vf0).isMacFixed).toBe(false);
});

test('a MAC and VLAN that an administrator had set are restored', async () => {
  const { parts, kernel, options } = anIgbHost(folder);
  const { pciBus } = options;
  const change = { macAddress: '52:54:00:6d:90:21', vlan: 7, qos: 3, trust: true };
  await pciBus.applyVfStep({ do: 'set-vf', address: vf0, change });
  const { settings } = await pciBus.vfState(vf0);
  await parts.devices.record(direct, 'g', guestMac);
  await pciBus.applyVfStep({
    do: 'set-vf',
    address: vf0,
    change: { macAddress: guestMac, vlan: 42 },
  });
  await parts.devices.restore(direct, 'g');
  expect((await pciBus.vfState(vf0)).settings).toEqual(settings);
  expect(kernel.listed(vf0).isMacFixed).toBe(true);
});

test('a driver that was not rebound is bound again', async () => {
  const { parts, kernel, options } = anIgbHost(folder);
  await parts.devices.record(direct, 'g', guestMac);
  kernel.giveAway(vf0);
  expect(await options.pciBus.driverOf(vf0)).toBe('vfio-pci');
  await parts.devices.restore(direct, 'g');
  expect(await options.pciBus.driverOf(vf0)).toBe('igbvf');
  expect(await parts.devices.problemOf(vf0)).toBeUndefined();
});

test('the record kept for a guest stays unchanged when the guest gets the device again', async () => {
  const { parts, pciBus, before } = await afterMacvtap();
  await parts.devices.record(macvtap, 'g', guestMac);
  await parts.devices.restore(macvtap, 'g');
  expect(await pciBus.vfState(vf0)).toEqual(before);
});

test('the settings of an earlier guest are removed before the VF is recorded for the next', async () => {
  const { parts, pciBus, before } = await afterMacvtap();
  await parts.devices.record(direct, 'next', 'fa:16:3e:5b:10:02');
  expect(await pciBus.vfState(vf0)).toEqual(before);
  await parts.devices.restore(macvtap, 'g');
  expect(await pciBus.vfState(vf0)).toEqual(before);
});

test('a VF that cannot be cleaned is quarantined with the reason, also after an agent restart, until it is clean', async () => {
  const { parts, kernel, options, pciBus, before } = await afterMacvtap();
  let reported = 0;
  parts.devices.onChange(() => {
    reported += 1;
  });
  kernel.refusals.set('vf 0 vlan 0', 'RTNETLINK answers: Device or resource busy');
  await parts.devices.restore(macvtap, 'g');
  const reason = /^VF 0000:01:10.0: no VLAN: refused by .* Device or resource busy$/;
  expect(await parts.devices.problemOf(vf0)).toMatch(reason);
  expect(reported).toBe(1);

  const next = hostParts(options).devices;
  await expect(next.record(direct, 'next', null)).rejects.toThrow('Device or resource busy');
  const { functions } = await pciBus.listFunctions();
  const shown = await next.annotate(functions);
  expect(shown.filter(({ quarantine }) => quarantine !== undefined)).toMatchObject([
    { address: vf0, quarantine: expect.stringMatching(reason) },
  ]);
  await next.cleanUp(async () => []);
  expect(await next.problemOf(vf0)).toMatch(reason);

  kernel.refusals.clear();
  await next.cleanUp(async () => []);
  expect(await next.problemOf(vf0)).toBeUndefined();
  expect(await pciBus.vfState(vf0)).toEqual(before);
});

test('a VF that reads back with the guest’s settings is quarantined, though no call failed', async () => {
  const { parts, pciBus } = await afterMacvtap();
  // The kernel reports success and does nothing.
  pciBus.applyVfStep = async () => undefined;
  await parts.devices.restore(macvtap, 'g');
  expect(await parts.devices.problemOf(vf0)).toMatch(/^restore failed: .*VLAN is 42, was 0/);
});

test('guests that no longer exist leave clean devices; stopped guests keep theirs', async () => {
  const { parts, pciBus, before } = await afterMacvtap();
  await parts.devices.record(heldHostDevice({ address: vf1 }), 'other', null);
  await parts.devices.cleanUp(async () => [{ id: 'g' }, { id: 'other' }]);
  expect((await pciBus.vfState(vf0)).settings.vlan).toBe(42);
  await parts.devices.cleanUp(async () => [{ id: 'other' }]);
  expect(await pciBus.vfState(vf0)).toEqual(before);
});

test('nothing is cleaned while the list of guests is unknown', async () => {
  const { parts, pciBus } = await afterMacvtap();
  const silent = async (): Promise<never> => {
    throw new Error('connection refused');
  };
  await expect(parts.devices.cleanUp(silent)).rejects.toThrow('connection refused');
  expect((await pciBus.vfState(vf0)).settings.vlan).toBe(42);
});

test('a PF gets its VFs back, and is found by its name while a guest has it', async () => {
  const { parts, kernel, options } = anIgbHost(folder);
  const { pciBus } = options;
  const pf = heldHostDevice({ address: pf0 });
  await parts.devices.record(pf, 'g', null);
  await pciBus.setVfCount(pf0, 0);
  const net = join(kernel.root, 'bus/pci/devices', pf0, 'net');
  renameSync(net, `${net}-away`);
  const { functions } = await pciBus.listFunctions();
  expect(
    (await parts.devices.annotate(functions)).find(({ address }) => address === pf0),
  ).toMatchObject({ ifname: 'enp1s0', macAddress: '52:54:00:aa:00:01' });
  await parts.devices.restore(pf, 'g');
  expect(await parts.devices.problemOf(pf0)).toMatch(/has made no network interface within/);
  renameSync(`${net}-away`, net);
  await pciBus.setInterface(pf0, { up: false });
  await parts.devices.cleanUp(async () => []);
  expect((await pciBus.vfCount(pf0)).now).toBe(4);
  expect(await pciBus.isUp(pf0)).toBe(true);
  expect(await parts.devices.problemOf(pf0)).toBeUndefined();
});

test('a PF that was down is down again afterwards', async () => {
  const { parts, options } = anIgbHost(folder);
  const { pciBus } = options;
  await pciBus.setInterface(pf0, { up: false });
  await parts.devices.record(heldHostDevice({ address: pf0 }), 'g', null);
  await parts.devices.restore(heldHostDevice({ address: pf0 }), 'g');
  expect(await pciBus.isUp(pf0)).toBe(false);
  expect(await parts.devices.problemOf(pf0)).toBeUndefined();
});

test('a PF that returns keeps VFs that the host has made and uses: it is quarantined with the use', async () => {
  const { parts, kernel, options } = anIgbHost(folder);
  const { pciBus } = options;
  const pf = heldHostDevice({ address: pf0 });
  await parts.devices.record(pf, 'g', null);
  await pciBus.setVfCount(pf0, 2);
  const bonded = { ifname: 'enp1s0v0', master: 'bond0', linkinfo: { info_slave_kind: 'bond' } };
  kernel.answers.set('-details address show', [bonded]);
  await parts.devices.restore(pf, 'g');
  expect((await pciBus.vfCount(pf0)).now).toBe(2);
  expect(await parts.devices.problemOf(pf0)).toMatch(
    /^it has 2 VFs, had 4; this host uses 0000:01:10.0: its interface enp1s0v0 is a port of bond bond0/,
  );
  kernel.answers.clear();
  await parts.devices.cleanUp(async () => []);
  expect((await pciBus.vfCount(pf0)).now).toBe(4);
  expect(await parts.devices.problemOf(pf0)).toBeUndefined();
});

test('a function that no longer exists leaves nothing to clean', async () => {
  const { parts, options } = anIgbHost(folder);
  await parts.devices.record(direct, 'g', guestMac);
  await options.pciBus.setVfCount(pf0, 0);
  await parts.devices.restore(direct, 'g');
  expect(await options.memory.keys('devices')).toEqual([]);
});

/** As after an operator has set another MAC on the PF, or another card has taken its address. */
function pfShows(root: string, macAddress: string): void {
  writeFileSync(join(root, 'bus/pci/devices', pf0, 'net/enp1s0/address'), `${macAddress}\n`);
}

test('a VF that still has the guest’s MAC is cleaned although its PF’s MAC has changed', async () => {
  const { parts, pciBus, before, kernel, options } = await afterMacvtap();
  pfShows(kernel.root, '02:00:00:00:77:77');
  await parts.devices.restore(macvtap, 'g');
  expect(await pciBus.vfState(vf0)).toEqual(before);
  expect(await options.memory.keys('devices')).toEqual([]);
});

test('another card at the address is left unchanged, as it had no guest', async () => {
  const { parts, kernel, options } = anIgbHost(folder);
  await parts.devices.record(macvtap, 'g', guestMac);
  pfShows(kernel.root, '02:00:00:00:77:77');
  const mine = { macAddress: '02:00:00:00:00:99', vlan: 7 };
  await options.pciBus.applyVfStep({ do: 'set-vf', address: vf0, change: mine });
  await parts.devices.restore(macvtap, 'g');
  expect((await options.pciBus.vfState(vf0)).settings).toMatchObject(mine);
  expect(await options.memory.keys('devices')).toEqual([]);
});

test('a VF that was handed over before records existed is reset', async () => {
  const { parts, options } = anIgbHost(folder);
  const { pciBus } = options;
  await pciBus.applyVfStep({
    do: 'set-vf',
    address: vf0,
    change: { macAddress: guestMac, vlan: 42 },
  });
  await parts.devices.restore(macvtap, 'g');
  expect((await pciBus.vfState(vf0)).settings).toMatchObject({ macAddress: noMac, vlan: 0 });
});

test('a VF that is returned twice keeps its own MAC: the second time there is no record', async () => {
  const { parts, options } = anIgbHost(folder);
  const { pciBus } = options;
  const before = await pciBus.vfState(vf0);
  await parts.devices.record(macvtap, 'g', guestMac);
  await parts.devices.restore(macvtap, 'g');
  await parts.devices.restore(macvtap, 'g');
  expect(await pciBus.vfState(vf0)).toEqual(before);
});
