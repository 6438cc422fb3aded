/** VFs of drivers with special rules return from a guest clean, too. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { handOverSteps } from '#core/guests/plan/hand-over-steps.ts';
import { heldByNic } from '#core/guests/description/held-device.ts';
import { noMac } from '#core/pci/vf/vf-settings.ts';
import { aHostdevNic, aMacvtapNic, vf0 } from '#test/hosts/guests.ts';
import { anIgbHost } from '#test/hosts/host-parts.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { executeStep } from './commands/execute-step.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-odd-drivers-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const nic = aHostdevNic(vf0);
const guestMac = nic.macAddress;
const direct = heldByNic(nic)!;
const invalid = 'RTNETLINK answers: Invalid argument';

/** The guest has had the VF, and libvirt has left the guest's MAC on it. */
async function afterGuest(host: ReturnType<typeof anIgbHost>) {
  const { parts, kernel } = host;
  await parts.devices.record(direct, 'g', guestMac);
  kernel.giveAway(vf0);
  kernel.giveBack(vf0, guestMac);
}

test('a driver that refuses a zero MAC gets the VF’s own MAC back, for this guest and the next', async () => {
  const host = anIgbHost(folder);
  const { parts, kernel, options } = host;
  const { own } = await options.pciBus.vfState(vf0);
  kernel.refusals.set(`mac ${noMac}`, invalid);
  for (const guest of ['first', 'second']) {
    await parts.devices.record(direct, guest, guestMac);
    kernel.giveAway(vf0);
    kernel.giveBack(vf0, guestMac);
    await parts.devices.restore(direct, guest);
    expect(await parts.devices.problemOf(vf0)).toBeUndefined();
    expect(kernel.listed(vf0).mac).toBe(own?.macAddress);
  }
});

test('a VF without an interface gets an unused MAC where a zero MAC is refused', async () => {
  const { parts, kernel, options } = anIgbHost(folder);
  kernel.giveAway(vf0);
  await parts.devices.record(direct, 'g', guestMac);
  Object.assign(kernel.listed(vf0), { mac: guestMac, isMacFixed: true });
  kernel.refusals.set(`mac ${noMac}`, invalid);
  await parts.devices.restore(direct, 'g');
  expect(await parts.devices.problemOf(vf0)).toBeUndefined();
  const { settings } = await options.pciBus.vfState(vf0);
  expect(settings.macAddress).toMatch(/^[0-9a-f][26ae]:/);
  expect(settings.macAddress).not.toBe(guestMac);
});

test('a VF under a macvtap is restored where a zero MAC is refused', async () => {
  const { parts, kernel, options } = anIgbHost(folder);
  const macvtap = heldByNic(aMacvtapNic(vf0))!;
  const { own } = await options.pciBus.vfState(vf0);
  kernel.refusals.set(`mac ${noMac}`, invalid);
  for (const step of handOverSteps('g', aMacvtapNic(vf0))) await executeStep(parts, step);
  await parts.devices.restore(macvtap, 'g');
  expect(await parts.devices.problemOf(vf0)).toBeUndefined();
  expect(kernel.listed(vf0)).toMatchObject({ mac: own?.macAddress, vlan: 0 });
});

/** Like mlx4: a spoof check needs a MAC. */
function likeMlx4({ kernel }: ReturnType<typeof anIgbHost>): void {
  Object.assign(kernel.listed(vf0), { mac: noMac, spoofchk: false });
  kernel.rule = (vf, expected) => {
    if (expected === `mac ${noMac}` && vf.spoofchk) return invalid;
    return expected === 'spoofchk on' && vf.mac === noMac ? invalid : undefined;
  };
}

test('where a spoof check needs a MAC, the MAC is set before it and cleared after it', async () => {
  const host = anIgbHost(folder);
  likeMlx4(host);
  const { parts, kernel } = host;
  const checked = { ...nic, vf: { spoofCheck: true } };
  for (const step of handOverSteps('g', checked)) await executeStep(parts, step);
  expect(kernel.listed(vf0)).toMatchObject({ mac: guestMac, spoofchk: true });
  await parts.devices.restore(direct, 'g');
  expect(await parts.devices.problemOf(vf0)).toBeUndefined();
  expect(kernel.listed(vf0).spoofchk).toBe(false);
});

test('one refused setting does not stop the others', async () => {
  const host = anIgbHost(folder);
  const { parts, kernel } = host;
  await parts.devices.record(direct, 'g', guestMac);
  Object.assign(kernel.listed(vf0), { trust: true, vlan: 42, max_tx: 100 });
  kernel.refusals.set('trust off', invalid);
  await parts.devices.restore(direct, 'g');
  expect(await parts.devices.problemOf(vf0)).toContain('trust off');
  expect(kernel.listed(vf0)).toMatchObject({ vlan: 0, max_tx: 0, trust: true });
  kernel.refusals.clear();
  await parts.devices.cleanUp(async () => []);
  expect(await parts.devices.problemOf(vf0)).toBeUndefined();
});

test('a VF is clean only once its interface is back', async () => {
  const host = anIgbHost(folder);
  const { parts, options } = host;
  await options.pciBus.setInterface(vf0, { up: true });
  await afterGuest(host);
  const missing = vi.spyOn(options.pciBus, 'ifnameOf').mockResolvedValue(null);
  await parts.devices.restore(direct, 'g');
  expect(await parts.devices.problemOf(vf0)).toMatch(/has made no network interface within/);
  missing.mockRestore();
  await parts.devices.cleanUp(async () => []);
  expect(await parts.devices.problemOf(vf0)).toBeUndefined();
  expect((await options.pciBus.vfState(vf0)).own?.isUp).toBe(true);
});
